/** A program in a terminal of its own, which `script` of util-linux makes: what it writes is kept, and keys can be pressed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TerminalSize } from "./terminal-picture.js";

const CTRL_C = "\x03";
/** Of what was written last, in an error. */
const TOLD_LENGTH = 2000;

export class TerminalRun {
  readonly #script: ChildProcess;
  readonly #ended: Promise<number | null>;
  #written = "";

  /**
   * @param program     path and arguments; none has a quote in it
   * @param directory   in which it runs
   * @param environment of the program, whole
   */
  constructor(
    program: readonly string[],
    { columns, rows }: TerminalSize,
    { directory, environment }: { readonly directory: string; readonly environment: NodeJS.ProcessEnv },
  ) {
    const command = `stty cols ${columns} rows ${rows}; exec ${program.map((word) => `'${word}'`).join(" ")}`;
    this.#script = spawn("script", ["--quiet", "--flush", "--return", "--command", command, "/dev/null"], {
      cwd: directory,
      env: { ...environment, TERM: "xterm-256color" },
      stdio: ["pipe", "pipe", "inherit"],
      // Ctrl-C of another terminal is not meant for it.
      detached: true,
    });
    this.#script.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#written += text;
    });
    // A key that comes after the end is pressed in vain.
    this.#script.stdin?.on("error", () => {});
    this.#ended = once(this.#script, "close").then(
      () => this.#script.exitCode,
      (cause: Error) => {
        throw new Error(`expected the program script of util-linux, which makes a terminal: ${cause.message}`, {
          cause,
        });
      },
    );
    this.#ended.catch(() => {});
  }

  /** All that was written so far, control sequences included. */
  get written(): string {
    return this.#written;
  }

  press(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /**
   * Waits until what was written has something.
   * @param after characters that are not looked at
   * @throws {Error} the program ended before
   */
  async said(pattern: RegExp, after = 0): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#written.slice(after));
      if (found !== null) return found;
      await Promise.race([once(this.#script.stdout ?? this.#script, "data"), this.failed()]);
    }
  }

  /** @throws {Error} as soon as the program has ended */
  async failed(): Promise<never> {
    const code = await this.#ended;
    throw new Error(`ended with ${code}:\n${this.#written.slice(-TOLD_LENGTH)}`);
  }

  /** Takes the terminal away from the program, as a window that is closed does. */
  hangUp(): void {
    this.#script.kill("SIGKILL");
  }

  /** Presses Ctrl-C, and waits until the program has ended. @returns its exit code */
  stop(): Promise<number | null> {
    this.press(CTRL_C);
    return this.#ended;
  }
}
