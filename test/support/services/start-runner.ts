/** `npm start` as a person or a pipeline runs it: a process without a terminal. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../../deploy/local/start.js", import.meta.url));

export class StartRun {
  readonly process: ChildProcess;
  /** Both outputs. */
  out = "";

  /** @param input what it reads from standard input; nothing by default */
  constructor(
    directory: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    input?: Buffer,
  ) {
    this.process = spawn(process.execPath, [script, "--directory", directory, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.process.stdin?.end(input);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.out += text;
      });
    }
  }

  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "close");
    return this.process.exitCode;
  }

  /** The cells of a series' row in the final table, by the heads of their columns. */
  row(series: string): ReadonlyMap<string, string> {
    const lines = this.out.split("\n");
    const head = lines.findLastIndex((line) => / records +leader /.test(line));
    const row = lines.slice(head + 1).find((line) => line.startsWith(`${series} `));
    assert.ok(head >= 0 && row !== undefined, `expected a row of ${series} in:\n${this.out}`);
    const cells = row.trim().split(/ {2,}/);
    const names = lines[head].replaceAll(" mse", "").trim().split(/ {2,}/);
    return new Map(names.map((name, at) => [at === 0 ? "series" : name, cells[at]]));
  }

  /** Records of a series in the final table. */
  records(series: string): number {
    const row = this.out.split("\n").find((line) => line.startsWith(`${series} `));
    assert.ok(row !== undefined, `expected a row of ${series} in:\n${this.out}`);
    return Number(row.split(/\s+/)[1].replaceAll(",", ""));
  }
}
