/**
 * Up to where each changelog partition is surely applied to the folder of the task that writes it. Kafka is asked every few seconds,
 * beside the loop: an older answer only makes a restore read more, never less than it must.
 */

import type { Admin } from "../../kafka/admin.js";
import { type Position, partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { RepeatedQuestion } from "../../repeated-question.js";

const REFRESH_MS = 5000;

/** The positions of all changelogs that this process writes. */
export class AppliedPositions {
  readonly #admin: Admin;
  readonly #changelogs: readonly string[];
  readonly #logger: Logger;
  /** Last stable offsets, by {@link partitionKey}. */
  readonly #known = new Map<string, Position>();
  readonly #question = new RepeatedQuestion(REFRESH_MS);

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

  /** Asks when the last answer is old; called after a commit, never waited for. */
  refreshWhenOld(partitions: readonly number[]): void {
    this.#question.askWhenOld(
      () => this.#refresh(partitions),
      (error) => this.#logger.debug({ err: error }, "watermarks not known"),
    );
  }

  async #refresh(partitions: readonly number[]): Promise<void> {
    const asked: TopicPartition[] = this.#changelogs.flatMap((topic) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    for (const end of await this.#admin.ends(asked, "committed")) this.#known.set(partitionKey(end), end.position);
  }
}
