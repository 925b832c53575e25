/**
 * Runs the services as processes of their own and keeps them running: a service that dies is started again, after pauses that
 * grow while it keeps dying. A service whose settings or topics cannot work (exit code 78) is not: it would end the same way.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { endOf, spawnBound, waitForExit } from "./bound-process.js";

const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/** After a run of this length the next pause is the shortest again. */
const RECOVERED_MS = 30_000;
/** Longer than a service's own limit (SHUTDOWN_TIMEOUT_MS). */
const STOP_TIMEOUT_MS = 35_000;

export interface ServicePlan {
  readonly name: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface SupervisorOptions {
  /** Folder with `<name>/main.js` of each service. */
  readonly servicesDirectory: string;
  /** A service's output goes to `<name>.log` in it; the log of the last run becomes `<name>.log.previous`. */
  readonly logDirectory: string;
  /** Gets a line for each death and what follows. */
  readonly onNotice: (text: string) => void;
  /** Gets the message of a service that refuses its settings or topics. */
  readonly onRefusal: (text: string) => void;
}

/** `waiting`: it died, and starts again after a pause. `ended`: it ended by itself with exit code 0. */
export type ProcessState = "running" | "waiting" | "ended" | "refused" | "stopping" | "stopped";

/** One service, supervised. */
export class SupervisedService {
  readonly name: string;
  readonly #environment: ServicePlan["environment"];
  readonly #options: SupervisorOptions;
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #state: ProcessState = "stopped";
  #backoffMs = BACKOFF_MIN_MS;
  #restart: NodeJS.Timeout | undefined;

  constructor({ name, environment }: ServicePlan, options: SupervisorOptions) {
    this.name = name;
    this.#environment = environment;
    this.#options = options;
    this.#logFile = join(options.logDirectory, `${name}.log`);
    if (existsSync(this.#logFile)) renameSync(this.#logFile, `${this.#logFile}.previous`);
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Process number; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const log = openSync(this.#logFile, "a");
    const started = performance.now();
    const script = join(this.#options.servicesDirectory, this.name, "main.js");
    const child = spawnBound(process.execPath, ["--enable-source-maps", script], {
      env: { ...this.#environment },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#child = child;
    this.#state = "running";
    child.once("exit", () => this.#onExit(child, performance.now() - started));
    child.once("error", (error) => this.#options.onNotice(`${this.name} cannot be started: ${error.message}`));
  }

  /**
   * Sends SIGTERM and waits for the end; sends SIGKILL after 35 s.
   * @returns how it ended, undefined for a clean end: exit code 0, or the signal itself before the service listened for it
   */
  async stop(): Promise<string | undefined> {
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) {
      if (this.#state === "waiting") this.#state = "stopped";
      return undefined;
    }
    this.#state = "stopping";
    child.kill("SIGTERM");
    if (!(await waitForExit(child, STOP_TIMEOUT_MS))) {
      child.kill("SIGKILL");
      await waitForExit(child);
    }
    this.#state = "stopped";
    const clean = child.exitCode === 0 || child.signalCode === "SIGTERM";
    return clean ? undefined : `${this.name}: ${this.#lastWords() ?? this.#manner(child)}`;
  }

  #onExit(child: ChildProcess, ranMs: number): void {
    this.#child = undefined;
    if (this.#state !== "running") return;
    const { onNotice, onRefusal } = this.#options;
    if (child.exitCode === 0) {
      this.#state = "ended";
      onNotice(`${this.name} has ended by itself.`);
    } else if (child.exitCode === EXIT_CONFIGURATION) {
      this.#state = "refused";
      onRefusal(`${this.name}: ${this.#lastWords() ?? this.#manner(child)}`);
    } else {
      if (ranMs > RECOVERED_MS) this.#backoffMs = BACKOFF_MIN_MS;
      const why = this.#lastWords();
      onNotice(
        `${this.name} died (${endOf(child)}${why === undefined ? "" : `: ${why}`}); starting again in ${this.#backoffMs / 1000} s`,
      );
      this.#state = "waiting";
      this.#restart = setTimeout(() => this.start(), this.#backoffMs);
      this.#backoffMs = Math.min(2 * this.#backoffMs, BACKOFF_MAX_MS);
    }
  }

  #manner(child: ChildProcess): string {
    return `ended with ${endOf(child)}; see ${this.#logFile}`;
  }

  /** The message of the log's last line, where that line is fatal. */
  #lastWords(): string | undefined {
    try {
      const line = readFileSync(this.#logFile, "utf8").trimEnd().split("\n").at(-1) ?? "";
      const entry: unknown = JSON.parse(line);
      const { level, msg } = entry as { level?: unknown; msg?: unknown };
      return level === "fatal" && typeof msg === "string" ? msg : undefined;
    } catch {
      return undefined;
    }
  }
}
