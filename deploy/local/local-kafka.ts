/**
 * One Apache Kafka broker on this machine: a JVM on the jars that set-up fetched, without Docker.
 * `npm start` and every test with a broker use it; tests also kill, freeze and restart it.
 *
 * What must hold:
 * - started means that the broker is registered, unfenced and answers, not only that its port is open
 * - the JVM does not outlive its owner; where it cannot be bound and does, the next start in its folder ends it
 * - a folder has one owner: a second start is refused while the first owner runs
 */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { endOf, waitForExit } from "./bound-process.js";
import { controllerAlone, fenceDeadBroker, wasKilled } from "./dead-broker.js";
import { freePort } from "./free-port.js";
import {
  classArchive,
  type JvmOptions,
  kafkaFailure,
  LIBRARIES,
  logOf,
  logTail,
  POLL_MS,
  STOP_TIMEOUT_MS,
  spawnKafka,
  started,
} from "./kafka-jvm.js";
import { type BrokerPlace, kafkaProperties } from "./kafka-properties.js";
import { isRunning, isStopped, markProcess, readMarks } from "./process-mark.js";

export interface LocalKafkaOptions {
  /** Folder of this broker alone: its data, configuration and log. Made, and formatted, where it is new. */
  readonly directory: string;
  /** Port of 127.0.0.1 that clients connect to; a free one by default. */
  readonly port?: number;
  /** Port of the controller; a free one by default. */
  readonly controllerPort?: number;
  /** Cluster that it belongs to; a new one by default. Used where the folder is new. */
  readonly clusterId?: string;
  /** Broker properties that add to the defaults or take the place of one. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Java heap in MiB, 512 by default. */
  readonly heapMb?: number;
  /** Folder of the jars of another Kafka than the one that set-up fetches. */
  readonly libraries?: string;
  /** Whether the folder's data is deleted first; false by default. */
  readonly fresh?: boolean;
  /** Called when the JVM ends although nobody stopped it, with how it ended and its last log lines. */
  readonly onCrash?: (reason: string) => void;
}

/** A broker that was started. One call at a time. */
export interface LocalKafka {
  /** For KAFKA_BROKERS: `127.0.0.1:<port>`. */
  readonly brokers: string;
  /** Process number of the JVM. @throws {Error} it does not run */
  readonly pid: number;
  /** SIGTERM, and waits for the JVM's end; SIGKILL where that takes longer than 30 s. Nothing where it has ended already. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the JVM's end. */
  kill(): Promise<void>;
  /** Starts it again on its data and ports, after a stop where it runs. @throws {Error} as {@link startLocalKafka} does */
  restart(): Promise<void>;
  /** SIGSTOP, and waits until each of the JVM's threads has stopped: connections stay open and nothing answers. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
}

/** With other ports each time. */
const STARTS_MAX = 3;

/**
 * Starts a broker and waits until it answers: 2 to 3 s in a new folder. Where a port that was left to it is taken by another
 * program before the broker listens on it, it starts again with others.
 * @throws {Error} Kafka is not fetched, the folder is in use, the JVM ended (with the end of its log), or 120 s have passed
 */
export async function startLocalKafka(options: LocalKafkaOptions): Promise<LocalKafka> {
  const { libraries = LIBRARIES } = options;
  if (!existsSync(libraries)) {
    throw new Error(`expected Kafka's jars in ${libraries}, found none: run \`node deploy/local/setup.mjs\``);
  }
  const isGiven = options.port !== undefined && options.controllerPort !== undefined;
  for (let starts = 1; ; starts++) {
    const port = options.port ?? (await freePort());
    const controllerPort = options.controllerPort ?? (await freePort());
    const broker = new Broker(options, port, controllerPort);
    try {
      await broker.start(options.fresh === true);
      return broker;
    } catch (error) {
      if (isGiven || starts === STARTS_MAX || !broker.lacksPort) throw error;
    }
  }
}

class Broker implements LocalKafka {
  readonly brokers: string;
  readonly #options: LocalKafkaOptions;
  readonly #place: BrokerPlace;
  readonly #logFile: string;
  readonly #markFile: string;
  readonly #archive: string;
  readonly #newArchive: string;
  #jvm: ChildProcess | undefined;

