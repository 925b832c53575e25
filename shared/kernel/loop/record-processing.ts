/** One record through process(): in, out, or to the dead letters. */
import { committedCounters } from "../../committed-counter.js";
import { RecordError, StoreError } from "../../errors.js";
import type { JobResult } from "../../heavy-work.js";
import { KafkaError } from "../../kafka/kafka-error.js";
import { type RecordBatch, RecordView } from "../../kafka/record-batch.js";
import { NO_HEADERS, type Travelling, travelling } from "../../kafka/record-headers.js";
import type { Refusal } from "../../kafka/refusal.js";
import type { Logger } from "../../logger.js";
import type {
  AnyContext,
  AnyService,
  InputRecord,
  OutputTopic,
  RecordHeaders,
  Source,
} from "../../service-definition.js";
import type { ValueEncoder } from "../../value-encoder.js";
import { DeadLetters } from "../commit/dead-letters.js";
import type { Output } from "../commit/output.js";
import { Results } from "../commit/results.js";
import { notAhead } from "../commit/timestamps.js";
import { WrittenRecords } from "../commit/written-records.js";
import { ThreadError } from "../jobs/job-threads.js";
import type { RecordPlace } from "../jobs/long-jobs.js";
import { RecordJobs } from "../jobs/record-jobs.js";
import type { KernelMetrics } from "../metrics.js";
import { ValueDamagedError } from "../store/stored-value.js";
import type { TaskHost } from "../task/assignment.js";
import { TaskStateDamagedError } from "../task/damage.js";
import { type RejectedRecord, type Rejection, recordName, type TaskRecord } from "../task/rejection.js";
import type { OpenTask, Task } from "../task/task.js";
import { Notices } from "./notices.js";

/** process() failed after it may have changed state. The transaction is aborted, and the batch processed again without this record. */
export class ProcessFailure extends Error {
  override readonly name = "ProcessFailure";
  readonly task: Task;
  readonly record: TaskRecord;
  /** The record's name. */
  readonly place: string;

  constructor(task: Task, record: TaskRecord, cause: Error) {
    const place = recordName(record);
    super(`${task.id}: ${place}: ${cause.message}`, { cause });
    this.task = task;
    this.record = record;
    this.place = place;
  }
}

