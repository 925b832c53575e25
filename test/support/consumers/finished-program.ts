/** Runs a program of another language to its end. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Finished {
  /** null after a signal: it took too long. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Past this it is killed. */
  readonly timeoutMs: number;
}

/** @returns undefined where there is no such program */
export async function runToEnd(
  [program, ...args]: readonly string[],
  { cwd, environment = {}, input = "", timeoutMs }: RunOptions,
): Promise<Finished | undefined> {
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // That of spawn() would go on, and keep this process, where there is no such program.
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  // A program that ends before it has read everything closes the pipe.
  child.stdin.on("error", () => {}).end(input);
  try {
    const [code] = await once(child, "close");
    return { code, stdout, stderr };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
