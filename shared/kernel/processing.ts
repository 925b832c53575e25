/** One record through process(): in, out, or to the dead letters. */
import type { Registry } from "prom-client";
import type { SettingDefinitions } from "../config.js";
import { RecordError, StoreError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { InputRecord, OutputTopic, ServiceDefinition, TaskContext } from "../service-definition.js";
import { DEAD_LETTERS_TOPIC } from "../topics.js";
import { deadLetter, reasonOf } from "./dead-letter.js";
import type { KernelMetrics } from "./metrics.js";
import type { Output } from "./output.js";
import { DamagedValueError } from "./stored-value.js";
import type { Task } from "./task.js";

// A service's own types are checked where it is defined; the kernel only hands its values through.
export type AnyService = ServiceDefinition<SettingDefinitions, Record<string, object>, unknown>;
export type AnyContext = TaskContext<never, Record<string, object>, unknown>;

/** A record's result above this size is refused here rather than by the broker, where it would stop the stream. */
const RESULT_BYTES_MAX = 1_000_000;

/**
 * process() failed after it may have changed state. The transaction is aborted and the batch replayed without this record.
 */
export class ProcessFailure extends Error {
  override readonly name = "ProcessFailure";
  readonly task: Task;
  readonly place: string;

  constructor(task: Task, place: string, cause: Error) {
    super(`${task.id}: ${place}: ${cause.message}`, { cause });
    this.task = task;
    this.place = place;
  }
}

/** A task's folder proved damaged, or is gone: it is moved aside and rebuilt. */
export class DamagedStateError extends Error {
  override readonly name = "DamagedStateError";
  readonly task: Task;

  constructor(task: Task, cause: Error) {
    super(`${task.id}: ${cause.message}`, { cause });
    this.task = task;
  }
}

export class Processing {
  readonly #service: AnyService;
  readonly #settings: never;
  readonly #serviceMetrics: unknown;
  readonly #output: Output;
  readonly #metrics: KernelMetrics;
  readonly #logger: Logger;
  readonly #contexts = new Map<Task, AnyContext>();
  /** Records written since the batch began, by topic: counting each at Prometheus would cost more than writing it. */
  readonly #produced = new Map<string, number>();
  #timestamp: number | undefined;
  #forwards = 0;

  constructor(
    service: AnyService,
    settings: unknown,
    output: Output,
    metrics: KernelMetrics,
    registry: Registry,
    logger: Logger,
  ) {
    this.#service = service;
    this.#settings = settings as never;
    this.#serviceMetrics = service.metrics(registry);
    this.#output = output;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  /** Readies a task for records. */
  adopt(task: Task, partitions: number): void {
    const stores = Object.fromEntries(task.stores.map((store) => [store.name, store]));
    const context: AnyContext = {
      settings: this.#settings,
      stores,
      metrics: this.#serviceMetrics,
      forward: (topic, key, value) => this.#forward(topic, key, value),
    };
    this.#contexts.set(task, context);
    task.source =
      this.#service.kind === "source" ? this.#service.source(task.partition, partitions, context) : undefined;
  }

  forget(task: Task): void {
    this.#contexts.delete(task);
  }

  /**
   * @throws {ProcessFailure} state may be half changed
   * @throws {DamagedStateError} the store cannot be trusted
   * @throws {StoreError} the store is of another program
   */
  process(task: Task, record: InputRecord): void {
    const place = `${record.topic}@${record.offset}`;
    const rejected = task.rejected.get(place);
    if (rejected !== undefined) this.#reject(task, record, rejected);
    else this.#processNew(task, record, place);
    task.positions.set(record.topic, record.offset + 1);
    task.advanced = true;
    if (task.oldestTimestampMs === undefined || record.timestamp < task.oldestTimestampMs)
      task.oldestTimestampMs = record.timestamp;
  }

  /** Lets a source forward what is due; returns how many records. */
  generate(task: Task, nowMs: number, limit: number): number {
    this.#timestamp = undefined;
    try {
      const count = task.source?.generate(nowMs, limit) ?? 0;
      if (count > 0) task.advanced = true;
      return count;
    } catch (error) {
      if (error instanceof DamagedValueError) throw new DamagedStateError(task, error);
      throw error;
    }
  }

  /** Tells Prometheus of the batch. */
  countProduced(): void {
    for (const [topic, count] of this.#produced) this.#metrics.produced.inc({ topic }, count);
    this.#produced.clear();
  }

  #processNew(task: Task, record: InputRecord, place: string): void {
    const context = this.#contexts.get(task);
    if (this.#service.kind !== "processor" || context === undefined) throw new Error(`${task.id} is not adopted`);
    this.#timestamp = record.timestamp;
    const forwards = this.#forwards;
    const writes = writesOf(task);
    try {
      this.#service.process(record, context);
    } catch (error) {
      if (error instanceof DamagedValueError) throw new DamagedStateError(task, error);
      if (error instanceof StoreError) throw error;
      const cause = error instanceof Error ? error : new Error(String(error));
      const untouched = forwards === this.#forwards && writes === writesOf(task);
      if (!(cause instanceof RecordError) || !untouched) throw new ProcessFailure(task, place, cause);
      this.#reject(task, record, cause);
    }
  }

  #reject(task: Task, record: InputRecord, error: Error): void {
    const { key, value, headers } = deadLetter(this.#service.name, record, error);
    const { topic, partition, offset } = record;
    this.#output.write(DEAD_LETTERS_TOPIC, undefined, key, value, record.timestamp, headers);
    this.#metrics.deadLetters.inc({ reason: reasonOf(error) });
    this.#logger.warn(
      { task: task.id, topic, partition, offset, reason: reasonOf(error), err: error.message },
      "record sent to dead-letters",
    );
  }

  #forward<V>(topic: OutputTopic<V>, key: string, value: V): void {
    const bytes = topic.encode(value);
    if (bytes.length > RESULT_BYTES_MAX) {
      throw new RecordError(
        "result-too-large",
        `expected a result of at most ${RESULT_BYTES_MAX} bytes for ${topic.name}, got ${bytes.length}`,
      );
    }
    this.#forwards++;
    this.#output.write(topic.name, undefined, key, bytes, this.#timestamp);
    this.#produced.set(topic.name, (this.#produced.get(topic.name) ?? 0) + 1);
  }
}

function writesOf(task: Task): number {
  let writes = 0;
  for (const store of task.stores) writes += store.writes;
  return writes;
}
