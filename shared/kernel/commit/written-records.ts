/** What was written and is not committed, as far as its counters and a refusal of it need to know. */
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

/** The records of the open work, and of that whose commit is under way. */
export class WrittenRecords {
  readonly limits = new TopicLimits();
  /** By topic. */
  #open = new Map<string, Written>();
  /** Undefined where no commit is under way. */
  #sealed: ReadonlyMap<string, Written> | undefined;

  /** @param bytes of key and value */
  add(topic: string, bytes: number, timestamp: number | undefined): void {
    const written = this.#open.get(topic);
    if (written === undefined) this.#open.set(topic, { records: 1, bytes, timestamp });
    else {
      written.records++;
      if (bytes > written.bytes) written.bytes = bytes;
    }
  }

  /** A commit of what was written so far begins. @param counter of results by topic; dead letters have one of their own */
  seal(counter: CommittedCounter<"topic">): void {
    for (const [topic, { records }] of this.#open) if (topic !== DEAD_LETTERS_TOPIC) counter.inc({ topic }, records);
    this.#sealed = this.#open;
    this.#open = new Map();
  }

  /** The commit has succeeded. */
  committed(): void {
    this.#sealed = undefined;
  }

  /** What was handed over came of one record, and was refused: the next record of the kind is rejected at once. */
  learn(refusal: Refusal): void {
    const { topic } = refusal;
    const written = topic === undefined ? undefined : (this.#sealed ?? this.#open).get(topic);
    if (written !== undefined) this.limits.learn(refusal, written.bytes, written.timestamp);
  }

  clear(): void {
    this.#open.clear();
    this.#sealed = undefined;
  }
}