export interface ProcessingOptions {
  readonly service: AnyService;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  /** The kernel's and the service's own. */
  readonly settings: unknown;
  readonly output: Output;
  /** By topic, of those whose values are not the JSON that services make. */
  readonly encoders: ReadonlyMap<string, ValueEncoder>;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class Processing implements TaskHost {
  /** The heavy work under way; undefined where the service has none. */
  readonly jobs: RecordJobs | undefined;
  readonly #service: AnyService;
  readonly #application: string;
  readonly #settings: never;
  readonly #serviceMetrics: unknown;
  readonly #results: Results;
  readonly #metrics: KernelMetrics;
  readonly #notices: Notices;
  readonly #contexts = new Map<Task, AnyContext>();
  readonly #counters: ReturnType<typeof committedCounters>;
  /** Records read since the last commit began, by topic: counting each at Prometheus would cost more than writing it. */
  readonly #consumed = new Map<string, number>();
  readonly #written: WrittenRecords;
  readonly #deadLetters: DeadLetters;
  /** Headers of a record, and what its results get of them: those after it often have the same. */
  #all: RecordHeaders | undefined;
  #ofAll: Travelling = NO_HEADERS;
  /** Of the record that is being processed. */
  #place: RecordPlace | undefined;
  #rejection: Rejection | undefined;

  constructor({ service, application, settings, output, encoders, metrics, logger }: ProcessingOptions) {
    const { registry } = metrics;
    this.#service = service;
    this.#application = application;
    this.#settings = settings as never;
    this.#serviceMetrics = service.metrics(registry);
    this.#counters = committedCounters(registry);
    this.#metrics = metrics;
    this.#written = new WrittenRecords();
    this.#results = new Results(output, this.#written, encoders);
    this.#deadLetters = new DeadLetters({ service: service.name, output, written: this.#written, metrics, logger });
    this.#notices = new Notices(logger);
    const work = service.kind === "processor" ? service.work : undefined;
    if (work === undefined) return;
    this.jobs = new RecordJobs(work, this.#settings, (error) =>
      logger.warn({ err: error }, "an idle worker thread died; another takes its place"),
    );
  }

  /** Readies a task for records. */
  adopt(task: OpenTask, partitions: number): Source | undefined {
    const stores = Object.fromEntries(task.folder.stores.map((store) => [store.name, store]));
    const context: AnyContext = {
      settings: this.#settings,
      stores,
      metrics: this.#serviceMetrics,
      forward: (topic, key, value) => this.#forward(task, topic, key, value),
      write: (topic, layout, given) => this.#results.lay(topic, layout, given),
      stamp: (timestamp) => this.#results.follow(notAhead(timestamp), this.#results.headers),
      compute: (numbers, parts, done) => this.#compute(task, numbers, parts, done),
      partitions,
      application: this.#application,
      warn: (fields, message) => this.#notices.warn({ task: task.id, ...fields }, message),
    };
    this.#contexts.set(task, context);
    return this.#service.kind === "source" ? this.#service.source(task.partition, partitions, context) : undefined;
  }

  /** No record comes any more. */
  async close(): Promise<void> {
    this.#deadLetters.close();
    await this.jobs?.close();
  }

  /** The task is closed, or its folder is reset. */
  forget(task: Task): void {
    this.#contexts.delete(task);
    for (const place of task.inputPartitions) this.jobs?.leave(place);
    this.#service.taskClosed?.(task.partition, this.#serviceMetrics);
  }

  /**
   * Fetches what records of a batch need beside Kafka; undefined where nothing is missing.
   * @throws {AwayError} by the promise: it cannot be had now
   */
  fetch(batch: RecordBatch): Promise<void> | undefined {
    return this.#service.kind === "processor" ? this.#service.fetch?.(recordsOf(batch), this.#settings) : undefined;
  }

  /**
   * @throws {ProcessFailure} state may be half changed
   * @throws {TaskStateDamagedError} the store cannot be trusted
   * @throws {StoreError} the store is of another program
   * @throws {KafkaError} the open transaction takes no more records
   */
  process(task: OpenTask, record: InputRecord): void {
    const rejected = task.rejectionOf(record.topic, record.offset);
    this.#rejection = undefined;
    if (rejected !== undefined) this.#reject(task, record, rejected);
    else this.#processNew(task, record);
    this.#consumed.set(record.topic, (this.#consumed.get(record.topic) ?? 0) + 1);
    task.advance(record);
  }

  /** A commit begins of everything so far; what comes from now on is counted with the next. */
  seal(): void {
    for (const [topic, count] of this.#consumed) this.#metrics.consumed.inc({ topic }, count);
    this.#consumed.clear();
    this.#written.seal(this.#metrics.produced);
    for (const counter of this.#counters) counter.seal();
  }

  /** What is sealed is committed, in the tasks too, and is counted now. */
  committed(tasks: readonly Task[]): void {
    for (const { sealed, inputPartitions } of this.jobs === undefined ? [] : tasks)
      for (const place of inputPartitions) this.jobs?.committed(place, sealed?.positions[place.topic] ?? 0);
    this.#written.committed();
    for (const counter of this.#counters) counter.committed();
  }

  /** Forgets records that are not finished, and what was counted and is not committed. */
  async discard(): Promise<void> {
    this.#consumed.clear();
    this.#written.clear();
    for (const counter of this.#counters) counter.aborted();
    await this.jobs?.discard();
  }

  /** Lets a source forward what is due; returns how many records. */
  generate(task: OpenTask, nowMs: number, limit: number): number {
    this.#rejection = undefined;
    this.#results.follow(undefined, NO_HEADERS);
    try {
      const count = task.source?.generate(nowMs, limit) ?? 0;
      if (count > 0) task.demandCommit();
      return count;
    } catch (error) {
      if (error instanceof ValueDamagedError) throw new TaskStateDamagedError(task, error);
      throw error;
    }
  }

  /** How the record processed last was rejected; undefined where it was not. */
  get rejection(): Rejection | undefined {
    return this.#rejection;
  }

  /** What was handed over came of one record, and was refused: the next of its kind is rejected at once. */
  learn(refusal: Refusal): void {
    this.#written.learn(refusal);
  }

  #processNew(task: OpenTask, record: InputRecord): void {
    const context = this.#contexts.get(task);
    if (this.#service.kind !== "processor" || context === undefined) throw new Error(`${task.id} is not adopted`);
    const { headers } = record;
    const timestamp = notAhead(record.timestamp);
    if (record.timestamp > timestamp) this.#metrics.timestampsAhead.inc({ topic: record.topic });
    this.#results.follow(timestamp, headers === undefined ? NO_HEADERS : this.#travelling(record.topic, headers));
    this.#place = record;
    const { count } = this.#results;
    const { writes } = task.folder;
    try {
      this.#service.process(record, context);
    } catch (error) {
      const untouched = count === this.#results.count && writes === task.folder.writes;
      if (!(error instanceof RecordError) || !untouched) throw failureOf(task, record, error);
      this.#reject(task, record, { error, form: "whole" });
    }
  }

  #travelling(topic: string, all: RecordHeaders): Travelling {
    if (all !== this.#all) this.#ofAll = travelling(all);
    this.#all = all;
    const headers = this.#ofAll;
    if (headers.left > 0) this.#metrics.headersLeft.inc({ topic }, headers.left);
    return headers;
  }

  #compute(task: OpenTask, numbers: Float64Array, parts: readonly number[], done: (result: JobResult) => void): void {
    if (this.jobs === undefined || this.#place === undefined)
      throw new Error(`${this.#service.name} declares no heavy work`);
    const { topic, partition, offset } = this.#place;
    const origin = { task, place: { topic, partition, offset }, timestamp: this.#results.timestamp };
    const { headers } = this.#results;
    this.jobs.submit({ numbers, parts, origin }, (outcome) => {
      this.#results.follow(origin.timestamp, headers);
      this.#place = origin.place;
      try {
        done(outcome());
      } catch (error) {
        throw failureOf(task, origin.place, error);
      }
    });
  }

  #reject(task: Task, record: RejectedRecord, rejection: Rejection): void {
    this.#rejection = this.#deadLetters.write(task, record, rejection);
  }

  #forward<V>(task: Task, topic: OutputTopic<V>, key: string, value: V): void {
    const bytes = topic.encode(value);
    if (task.source === undefined) this.#results.write(topic, key, bytes);
    else this.#writeGenerated(task, topic, key, bytes);
  }

  /** A source has nobody to throw at: it would generate the same record again, and its next ones with it. */
  #writeGenerated(task: Task, topic: OutputTopic<never>, key: string, value: Buffer): void {
    const rejection = task.rejectionOfGenerated(task.countGenerated());
    try {
      if (rejection === undefined) this.#results.write(topic, key, value);
      else this.#reject(task, { topic: topic.name, key: Buffer.from(key), value }, rejection);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#reject(task, { topic: topic.name, key: Buffer.from(key), value }, { error, form: "whole" });
    }
  }
}

function* recordsOf(batch: RecordBatch): Iterable<InputRecord> {
  const view = new RecordView();
  for (let k = 0; k < batch.count; k++) yield view.at(batch, k);
}

function failureOf(
  task: OpenTask,
  { topic, offset }: RecordPlace,
  error: unknown,
): ProcessFailure | TaskStateDamagedError | StoreError | KafkaError | ThreadError {
  // The client refuses a write where the transaction cannot be committed any more: the record is not at fault, nor is it where
  // a thread ended.
  if (error instanceof StoreError || error instanceof KafkaError || error instanceof ThreadError) return error;
  if (error instanceof ProcessFailure) return error;
  if (error instanceof ValueDamagedError) return new TaskStateDamagedError(task, error);
  return new ProcessFailure(
    task,
    { kind: "read", topic, offset },
    error instanceof Error ? error : new Error(String(error)),
  );
}
