/**
 * Whether the inputs still have what is to be read next. Retention may delete records before they are read; a topic may be
 * truncated, or deleted and made again while the service runs. To read from wherever the log begins would lose records
 * in silence.
 */

import { isObservationsTopic } from "../../contract/topics.js";
import { TopicError } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import { type LogRange, type LogRanges, logRanges } from "../../kafka/log-range.js";
import { partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { RepeatedQuestion } from "../../repeated-question.js";
import type { KernelMetrics } from "../metrics.js";
import type { Task } from "./task.js";

const RANGE_REFRESH_MS = 5000;

/** What to do where input records are gone: ON_INPUT_LOSS. */
export interface InputWatchOptions {
  readonly admin: Admin;
  readonly onLoss: "stop" | "skip";
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

/** Compares the positions of tasks with what their inputs still have. */
export class InputWatch {
  readonly #options: InputWatchOptions;
  #ranges: LogRanges = new Map();
  readonly #question = new RepeatedQuestion(RANGE_REFRESH_MS);
  #lossSeen = false;
  /** By {@link partitionKey}: where a task was put after a loss. A rewind before the next commit reaches the same gap again; it is not counted twice. */
  readonly #skippedTo = new Map<string, number>();

  constructor(options: InputWatchOptions) {
    this.#options = options;
  }

  /**
   * Asks what the inputs of these tasks have, and waits for the answer.
   * @throws {KafkaError} the broker does not answer
   */
  async refresh(tasks: readonly Task[]): Promise<void> {
    this.#question.asked();
    this.#ranges = await logRanges(
      this.#options.admin,
      tasks.flatMap(({ inputPartitions }) => inputPartitions),
    );
    this.#lossSeen = false;
  }

  /** Asks when the last answer is old, beside the loop; see {@link lossSeen}. */
  refreshWhenOld(tasks: readonly Task[]): void {
    if (tasks.length === 0) return;
    this.#question.askWhenOld(
      () => this.#findLosses(tasks),
      (error) => this.#options.logger.debug({ err: error }, "ranges of the inputs not known"),
    );
  }

  async #findLosses(tasks: readonly Task[]): Promise<void> {
    // The answer is younger than these positions, so they must lie within it.
    const places = tasks.flatMap((task) =>
      task.inputs.map((topic) => ({ topic, partition: task.partition, position: task.positions.get(topic) })),
    );
    const ranges = await logRanges(this.#options.admin, places);
    this.#lossSeen ||= places.some((place) => !isWithin(place.position, ranges.get(partitionKey(place))));
  }

  /** Whether a position was found outside of its log since the last {@link refresh}. */
  get lossSeen(): boolean {
    return this.#lossSeen;
  }

  /** The client found no record at a position: that is checked at once. */
  outOfRange(): void {
    this.#lossSeen = true;
  }

  /**
   * Compares a task's positions with the last answer; where records are to be skipped, moves the positions.
   * @throws {TopicError} what is to be read next is not there
   */
  check(task: Task): void {
    for (const topic of task.inputs) {
      const position = task.positions.get(topic);
      const key = partitionKey({ topic, partition: task.partition });
      const range = this.#ranges.get(key);
      if (range === undefined) continue;
      if (position === undefined) {
        if (range.begin > 0) this.#checkFirstRead(task, topic, range);
        continue;
      }
      if (isWithin(position, range)) continue;
      if (position > range.end) throw truncatedError(task, topic, position, range);
      if (this.#options.onLoss === "stop") throw deletedError(task, topic, position, range);
      task.skipTo(topic, range.begin);
      const lost = this.#lostSince(position, key, range);
      if (lost <= 0) continue;
      this.#options.metrics.inputLost.inc({ topic, cause: "unread" }, lost);
      this.#options.logger.warn(
        { task: task.id, topic, partition: task.partition, position, begin: range.begin, lost },
        "input records were deleted before they were read: skipped",
      );
    }
  }

  /**
   * A group that has no position reads from the log's beginning, and that is gone. A topic of raw records may have any age: what
   * its owner let expire before this group came is no fault, and is logged and counted. Observations are the product's own: a
   * group that reads them for the first time relies on all of them.
   * @throws {TopicError} the beginning of a topic of observations is gone
   */
  #checkFirstRead(task: Task, topic: string, range: LogRange): void {
    const isOurs = isObservationsTopic(topic);
    if (isOurs && this.#options.onLoss === "stop") throw beginningError(task, topic, range);
    const lost = this.#lostSince(0, partitionKey({ topic, partition: task.partition }), range);
    if (lost <= 0) return;
    this.#options.metrics.inputLost.inc({ topic, cause: isOurs ? "unread" : "before-first-read" }, lost);
    this.#options.logger.warn(
      { task: task.id, topic, partition: task.partition, begin: range.begin, lost },
      "the beginning of an input was deleted before this group read it for the first time: it reads what is left",
    );
  }

  /** Offsets from `position` to the log's beginning that were not counted before. */
  #lostSince(position: number, key: string, { begin }: LogRange): number {
    const lost = begin - Math.max(position, this.#skippedTo.get(key) ?? position);
    if (lost > 0) this.#skippedTo.set(key, begin);
    return lost;
  }
}

function isWithin(position: number | undefined, range: LogRange | undefined): boolean {
  return range === undefined || position === undefined || (position >= range.begin && position <= range.end);
}

const truncatedError = ({ id, partition }: Task, topic: string, position: number, { end }: LogRange) =>
  new TopicError(
    `${id}: the next record is ${topic}[${partition}]@${position}, but that log ends at ${end}: it was truncated, or deleted and made again. ` +
      "Its offsets mean nothing to this state. Bring the topic back, or start under another APPLICATION_ID.",
  );

const beginningError = ({ id, partition }: Task, topic: string, { begin }: LogRange) =>
  new TopicError(
    `${id}: ${topic}[${partition}] is read for the first time, but that log begins at ${begin}: its observations before that were deleted ` +
      "(see retention.ms and retention.bytes of the topic). To begin with what is left set ON_INPUT_LOSS=skip.",
  );

const deletedError = ({ id, partition }: Task, topic: string, position: number, { begin }: LogRange) =>
  new TopicError(
    `${id}: the next record is ${topic}[${partition}]@${position}, but that log begins at ${begin}: ${begin - position} offsets were deleted ` +
      "before they were read (see retention.ms and retention.bytes of the topic). To go on without them set ON_INPUT_LOSS=skip.",
  );
