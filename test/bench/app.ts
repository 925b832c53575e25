/** What is measured: our services, or a peer that does the same job, as processes that start, end and are killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endOf, waitForExit } from "../../deploy/local/bound-process.js";
import type { ServiceName } from "../../services/names.js";
import { observationsTopic, topics } from "../../shared/contract/topics.js";
import { RunningService } from "../support/services/service-runner.js";
import type { BenchKafka } from "./bench-kafka.js";

/** One result of each model of the default lists. */
const RLS_RESULTS = 2;
const ML_RESULTS = 3;
/** A stop that takes longer has failed. */
const STOP_TIMEOUT_MS = 60_000;

/** One run of an application: its own group, state and changelogs. */
export interface App {
  /** The topic that its results go to. */
  readonly output: string;
  readonly resultsPerRecord: number;
  /** Process numbers of what runs. */
  readonly pids: readonly number[];
  start(): void;
  /** SIGTERM, and waits for the end. @throws {Error} it did not end in order */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Deletes the state that lies on disk; nothing runs. */
  wipe(): void;
  /** @throws {Error} a process has ended by itself */
  mustRun(): void;
}

/** What runs now. */
const started = new Set<App>();

/** Ends every process of every application at once: the bench itself is told to end. */
export function killAll(): void {
  for (const { pids } of started) for (const pid of pids) killIfThere(pid);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // One that has ended by itself is what the bench is told of next.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** How our services are run. */
export interface RegattaOptions {
  readonly kafka: BenchKafka;
  /** Names the run: a new one has nothing. */
  readonly run: string;
  readonly services: readonly ServiceName[];
  /** The raw topic at whose beginning the chain stands. */
  readonly raw: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Which host of several this is, each with its own state. */
  readonly host?: string;
  /** Words in front of each command line; see {@link RunningService.start}. */
  readonly launcher?: readonly string[];
}

/** Which topic a service reads, of the chain that begins at a raw topic. */
function inputOf(service: ServiceName, raw: string): string {
  return service === "deserializer" ? raw : observationsTopic(raw).name;
}

/** The topic in which a chain ends, and how many results each record has there. */
function endOfChain({ services, raw, environment }: RegattaOptions): { output: string; resultsPerRecord: number } {
  if (services.includes("ml-racer")) {
    const resultsPerRecord = environment?.ML_MODELS?.split(",").length ?? ML_RESULTS;
    return { output: topics.mlPredictions.name, resultsPerRecord };
  }
  if (services.includes("rls-racer")) return { output: topics.rlsPredictions.name, resultsPerRecord: RLS_RESULTS };
  if (services.includes("stateful-estimator")) return { output: topics.estimates.name, resultsPerRecord: 1 };
  return { output: observationsTopic(raw).name, resultsPerRecord: 1 };
}

/** Our services as they are shipped, one process each. */
export class RegattaApp implements App {
  readonly output: string;
  readonly resultsPerRecord: number;
  readonly #options: RegattaOptions;
  readonly #stateDirectory: string;
  #processes: RunningService[] = [];

  constructor(options: RegattaOptions) {
    this.#options = options;
    const { output, resultsPerRecord } = endOfChain(options);
    this.output = output;
    this.resultsPerRecord = resultsPerRecord;
    this.#stateDirectory = join(options.kafka.directory, "state", options.run, options.host ?? "local");
  }

  get pids(): readonly number[] {
    return this.processes.map(({ pid }) => pid);
  }

  get processes(): readonly RunningService[] {
    return this.#processes;
  }

  start(): void {
    const { kafka, run, services, raw, environment = {}, host = "local", launcher } = this.#options;
    this.#processes = services.map((service) =>
      RunningService.start(
        service,
        {
          NODE_ENV: "production",
          KAFKA_BROKERS: kafka.brokers,
          APPLICATION_ID: run,
          INSTANCE_ID: host,
          STATE_DIR: this.#stateDirectory,
          INPUT_TOPICS: inputOf(service, raw),
          ...environment,
        },
        join(kafka.directory, "log", `${run}-${service}-${host}.log`),
        launcher,
      ),
    );
    started.add(this);
  }

  async stop(): Promise<void> {
    for (const service of this.#processes) {
      const code = await service.stop();
      if (code !== 0) throw new Error(`expected ${service.name} to stop with 0, got ${code}`);
    }
    this.#ended();
  }

  async kill(): Promise<void> {
    for (const service of this.#processes) service.signal("SIGKILL");
    for (const service of this.#processes) await service.exited();
    this.#ended();
  }

  #ended(): void {
    this.#processes = [];
    started.delete(this);
  }

  wipe(): void {
    rmSync(this.#stateDirectory, { recursive: true, force: true });
  }

  mustRun(): void {
    for (const service of this.#processes) service.mustRun();
  }
}

/** Where the peers are. */
export interface Peers {
  /** Folder of their sources and scripts. */
  readonly directory: string;
  /** Folder that they were built into. */
  readonly built: string;
}

/** Kafka Streams with the same job: an app of the peers, started by its script. */
export class StreamsApp implements App {
  readonly output: string;
  readonly resultsPerRecord = RLS_RESULTS;
  readonly #kafka: BenchKafka;
  readonly #peers: Peers;
  readonly #run: string;
  readonly #arguments: readonly string[];
  readonly #java: string | undefined;
  #process: ChildProcess | undefined;

  /** @param java options of its JVM in place of the peers' own: `-Xms1g -Xmx1g -XX:+UseParallelGC` */
  constructor(kafka: BenchKafka, peers: Peers, run: string, raw: string, options: readonly string[], java?: string) {
    this.#kafka = kafka;
    this.#peers = peers;
    this.#run = run;
    this.output = `${run}-results`;
    this.#arguments = [run, `--input=${raw}`, `--output=${this.output}`, "--threads=1", ...options];
    this.#java = java;
  }

  get pids(): readonly number[] {
    const pid = this.#process?.pid;
    return pid === undefined ? [] : [pid];
  }

  start(): void {
    const { directory, built } = this.#peers;
    mkdirSync(join(this.#kafka.directory, "log"), { recursive: true });
    const log = openSync(join(this.#kafka.directory, "log", `${this.#run}.log`), "a");
    this.#process = spawn(join(directory, "kafka-streams", "run.sh"), this.#arguments, {
      env: {
        PATH: process.env.PATH,
        PEERS_OUT: built,
        PEERS_PORT: String(this.#kafka.port),
        ...(this.#java === undefined ? {} : { JOPTS: this.#java }),
      },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    started.add(this);
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  wipe(): void {
    rmSync(join(this.#peers.built, "state", this.#run), { recursive: true, force: true });
  }

  mustRun(): void {
    const ended = this.#process === undefined ? "not started" : endOf(this.#process);
    if (ended !== undefined) throw new Error(`Kafka Streams has ended: ${ended}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    child?.kill(signal);
    if (child !== undefined && !(await waitForExit(child, STOP_TIMEOUT_MS))) {
      child.kill("SIGKILL");
      await waitForExit(child);
    }
    started.delete(this);
  }
}

/**
 * The peers in a folder.
 * @param directory as PEERS_DIR gives it
 * @param built as PEERS_OUT gives it, `.out` in that folder by default
 * @returns why they cannot be measured, in words, where they cannot
 */
export function findPeers(directory: string | undefined, built: string | undefined): Peers | string {
  if (directory === undefined || directory === "") return "PEERS_DIR is not set";
  const peers = { directory, built: built ?? join(directory, ".out") };
  if (!existsSync(join(directory, "kafka-streams", "run.sh"))) return `${directory} has no kafka-streams/run.sh`;
  return existsSync(join(peers.built, "libs", "kafka-streams"))
    ? peers
    : `${peers.built} has no build of Kafka Streams`;
}
