/** What becomes of work whose output Kafka refuses for good: the one record is found and rejected, the others are processed. */
import { TopicError } from "../../errors.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import type { KafkaError } from "../../kafka/kafka-error.js";
import { isForBatch, type Refusal, refusalOf, refusedRecord } from "../../kafka/refusal.js";
import { nextPosition, partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { nextForm } from "../commit/dead-letter.js";
import type { Output } from "../commit/output.js";
import { recordName, type TaskRecord } from "../task/rejection.js";
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

export class RefusedWork {
  readonly #options: RefusedWorkOptions;
  readonly #search = new RefusalSearch();
  /** Input records since the last commit. */
  #records = 0;
  /** Of the record that was taken last: its task, and the record itself where it was read. */
  #task: Task | undefined;
  #record: ConsumedRecord | undefined;

  constructor(options: RefusedWorkOptions) {
    this.#options = options;
  }

  /** Whether the open transaction is to end before another record is taken. */
  get isFull(): boolean {
    return this.#records >= this.#search.span || this.#options.output.failed;
  }

  /** Most records to take at once: those that a search does not admit are fetched in vain. */
  most(records: number): number {
    return Math.min(records, Math.max(1, 4 * this.#search.span));
  }

  /** Whether a record may be taken now; one that may not is read again later. */
  admits({ topic, partition, offset }: ConsumedRecord): boolean {
    return !this.#search.searching || this.#search.admits(partitionKey({ topic, partition }), offset);
  }

  /** A record is about to be processed. */
  take(task: Task, record: ConsumedRecord): void {
    this.#records++;
    this.#task = task;
    this.#record = record;
  }

  /** How many records a source's task may generate now. */
  room(task: Task, records: number): number {
    const { span } = this.#search;
    return Math.max(0, Math.min(records, span - this.#records, this.#search.room(task.id, task.generated)));
  }

  /** A source's task has generated records. */
  generated(task: Task, records: number): void {
    if (records === 0) return;
    this.#records += records;
    this.#task = task;
    this.#record = undefined;
  }

  /** @returns whether what had to wait is to be read again now */
  committed(tasks: readonly Task[]): boolean {
    const records = this.#records;
    this.#records = 0;
    const positions = this.#search.searching ? new Map(tasks.flatMap(linesOf).map(({ key, end }) => [key, end])) : NONE;
    return this.#search.committed(records, (key) => positions.get(key));
  }

  /** The open transaction was dropped, for whatever reason. */
  aborted(): void {
    this.#records = 0;
  }

  /** Partitions come or go. @returns whether what had to wait is to be read again now */
  forget(): boolean {
    return this.#search.forget();
  }

  /**
   * The open transaction was refused; to be called before it is dropped. Its records are processed again in another way.
   * @throws {TopicError} nothing of a record can be kept, not even an envelope of its dead letter
   */
  refused(error: KafkaError, tasks: readonly Task[]): void {
    const refusal = refusalOf(error);
    if (refusal === undefined) return;
    const { output, logger } = this.#options;
    const fields = { topic: refusal.topic, reason: refusal.words };
    if (isForBatch(refusal)) {
      const batchBytes = output.shrinkBatches(this.#records <= 1);
      if (batchBytes !== undefined) {
        logger.warn({ ...fields, batchBytes }, "a topic takes less than a batch: batches are smaller from now on");
        return;
      }
    }
    const task = this.#task;
    if (task === undefined) return;
    const last = takenOf(task, this.#record);
    if (this.#search.refused(this.#records, suspectsOf(tasks, last))) this.#reject(task, last.record, refusal);
    else {
      const { span } = this.#search;
      logger.warn({ ...fields, records: this.#records, span }, "output refused: the record at fault is searched for");
    }
  }

  #reject(task: Task, record: TaskRecord, refusal: Refusal): void {
    const place = recordName(record);
    this.#options.processing.learn(refusal);
    const before = this.#options.processing.rejection;
    const form = before === undefined ? "whole" : nextForm(before.form, refusal.code);
    if (form === undefined) throw hopeless(task, place, refusal);
    task.reject(record, { error: before?.error ?? refusedRecord(refusal), form });
    this.#options.logger.warn(
      { task: task.id, record: place, topic: refusal.topic, reason: refusal.words, form },
      "output of this record refused: it is rejected",
    );
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

/** Where a task stands in each of its inputs, or in its own records where it is a source's. */
function linesOf(task: Task): Suspects[] {
  if (!task.isRunning()) return [];
  if (task.source !== undefined) return [{ key: task.id, end: task.generated }];
  return task.inputPartitions.map(({ topic, partition }) => ({
    key: partitionKey({ topic, partition }),
    end: task.positions.get(topic) ?? 0,
  }));
}

/** @param record undefined where it is a source's own */
function takenOf(task: Task, record: ConsumedRecord | undefined): Taken {
  if (record === undefined)
    return { record: { kind: "generated", number: task.generated - 1 }, key: task.id, end: task.generated };
  const { topic, partition, offset } = record;
  return {
    record: { kind: "read", topic, offset },
    key: partitionKey({ topic, partition }),
    end: nextPosition(offset),
  };
}

/** @param last which has not moved its task's position yet where the client itself refused what came of it */
function suspectsOf(tasks: readonly Task[], last: Taken): Suspects[] {
  return [...tasks.filter(({ advanced }) => advanced).flatMap(linesOf), last];
}

function hopeless(task: Task, place: string, { topic = "a topic", words }: Refusal): TopicError {
  return new TopicError(
    `${task.id}: nothing of the record ${place} can be kept: ${topic} refuses even an envelope of its dead letter, with ` +
      `"${words}". Going on would lose it. Give ${topic} a configuration that takes it ` +
      `(kafka-configs --alter --entity-type topics --entity-name ${topic} --add-config ...), then start again.`,
  );
}
