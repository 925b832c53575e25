/** What was written since the last commit, as far as its counters and a refusal of it need to know. */
import type { CommittedCounter } from "../../committed-counter.js";
import { DEAD_LETTERS_TOPIC } from "../../contract/topics.js";
import type { Refusal } from "../../kafka/refusal.js";
import { TopicLimits } from "./topic-limits.js";

interface Written {
  records: number;
  /** Of the largest record, key and value. */
  bytes: number;
  /** Of the first record. */
  readonly timestamp: number | undefined;
}

/** The records of the open transaction, by topic. */
export class WrittenRecords {
  readonly limits = new TopicLimits();
  readonly #topics = new Map<string, Written>();

  /** @param bytes of key and value */
  add(topic: string, bytes: number, timestamp: number | undefined): void {
    const written = this.#topics.get(topic);
    if (written === undefined) this.#topics.set(topic, { records: 1, bytes, timestamp });
    else {
      written.records++;
      if (bytes > written.bytes) written.bytes = bytes;
    }
  }

  /** Counts results by topic; dead letters have a counter of their own. */
  count(counter: CommittedCounter<"topic">): void {
    for (const [topic, { records }] of this.#topics) if (topic !== DEAD_LETTERS_TOPIC) counter.inc({ topic }, records);
  }

  /** All of it came of one record, and was refused: the next record of the kind is rejected at once. */
  learn(refusal: Refusal): void {
    const written = refusal.topic === undefined ? undefined : this.#topics.get(refusal.topic);
    if (written !== undefined) this.limits.learn(refusal, written.bytes, written.timestamp);
  }

  clear(): void {
    this.#topics.clear();
  }
}
