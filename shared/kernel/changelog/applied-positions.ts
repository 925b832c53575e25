/**
 * Up to where each changelog partition is surely applied to the folder of the task that writes it. Kafka is asked every few seconds,
 * beside the loop: an older answer only makes a restore read more, never less than it must.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "../../kafka/admin.js";
import { type Position, partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { RepeatedQuestion } from "../../repeated-question.js";

const REFRESH_MS = 5000;
/** Longest that a service which stops waits for an answer. */
const LAST_ANSWER_MS = 1000;

/** The positions of all changelogs that this process writes. */
export class AppliedPositions {
  readonly #admin: Admin;
  readonly #changelogs: readonly string[];
  readonly #logger: Logger;
  /** Last stable offsets, by {@link partitionKey}. */
  readonly #known = new Map<string, Position>();
  readonly #question = new RepeatedQuestion(REFRESH_MS);
  /** Whether commits have ended since Kafka was asked. */
  #isBehind = false;

  constructor(admin: Admin, changelogs: readonly string[], logger: Logger) {
    this.#admin = admin;
    this.#changelogs = changelogs;
    this.#logger = logger;
  }

  /**
   * Everything before this offset belongs to a commit that had ended, or was under way, when the answer came; a commit that
   * begins after that stands for all of it. Undefined before the first answer.
   */
  of(topic: string, partition: number): Position | undefined {
    return this.#known.get(partitionKey({ topic, partition }));
  }

  /** A commit has ended. */
  committed(): void {
    this.#isBehind = true;
  }

  /** Asks where commits have ended since, and the last answer is old; never waited for. */
  refreshWhenOld(partitions: readonly number[]): void {
    if (!this.#isBehind) return;
    this.#question.askWhenOld(
      () => this.#refresh(partitions),
      (error) => this.#failed(error),
    );
  }

  /** Asks where commits have ended since. @returns once it is known, or the answer is late */
  async refresh(partitions: readonly number[]): Promise<void> {
    if (!this.#isBehind) return;
    const known = this.#refresh(partitions).catch((error) => this.#failed(error));
    await Promise.race([known, delay(LAST_ANSWER_MS, undefined, { ref: false })]);
  }

  async #refresh(partitions: readonly number[]): Promise<void> {
    this.#isBehind = false;
    const asked: TopicPartition[] = this.#changelogs.flatMap((topic) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    for (const end of await this.#admin.ends(asked, "committed")) this.#known.set(partitionKey(end), end.position);
  }

  #failed(error: unknown): void {
    this.#isBehind = true;
    this.#logger.debug({ err: error }, "watermarks not known");
  }
}
