/** Runs services as their users do: one process each, settings by environment, watched over HTTP. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { processEnvironment } from "../../../deploy/local/process-environment.js";
import { readSamples } from "../../../deploy/local/prometheus-text.js";
import { waitFor } from "../wait.js";

const servicesDirectory = fileURLToPath(new URL("../../../services/", import.meta.url));
const SERVING = "serving /metrics, /live, /ready, /state";
const logLineSchema = z.looseObject({ msg: z.string().optional(), level: z.string(), url: z.string().optional() });
export type LogLine = z.infer<typeof logLineSchema>;

/** One process of one service. */
export class RunningService {
  readonly name: string;
  readonly lines: LogLine[] = [];
  readonly #process: ChildProcess;
  #stderr = "";

  private constructor(name: string, process: ChildProcess, logFile: string | undefined) {
    this.name = name;
    this.#process = process;
    let rest = "";
    process.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      if (logFile !== undefined) appendFileSync(logFile, chunk);
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.lines.push(logLineSchema.parse(JSON.parse(line)));
    });
    process.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#stderr += chunk;
      if (logFile !== undefined) appendFileSync(logFile, chunk);
    });
  }

  /**
   * Starts it; ports are free ones.
   * @param launcher words in front of the command line, of a program that becomes what follows them
   */
  static start(
    name: string,
    environment: Readonly<Record<string, string>>,
    logFile?: string,
    launcher: readonly string[] = [],
  ): RunningService {
    if (logFile !== undefined) mkdirSync(dirname(logFile), { recursive: true });
    const [program, ...args] = [...launcher, process.execPath, join(servicesDirectory, name, "main.js")];
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, ...processEnvironment, HTTP_PORT: "0", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new RunningService(name, child, logFile);
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** @throws {Error} it could not be started */
  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.name} has no process`);
    return this.#process.pid;
  }

  /** Whether it runs and has opened its port. */
  get serving(): boolean {
    return this.running && this.lines.some(({ msg }) => msg === SERVING);
  }

  /** Waits for a log line. */
  async logged(message: string, timeoutMs?: number): Promise<LogLine> {
    return waitFor(
      `"${message}" in the log of ${this.name}`,
      () => this.lines.find(({ msg }) => msg === message),
      timeoutMs,
    );
  }

  async url(): Promise<string> {
    const { url } = await waitFor(`${this.name} to serve`, () => {
      this.mustRun();
      return this.lines.find(({ msg }) => msg === SERVING);
    });
    if (url === undefined) throw new Error("the line names no url");
    return url;
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    // A connection of its own: one that is kept may be closed by the service in the moment in which it is used again.
    const response = await fetch((await this.url()) + path, { headers: { connection: "close" } });
    return { status: response.status, text: await response.text() };
  }

  async json(path: string): Promise<unknown> {
    return JSON.parse((await this.get(path)).text);
  }

  /** Waits until /ready says 200 and at least `tasks` tasks run. */
  async ready(tasks = 0): Promise<void> {
    await waitFor(`${this.name} to be ready with ${tasks} tasks`, async () => {
      this.mustRun();
      if ((await this.get("/ready")).status !== 200) return false;
      return tasks === 0 || (await this.metric("regatta_tasks", { state: "running" })) >= tasks;
    });
  }

  /** Sum of a metric's samples that bear these labels; 0 where there are none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { text } = await this.get("/metrics");
    return readSamples(text, new Set([name]))
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    return this.exited();
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#process.kill(signal);
  }

  /** Waits for the end; the exit code, null after a signal. */
  async exited(): Promise<number | null> {
    if (this.running) await once(this.#process, "exit");
    return this.#process.exitCode;
  }

  /** @throws {Error} it has ended, with its last words */
  mustRun(): void {
    if (!this.running) {
      throw new Error(
        `${this.name} has ended with ${this.#process.exitCode ?? this.#process.signalCode}: ${JSON.stringify(this.lines.at(-1))} ${this.#stderr}`,
      );
    }
  }
}
