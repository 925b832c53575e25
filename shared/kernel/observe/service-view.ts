/** What /metrics, /ready, /state and /query show of the running service. */
import type { Registry } from "prom-client";
import type { ClientTroubles } from "../../kafka/client-troubles.js";
import { consumerStatistics } from "../../kafka/consumer-statistics.js";
import type { Logger } from "../../logger.js";
import type { StateMemory } from "../store/state-memory.js";
import type { Task, TaskState } from "../task/task.js";
import type { Answer } from "./answer.js";
import { Asking, type Manner } from "./asking.js";
import { DiskUsage } from "./disk-usage.js";
import type { Inspection } from "./http-server.js";
import { InputView } from "./input-view.js";
import { OwnState } from "./own-state.js";
import { Peers } from "./peers.js";
import type { Question, StateLayout } from "./question.js";
import type { RunningBook, RunningLoop, RunningOutput, RunningStandbys } from "./running-parts.js";

/** What runs of a service once everything is there that it waited for at its start. */
export interface ShownParts {
  readonly loop: RunningLoop;
  /** Undefined where the service keeps none. */
  readonly standbys: RunningStandbys | undefined;
  readonly book: RunningBook;
  /** Partitions of the service. */
  readonly tasks: number;
  /** Topics that it reads. */
  readonly inputs: readonly string[];
}

/** `waiting`: for Kafka, for topics or to become a member of the group. `rewinding`: dropped work is about to be read again. */
export const SERVICE_STATES = ["waiting", "restoring", "rewinding", "running", "stopping"] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

export interface ServiceViewOptions {
  readonly service: string;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  readonly registry: Registry;
  /** Whether the service has inputs that may lag or stand still: a source has none. */
  readonly readsInputs: boolean;
  readonly layout: StateLayout;
  /** Topics that the series of the service are of. */
  readonly topics: readonly string[];
  readonly stateDir: string;
  /** Shown to other instances that are asked. */
  readonly httpToken: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly memory: StateMemory;
  readonly troubles: ClientTroubles;
  readonly stop: AbortSignal;
  readonly logger: Logger;
}

export class ServiceView implements Inspection {
  readonly registry: Registry;
  readonly inputs: InputView;
  readonly memory: StateMemory;
  /** What the start waits for, as a sentence; undefined once the service runs. */
  startWaitsFor: string | undefined;
  readonly #options: ServiceViewOptions;
  readonly #troubles: ClientTroubles;
  readonly #stop: AbortSignal;
  readonly #disk: DiskUsage;
  #output: RunningOutput | undefined;
  #loop: RunningLoop | undefined;
  #standbys: RunningStandbys | undefined;
  #book: RunningBook | undefined;
  #asking: Asking | undefined;
  /** See {@link ConsumerStatistics.coordinator}. */
  #coordinator: string | undefined;
  #consumers = 0;

