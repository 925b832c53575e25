/** A virtual environment with the libraries that predictions are compared with, made once under .local/. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../../../..");
const SOURCES = join(ROOT, "test/parity/sklearn");
const ENVIRONMENT = join(ROOT, ".local/sklearn");
const PYTHON = join(ENVIRONMENT, "bin/python");
const VERSIONS = { sklearn: "1.9.1", numpy: "2.4.6", scipy: "1.17.1", river: "0.26.1", statsmodels: "0.15.0" } as const;

/** Python or the packages are not to be had; the message says which, and what the tool answered. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

/** A Python program ended instead of answering: that is a fault of its own, not of the machine. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

/**
 * Makes the environment where it is missing or of other versions.
 * @throws {EnvironmentError} there is no Python 3.11 or newer, or the packages cannot be installed
 */
export function prepareEnvironment(): void {
  if (hasVersions()) return;
  if (!existsSync(PYTHON)) {
    run("python3", ["-m", "venv", ENVIRONMENT], "python3 with venv (3.11 or newer) is needed, but cannot be used here");
  }
  run(
    PYTHON,
    ["-m", "pip", "install", "--quiet", "--requirement", join(SOURCES, "requirements.txt")],
    "scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1, river 0.26.1 and statsmodels 0.15.0 cannot be had from PyPI for this Python",
  );
  if (!hasVersions()) throw new EnvironmentError(`expected ${JSON.stringify(VERSIONS)} in ${ENVIRONMENT}; remove it`);
}

function hasVersions(): boolean {
  if (!existsSync(PYTHON)) return false;
  const program =
    "import json, sklearn, numpy, scipy, river, statsmodels; " +
    "print(json.dumps({m.__name__: m.__version__ for m in (sklearn, numpy, scipy, river, statsmodels)}))";
  const { status, stdout } = spawnSync(PYTHON, ["-c", program], { encoding: "utf8" });
  if (status !== 0) return false;
  const found: unknown = JSON.parse(stdout);
  return JSON.stringify(found) === JSON.stringify(VERSIONS);
}

function run(command: string, parameters: readonly string[], fault: string): void {
  const { status, stderr, error } = spawnSync(command, parameters, { encoding: "utf8" });
  if (status !== 0) throw new EnvironmentError(`${fault}: ${error?.message ?? stderr.trim()}`);
}

/** A Python program that answers each line of JSON with one, in order. */
export interface PythonProgram {
  ask(question: unknown): Promise<unknown>;
  /** Ends the program after its last answer. */
  close(): void;
}

/**
 * Starts a program of test/ in the environment.
 * @param file name within test/parity/sklearn, or a path from there
 */
export function startPython(file: string): PythonProgram {
  const child = spawn(PYTHON, [join(SOURCES, file)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await lines.next();
      if (answer.done === true) throw new ProgramError(`${file} ended without an answer; its error stands above`);
      return JSON.parse(answer.value);
    },
    close: () => child.stdin.end(),
  };
}