  constructor(options: LocalKafkaOptions, port: number, controllerPort: number) {
    const { directory } = options;
    this.brokers = `127.0.0.1:${port}`;
    this.#options = options;
    this.#place = { dataDirectory: join(directory, "data"), port, controllerPort };
    this.#logFile = join(directory, "kafka.log");
    this.#markFile = join(directory, "kafka.pid");
    this.#archive = classArchive(options.libraries ?? LIBRARIES);
    this.#newArchive = `${this.#archive}.${process.pid}-${port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Whether its last start failed because another program listens on one of its ports. */
  get lacksPort(): boolean {
    return logOf(this.#logFile).includes("Address already in use");
  }

  async start(fresh = false): Promise<void> {
    mkdirSync(this.#options.directory, { recursive: true });
    await this.#claimFolder();
    if (fresh) rmSync(this.#place.dataDirectory, { recursive: true, force: true });
    if (existsSync(this.#logFile)) renameSync(this.#logFile, `${this.#logFile}.previous`);
    const isNew = !existsSync(this.#place.dataDirectory);
    if (isNew) await this.#format();
    else if (this.#isOwnController && wasKilled(this.#place)) await this.#fence();
    const configuration = this.#configuration("server.properties", this.#place);
    const archive = existsSync(this.#archive) ? [] : [`-XX:ArchiveClassesAtExit=${this.#newArchive}`];
    const jvm = spawnKafka(this.#jvmOptions, [...archive, "kafka.Kafka", configuration]);
    jvm.unref();
    this.#mark(jvm);
    try {
      await started(jvm, this.#jvmOptions, "Kafka");
    } catch (error) {
      jvm.kill("SIGKILL");
      await waitForExit(jvm);
      // A later start would take it for the data of a broker that was killed.
      if (isNew) rmSync(this.#place.dataDirectory, { recursive: true });
      throw error;
    }
    this.#jvm = jvm;
    jvm.once("exit", () => {
      if (this.#jvm !== jvm) return;
      this.#jvm = undefined;
      this.#options.onCrash?.(`Kafka ended unexpectedly (${endOf(jvm)}).\n${logTail(this.#logFile)}`);
    });
  }

  async stop(): Promise<void> {
    const jvm = this.#release();
    if (jvm === undefined) return;
    jvm.kill("SIGCONT");
    jvm.kill("SIGTERM");
    if (await waitForExit(jvm, STOP_TIMEOUT_MS)) {
      if (existsSync(this.#newArchive)) renameSync(this.#newArchive, this.#archive);
    } else {
      jvm.kill("SIGKILL");
      await waitForExit(jvm);
    }
  }

  async kill(): Promise<void> {
    const jvm = this.#release();
    jvm?.kill("SIGKILL");
    if (jvm !== undefined) await waitForExit(jvm);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async pause(): Promise<void> {
    const { pid } = this;
    process.kill(pid, "SIGSTOP");
    while (!isStopped(pid)) await pause(POLL_MS);
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  #running(): { readonly pid: number } {
    const pid = this.#jvm?.pid;
    if (pid === undefined) throw new Error(`expected the broker ${this.brokers} to run, but it was stopped`);
    return { pid };
  }

  /** From now on the end of the JVM is wanted, and no crash. */
  #release(): ChildProcess | undefined {
    const jvm = this.#jvm;
    this.#jvm = undefined;
    return jvm;
  }

  /** Refuses a folder whose owner runs; ends a JVM whose owner is gone. */
  async #claimFolder(): Promise<void> {
    const marks = readMarks(this.#markFile, ["jvm", "owner"]);
    if (marks === undefined || !isRunning(marks.jvm)) return;
    if (isRunning(marks.owner)) {
      throw new Error(
        `expected ${this.#options.directory} to be free, but process ${marks.owner.pid} runs a broker in it: stop that one first`,
      );
    }
    process.kill(marks.jvm.pid, "SIGKILL");
    while (isRunning(marks.jvm)) await pause(POLL_MS);
  }

  #mark(jvm: ChildProcess): void {
    const marks = { jvm: jvm.pid === undefined ? undefined : markProcess(jvm.pid), owner: markProcess(process.pid) };
    writeFileSync(this.#markFile, JSON.stringify(marks));
  }

  /** Formats beside the final place and renames: a folder that exists is complete. */
  async #format(): Promise<void> {
    const partial = `${this.#place.dataDirectory}.partial`;
    rmSync(partial, { recursive: true, force: true });
    const configuration = this.#configuration("format.properties", { ...this.#place, dataDirectory: partial });
    const format = ["format", "--cluster-id", this.#options.clusterId ?? newClusterId(), "--config", configuration];
    const jvm = spawnKafka(this.#jvmOptions, ["kafka.tools.StorageTool", ...format]);
    await waitForExit(jvm);
    if (jvm.exitCode !== 0) throw kafkaFailure("Kafka's storage could not be formatted", jvm, this.#logFile);
    renameSync(partial, this.#place.dataDirectory);
  }

  /** Nodes of a cluster have their controller elsewhere. */
  get #isOwnController(): boolean {
    return this.#options.properties?.["process.roles"] === undefined;
  }

  async #fence(): Promise<void> {
    const configuration = this.#configuration("controller.properties", this.#place, controllerAlone(this.#place));
    const logFile = join(this.#options.directory, "controller.log");
    await fenceDeadBroker({ ...this.#jvmOptions, logFile }, this.#place, configuration, (jvm) => this.#mark(jvm));
  }

  #configuration(name: string, place: BrokerPlace, properties: Readonly<Record<string, string>> = {}): string {
    const path = join(this.#options.directory, name);
    writeFileSync(path, kafkaProperties(place, { ...this.#options.properties, ...properties }));
    return path;
  }

  get #jvmOptions(): JvmOptions {
    const { heapMb, libraries } = this.#options;
    return { heapMb, libraries, logFile: this.#logFile };
  }
}

/** A new cluster's id, as Kafka writes one: 16 random bytes in URL-safe base64. A leading dash would look like an option. */
export function newClusterId(): string {
  const id = randomBytes(16).toString("base64url");
  return id.startsWith("-") ? newClusterId() : id;
}
