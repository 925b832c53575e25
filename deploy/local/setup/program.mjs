/** Runs other programs for set-up, their output in the log file. */
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { log, logDescriptor } from "./console.mjs";

/** Programs that run now: a signal to set-up is handed on to them. */
const running = new Set();

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exitCode = signal === "SIGINT" ? 130 : 143;
    process.exit();
  });
}

/**
 * Runs a program to its end; it has no standard input.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options] past `timeoutMs` it is ended
 * @returns {Promise<boolean>} whether it ended with exit code 0
 */
export async function run(command, args, options = {}) {
  const descriptor = logDescriptor();
  log(`$ ${command} ${args.join(" ")}`);
  const { code, reason } = await finish(command, args, options, ["ignore", descriptor, descriptor]);
  if (code !== 0) log(`(${reason})`);
  return code === 0;
}

/**
 * Runs a program and returns what it wrote, both streams together; nothing of it is logged.
 * @returns {Promise<{ ok: boolean, text: string }>}
 */
export async function ask(command, args, options = {}) {
  let text = "";
  const { code } = await finish(command, args, options, ["ignore", "pipe", "pipe"], (chunk) => {
    text += chunk;
  });
  return { ok: code === 0, text };
}

function finish(command, args, { cwd, env, timeoutMs }, stdio, onText) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    running.add(child);
    child.stdout?.setEncoding("utf8").on("data", onText);
    child.stderr?.setEncoding("utf8").on("data", onText);
    child.once("error", (error) => {
      running.delete(child);
      resolve({ code: -1, reason: error.message });
    });
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? -1, reason: signal === null ? `exit code ${code}` : `ended by ${signal}` });
    });
  });
}

/** Whether PATH has an executable file of this name. */
export function isInstalled(command) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .some((folder) => folder !== "" && isExecutable(join(folder, command)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
