/** Runs the commands of deploy/cli as their users do: a process each, arguments, two outputs, an exit code. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "../wait.js";

const commandsDirectory = fileURLToPath(new URL("../../../deploy/cli/", import.meta.url));

export interface Ended {
  /** null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One process of one command. */
export class RunningCommand {
  stdout = "";
  stderr = "";
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#closed = once(process, "close");
    process.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.stdout += chunk;
    });
    process.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.stderr += chunk;
    });
  }

  /** @param name file in deploy/cli without its ending */
  static start(name: string, args: readonly string[], environment: Readonly<Record<string, string>>): RunningCommand {
    const child = spawn(process.execPath, [join(commandsDirectory, `${name}.js`), ...args], {
      env: { PATH: process.env.PATH, TZ: "UTC", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new RunningCommand(child);
  }

  /** Waits until an output holds `text`. @throws {Error} the process ended without it */
  async said(output: "stdout" | "stderr", text: string): Promise<void> {
    await waitFor(`"${text}" on ${output}`, () => {
      if (this[output].includes(text)) return true;
      if (!this.#running) throw new Error(`ended without "${text}" on ${output}: ${this.stdout}${this.stderr}`);
      return false;
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#process.kill(signal);
  }

  /** Closes the reading end of its standard output. */
  closeStdout(): void {
    this.#process.stdout?.destroy();
  }

  /** Waits for the end and all that was written. */
  async ended(): Promise<Ended> {
    await this.#closed;
    return { code: this.#process.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  get #running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }
}