  constructor(options: ServiceViewOptions) {
    const { registry, readsInputs, transactionTimeoutMs, memory, troubles, stop, logger } = options;
    this.#options = options;
    this.registry = registry;
    this.inputs = new InputView({ transactionTimeoutMs, logger, loop: () => (readsInputs ? this.#loop : undefined) });
    this.memory = memory;
    this.#troubles = troubles;
    this.#stop = stop;
    this.#disk = new DiskUsage(options.stateDir);
  }

  /** The output exists; it may not be connected yet. */
  showOutput(output: RunningOutput): void {
    this.#output = output;
  }

  /** Everything the service waited for at its start is there. */
  showLoop({ loop, standbys, book, tasks, inputs }: ShownParts): void {
    const { layout, application, httpToken } = this.#options;
    this.#loop = loop;
    this.#standbys = standbys;
    this.#book = book;
    const own = new OwnState({ loop, standbys, book, layout, application, inputs });
    this.#asking = new Asking({ own, peers: new Peers(application, httpToken), book, layout, tasks });
    this.startWaitsFor = undefined;
  }

  /**
   * Another consumer is about to connect.
   * @returns what takes its statistics. A fatal consumer may report while it is being closed: its reports are ignored
   */
  nextConsumer(): (statistics: string) => void {
    const consumer = ++this.#consumers;
    this.#coordinator = undefined;
    this.inputs.forgetEnds();
    return (statistics) => {
      if (consumer === this.#consumers) this.#onStatistics(statistics);
    };
  }

  // -- /metrics --------------------------------------------------------------------------------------------------

  get state(): ServiceState {
    if (this.#stop.aborted) return "stopping";
    if (this.#waitsFor() !== undefined || this.#loop?.isMember === false) return "waiting";
    if (this.#loop?.rewinding === true) return "rewinding";
    return this.#tasks().every(({ state }) => state === "running") ? "running" : "restoring";
  }

  /** Tasks by state; states that no task is in are there with 0. */
  get taskStates(): Readonly<Record<string, number>> {
    const states: Partial<Record<TaskState, number>> & Record<string, number> = {
      created: 0,
      restoring: 0,
      running: 0,
    };
    for (const { state } of this.#tasks()) states[state] = (states[state] ?? 0) + 1;
    return states;
  }

  /** How far in the future the newest processed record was stamped, in s; the most of all tasks, 0 where none was. */
  get secondsAhead(): number {
    const nowMs = Date.now();
    return Math.max(0, ...this.#tasks().map(({ lastTimestampMs }) => (lastTimestampMs ?? 0) - nowMs)) / 1000;
  }

  get transactionRecords(): number {
    return this.#output?.records ?? 0;
  }

  standbyLag(): readonly { partition: number; records: number }[] {
    return this.#standbys?.lag() ?? [];
  }

  folderBytes(): Promise<readonly { partition: number; bytes: number }[]> {
    return this.#disk.folderBytes(this.#tasks());
  }

  diskAvailableBytes(): Promise<number | undefined> {
    return this.#disk.availableBytes();
  }

  // -- /ready ----------------------------------------------------------------------------------------------------

  /** Why the service is not ready; empty where it is. */
  notReady(): string[] {
    const reasons: string[] = [];
    if (this.#stop.aborted) reasons.push("stopping");
    const waitsFor = this.#waitsFor();
    if (waitsFor !== undefined) reasons.push(waitsFor);
    if (this.#loop?.isMember === false) reasons.push(joiningReason(this.#loop.loss));
    if (this.#loop?.rewinding === true) {
      const { dropped } = this.#loop;
      reasons.push(`reading again after an aborted transaction${dropped === undefined ? "" : ` (${dropped})`}`);
    }
    for (const task of this.#tasks()) if (task.state !== "running") reasons.push(`task ${task.id} is ${task.state}`);
    return [...reasons, ...this.inputs.standingReasons];
  }

  /** What is missing before the service can continue, at its start or later, as a sentence. */
  #waitsFor(): string | undefined {
    if (this.startWaitsFor !== undefined) return this.startWaitsFor;
    const hindrance = this.#loop?.hindrance;
    if (hindrance !== undefined) return hindrance;
    const call = this.#output?.repeatedCall;
    if (call !== undefined)
      return this.#troubles.reason ?? `waiting for Kafka, which has not carried out "${call}" so far`;
    if (this.#coordinator !== undefined && this.#coordinator !== "up")
      return this.#troubles.reason ?? `waiting for the coordinator of its group (${this.#coordinator})`;
    return undefined;
  }

  // -- /state ----------------------------------------------------------------------------------------------------

  get serviceName(): string {
    return this.#options.service;
  }

  get instance(): string | undefined {
    return this.#book && `${this.#options.application}/${this.#book.self}`;
  }

  storeNames(): readonly string[] {
    return this.#options.layout.stores.map(({ name }) => name);
  }

  topics(): readonly string[] {
    return this.#options.topics;
  }

  /** Keys of a store that this instance has, at most `limit`. */
  async keys(store: string, limit: number): Promise<string[]> {
    const keys: string[] = [];
    for (const { folder } of this.#tasks()) {
      if (keys.length < limit && folder !== undefined) keys.push(...(await folder.keys(store, limit - keys.length)));
    }
    return keys.sort();
  }

  /** What this instance, or the owner, knows of a series. */
  async answer(question: Question, manner: Manner): Promise<Answer> {
    if (this.#asking !== undefined) return this.#asking.answer(question, manner);
    return { kind: "unavailable", reason: this.startWaitsFor ?? "the service has just been started" };
  }

  #onStatistics(json: string): void {
    const { logs, coordinator } = consumerStatistics(json);
    this.#coordinator = coordinator;
    if (coordinator === "up") this.#troubles.answered();
    this.inputs.onStatistics(logs);
  }

  #tasks(): readonly Task[] {
    return this.#loop?.tasks ?? [];
  }
}

const joiningReason = (loss: Error | undefined): string =>
  loss === undefined ? "joining the group" : `joining the group again after: ${loss.message}`;
