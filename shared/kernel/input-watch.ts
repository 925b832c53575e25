/**
 * Whether the inputs still have what is to be read next. Retention may delete records before they are read; a topic may be
 * truncated, or deleted and made again while the service runs. Reading on from wherever the log begins would lose records
 * in silence.
 */
import { TopicError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { Admin } from "./kafka-admin.js";
import { type LogRange, type LogRanges, logRanges } from "./log-range.js";
import type { KernelMetrics } from "./metrics.js";
import { partitionKey } from "./partition-key.js";
import type { Task } from "./task.js";

const LOOK_MS = 5000;

export interface InputWatchOptions {
  readonly admin: Admin;
  readonly onLoss: "stop" | "skip";
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class InputWatch {
  readonly #o: InputWatchOptions;
  #ranges: LogRanges = new Map();
  #askedMs = Number.NEGATIVE_INFINITY;
  #lossSeen = false;
  /** Where reading went on after a loss, by {@link partitionKey}: until that is committed it may be come to again. */
  readonly #skippedTo = new Map<string, number>();

  constructor(options: InputWatchOptions) {
    this.#o = options;
  }

  /**
   * Asks what the inputs of these tasks have, and waits for the answer.
   * @throws {KafkaError} the broker does not answer
   */
  async ask(tasks: readonly Task[]): Promise<void> {
    this.#askedMs = performance.now();
    this.#ranges = await logRanges(
      this.#o.admin,
      tasks.flatMap(({ inputPartitions }) => inputPartitions),
    );
    this.#lossSeen = false;
  }

  /** Asks when the last answer is old, beside the loop. */
  askWhenOld(tasks: readonly Task[]): void {
    if (performance.now() - this.#askedMs < LOOK_MS || tasks.length === 0) return;
    this.#askedMs = performance.now();
    // The answer is younger than these positions, so they must lie within it.
    const places = tasks.flatMap((task) =>
      task.inputs.map((topic) => ({ topic, partition: task.partition, position: task.positions.get(topic) })),
    );
    logRanges(this.#o.admin, places).then(
      (ranges) => {
        this.#lossSeen ||= places.some((place) => !isWithin(place.position, ranges.get(partitionKey(place))));
      },
      (error: unknown) => this.#o.logger.debug({ err: error }, "ranges of the inputs not known"),
    );
  }

  /** Whether a position was found outside of its log since the last {@link ask}. */
  get lossSeen(): boolean {
    return this.#lossSeen;
  }

  /** The client found no record at a position: it is looked into at once. */
  suspect(): void {
    this.#lossSeen = true;
  }

  /**
   * Compares a task's positions with the last answer; where records are to be skipped, moves them on.
   * @throws {TopicError} what is to be read next is not there
   */
  check(task: Task): void {
    for (const topic of task.inputs) {
      const position = task.positions.get(topic);
      const key = partitionKey({ topic, partition: task.partition });
      const range = this.#ranges.get(key);
      if (range === undefined || position === undefined || isWithin(position, range)) continue;
      if (position > range.end) throw truncatedError(task, topic, position, range);
      if (this.#o.onLoss === "stop") throw deletedError(task, topic, position, range);
      task.positions.set(topic, range.begin);
      const lost = range.begin - Math.max(position, this.#skippedTo.get(key) ?? position);
      if (lost <= 0) continue;
      this.#skippedTo.set(key, range.begin);
      this.#o.metrics.inputLost.inc({ topic }, lost);
      this.#o.logger.warn(
        { task: task.id, topic, partition: task.partition, position, begin: range.begin, lost },
        "input records were deleted before they were read: skipped",
      );
    }
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

const deletedError = ({ id, partition }: Task, topic: string, position: number, { begin }: LogRange) =>
  new TopicError(
    `${id}: the next record is ${topic}[${partition}]@${position}, but that log begins at ${begin}: ${begin - position} offsets were deleted ` +
      "before they were read (see retention.ms and retention.bytes of the topic). To go on without them set ON_INPUT_LOSS=skip.",
  );
