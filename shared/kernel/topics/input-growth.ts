/**
 * Detects partitions that are added to inputs while a service runs. It has as many tasks as its changelogs have partitions, and
 * that does not change: the state of a series that moves to another partition stays where the series was. While each input has a
 * multiple of that number, every series is either where its state is or in an added partition. So the service continues with the
 * partitions it has and leaves the added ones unread. With any other number a task would get series without their state.
 */
import { TopicError } from "../../errors.js";
import type { Admin, TopicDescription } from "../../kafka/admin.js";
import type { Logger } from "../../logger.js";
import { RepeatedQuestion } from "../../repeated-question.js";
import type { KernelMetrics } from "../metrics.js";

const REFRESH_MS = 5000;

export interface InputGrowthOptions {
  readonly service: string;
  /** Topics that are read; none for a source. */
  readonly inputs: readonly string[];
  /** Partitions that are read of each of them. */
  readonly tasks: number;
  readonly admin: Admin;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class InputGrowth {
  readonly #options: InputGrowthOptions;
  /** Partitions of each input by the last answer. */
  readonly #partitions = new Map<string, number>();
  readonly #question = new RepeatedQuestion(REFRESH_MS);

  constructor(options: InputGrowthOptions) {
    this.#options = options;
  }

  /**
   * Asks Kafka when the last answer is old, beside the loop and once at a time.
   * @throws {TopicError} by the last answer series have moved among the partitions that are read
   */
  watch(): void {
    const { service, inputs, tasks, admin, logger } = this.#options;
    for (const [topic, partitions] of this.#partitions)
      if (partitions % tasks !== 0) throw movedError(service, topic, partitions, tasks);
    if (inputs.length === 0) return;
    this.#question.askWhenOld(
      async () => this.#update([...(await admin.describe(inputs)).values()]),
      (error) => logger.debug({ err: error }, "partitions of the inputs not known"),
    );
  }

  #update(found: readonly TopicDescription[]): void {
    const { service, tasks, metrics, logger } = this.#options;
    for (const { name: topic, partitions } of found) {
      const unread = Math.max(0, partitions - tasks);
      metrics.partitionsUnread.set({ topic }, unread);
      if (unread > 0 && this.#partitions.get(topic) !== partitions) {
        logger.error(
          { topic, partitions, read: tasks, unread },
          `partitions were added to an input and are not read: stop the service, then npm run repartition -- ${service}`,
        );
      }
      this.#partitions.set(topic, partitions);
    }
  }
}

/** The refusal of inputs whose series are not where their state is. */
export function movedError(service: string, topic: string, partitions: number, tasks: number): TopicError {
  return new TopicError(
    `${topic} has ${partitions} partitions, but the changelogs of ${service} have ${tasks}: series lie in other partitions than their ` +
      `state. With no instance running, npm run repartition -- ${service} moves the state to them. Or start under another APPLICATION_ID.`,
  );
}
