/**
 * How far each changelog partition is known to be applied. Asked for every few seconds, beside the loop: an older watermark
 * only makes a restore replay more, never less than it must.
 */

import type { Admin } from "../../kafka/admin.js";
import { type Position, partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { RepeatedQuestion } from "../../repeated-question.js";

const REFRESH_MS = 5000;

export class Watermarks {
  readonly #admin: Admin;
  readonly #changelogs: readonly string[];
  readonly #logger: Logger;
  readonly #known = new Map<string, Position>();
  readonly #question = new RepeatedQuestion(REFRESH_MS);

  constructor(admin: Admin, changelogs: readonly string[], logger: Logger) {
    this.#admin = admin;
    this.#changelogs = changelogs;
    this.#logger = logger;
  }

  /**
   * Everything before this offset belongs to a commit that had ended, or was under way, when the answer came; a commit that
   * begins after that stands for all of it.
   */
  get(topic: string, partition: number): Position | undefined {
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
