/** What becomes of work whose output Kafka refuses for good: the one record is found and rejected, the others are processed. */
import { TopicError } from "../../errors.js";
import type { KafkaError } from "../../kafka/kafka-error.js";
import { isForBatch, type Refusal, refusalOf, refusedRecord } from "../../kafka/refusal.js";
import { nextPosition, type Offset, partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { InputRecord } from "../../service-definition.js";
import { nextForm } from "../commit/dead-letter.js";
import type { Output } from "../commit/output.js";
import { type Rejection, recordName, type TaskRecord } from "../task/rejection.js";
import type { Task } from "../task/task.js";
import type { Processing } from "./record-processing.js";
import { RefusalSearch, type Suspects } from "./refusal-search.js";

export interface RefusedWorkOptions {
  readonly output: Output;
  readonly processing: Processing;
  readonly logger: Logger;
}

/** A record that was taken. */
interface Taken extends Suspects {
  readonly record: TaskRecord;
}

/** The work of one transaction. */
interface Work {
  /** Input records. */
  records: number;
  /** Of the record that was taken last: its task, and its place where it was read; topic is undefined where it was generated. */
  task: Task | undefined;
  topic: string | undefined;
  partition: number;
  offset: number;
}

/** All of the work of one transaction. */
interface WholeWork extends Readonly<Work> {
  /** Those that it is of: what others have done since is in no transaction yet. */
  readonly tasks: readonly Task[];
  /** How the record that was taken last was rejected; undefined where it was not. */
  readonly rejection: Rejection | undefined;
}

export class RefusedWork {
  readonly #options: RefusedWorkOptions;
  readonly #search = new RefusalSearch();
  #open: Work = noWork();
  #sealed: WholeWork | undefined;
  #hasReleased = false;

  constructor(options: RefusedWorkOptions) {
    this.#options = options;
  }

  /** Whether the open transaction is to end before another record is taken. */
  get isFull(): boolean {
    return this.#open.records >= this.#search.span || this.#options.output.failed;
  }

  /** Whether each transaction is to end before another record is taken: a record at fault is searched for, or was found just now. */
  get isCareful(): boolean {
    return Number.isFinite(this.#search.span) || this.#options.output.failed;
  }

  /** Most records to take at once: those that a search does not admit are fetched in vain. */
  most(records: number): number {
    return Math.min(records, Math.max(1, 4 * this.#search.span));
  }

  /** Whether a record may be taken now; one that may not is read again later. */
  admits({ topic, partition, offset }: InputRecord): boolean {
    return !this.#search.searching || this.#search.admits(partitionKey({ topic, partition }), offset);
  }

  /** A record is about to be processed. */
  take(task: Task, { topic, partition, offset }: InputRecord): void {
    const open = this.#open;
    open.records++;
    open.task = task;
    open.topic = topic;
    open.partition = partition;
    open.offset = offset;
  }

  /** How many records a source's task may generate now. */
  room(task: Task, records: number): number {
    const { span } = this.#search;
    return Math.max(0, Math.min(records, span - this.#open.records, this.#search.room(task.id, task.generated)));
  }

  /** A source's task has generated records. */
  generated(task: Task, records: number): void {
    if (records === 0) return;
    const open = this.#open;
    open.records += records;
    open.task = task;
    open.topic = undefined;
  }

  /** A commit of what these tasks have done so far begins. */
  seal(tasks: readonly Task[]): void {
    this.#sealed = this.#openWork(tasks);
    this.#open = noWork();
  }

  /** What is sealed is committed, in the tasks too. */
  committed(tasks: readonly Task[]): void {
    const records = this.#sealed?.records ?? 0;
    this.#sealed = undefined;
    const positions = this.#search.searching ? new Map(tasks.flatMap(linesOf).map(({ key, end }) => [key, end])) : NONE;
    if (this.#search.committed(records, (key) => positions.get(key))) this.#hasReleased = true;
  }

  /** Whether a search has ended, so that the records that had to wait for it are to be read again before any other. */
  get hasReleased(): boolean {
    return this.#hasReleased;
  }

  /** As {@link hasReleased}; true once. */
  takeReleased(): boolean {
    const hasReleased = this.#hasReleased;
    this.#hasReleased = false;
    return hasReleased;
  }

  /** What is not committed was dropped, for whatever reason. */
  aborted(): void {
    this.#open = noWork();
    this.#sealed = undefined;
  }

  /** Partitions come or go: a search ends. */
  forget(): void {
    if (this.#search.forget()) this.#hasReleased = true;
  }

  /**
   * A transaction was refused; to be called before it is dropped. Its records are processed again in another way. While a commit is
   * under way it is that one's: nothing of the open work has been handed over.
   * @throws {TopicError} nothing of a record can be kept, not even an envelope of its dead letter
   */
  refused(error: KafkaError, tasks: readonly Task[]): void {
    const refusal = refusalOf(error);
    if (refusal === undefined) return;
    const { output, logger } = this.#options;
    const work = this.#sealed ?? this.#openWork(tasks);
    const { records, task, rejection } = work;
    const fields = { topic: refusal.topic, reason: refusal.words };
    if (isForBatch(refusal)) {
      const batchBytes = output.shrinkBatches(records <= 1);
      if (batchBytes !== undefined) {
        logger.warn({ ...fields, batchBytes }, "a topic takes less than a batch: batches are smaller from now on");
        return;
      }
    }
    if (task === undefined) return;
    // It has not moved its task's position yet where the client itself refused what came of it.
    const last = takenOf(task, work);
    const suspects = [...work.tasks.flatMap(linesOf), last];
    if (this.#search.refused(records, suspects)) this.#reject(task, last.record, rejection, refusal);
    else {
      const { span } = this.#search;
      logger.warn({ ...fields, records, span }, "output refused: the record at fault is searched for");
    }
  }

  #openWork(tasks: readonly Task[]): WholeWork {
    const { rejection } = this.#options.processing;
    return { ...this.#open, tasks: tasks.filter(({ advanced }) => advanced), rejection };
  }

  /** @param before how the record was rejected already */
  #reject(task: Task, record: TaskRecord, before: Rejection | undefined, refusal: Refusal): void {
    const place = recordName(record);
    this.#options.processing.learn(refusal);
    const form = before === undefined ? "whole" : nextForm(before.form, refusal.code);
    if (form === undefined) throw hopeless(task, place, refusal);
    task.reject(record, { error: before?.error ?? refusedRecord(refusal), form });
    this.#options.logger.warn(
      { task: task.id, record: place, topic: refusal.topic, reason: refusal.words, form },
      "output of this record refused: it is rejected",
    );
  }
}

const noWork = (): Work => ({ records: 0, task: undefined, topic: undefined, partition: 0, offset: 0 });

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * Where a task stands in each of its inputs, or in its own records where it is a source's; while a commit is under way, where it
 * stood when that began.
 */
function linesOf(task: Task): Suspects[] {
  if (!task.isRunning()) return [];
  const { sealed } = task;
  if (task.source !== undefined) return [{ key: task.id, end: sealed?.generated ?? task.generated }];
  return task.inputPartitions.map(({ topic, partition }) => ({
    key: partitionKey({ topic, partition }),
    end: (sealed === undefined ? task.positions.get(topic) : sealed.positions[topic]) ?? 0,
  }));
}

/** The record of a task's work that was taken last. */
function takenOf(task: Task, { topic, partition, offset }: Readonly<Work>): Taken {
  if (topic === undefined)
    return { record: { kind: "generated", number: task.generated - 1 }, key: task.id, end: task.generated };
  return {
    record: { kind: "read", topic, offset },
    key: partitionKey({ topic, partition }),
    end: nextPosition(offset as Offset),
  };
}

function hopeless(task: Task, place: string, { topic = "a topic", words }: Refusal): TopicError {
  return new TopicError(
    `${task.id}: nothing of the record ${place} can be kept: ${topic} refuses even an envelope of its dead letter, with ` +
      `"${words}". Going on would lose it. Give ${topic} a configuration that takes it ` +
      `(kafka-configs --alter --entity-type topics --entity-name ${topic} --add-config ...), then start again.`,
  );
}
