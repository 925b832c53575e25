/** Records that go to the dead letters: which they are, in which form, and those that a task is to reject when it meets them again. */
import type { RecordHeaders } from "../../service-definition.js";

/** A record that is rejected: one that was read, or one of a source's own, which never had a place in its topic. */
export interface RejectedRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders | undefined;
  readonly partition?: number;
  readonly offset?: number;
  readonly timestamp?: number;
}

/**
 * How much of a record its dead letter keeps: all; all but its timestamp, which the topic refuses; or its length and SHA-256
 * alone, where the topic refuses it. Headers tell the rest each time.
 */
export type LetterForm = "whole" | "restamped" | "envelope";

/** A record that is rejected whatever process() says of it. */
export interface Rejection {
  readonly error: Error;
  readonly form: LetterForm;
}

/** Which record of a task: one of an input by its offset, or one of a source's by its number among all that it generated. */
export type TaskRecord =
  | { readonly kind: "read"; readonly topic: string; readonly offset: number }
  | { readonly kind: "generated"; readonly number: number };

/** A record's name in logs and messages. */
export function recordName(record: TaskRecord): string {
  return record.kind === "read" ? `${record.topic}@${record.offset}` : String(record.number);
}

/**
 * Records of a task that failed in process() after they may have changed state, or whose output was refused: the transaction was
 * aborted, and they are rejected when they are processed again. They are kept until that is committed.
 */
export class Rejections {
  /** By topic and offset. */
  readonly #read = new Map<string, Map<number, Rejection>>();
  /** By number. */
  readonly #generated = new Map<number, Rejection>();

  add(record: TaskRecord, rejection: Rejection): void {
    if (record.kind === "generated") {
      this.#generated.set(record.number, rejection);
      return;
    }
    const ofTopic = this.#read.get(record.topic);
    if (ofTopic === undefined) this.#read.set(record.topic, new Map([[record.offset, rejection]]));
    else ofTopic.set(record.offset, rejection);
  }

  ofRead(topic: string, offset: number): Rejection | undefined {
    return this.#read.size === 0 ? undefined : this.#read.get(topic)?.get(offset);
  }

  ofGenerated(number: number): Rejection | undefined {
    return this.#generated.get(number);
  }

  /** Forgets all that is committed: what was read before these positions, and the first `generated` records of the source. */
  committed(positions: Readonly<Record<string, number>>, generated: number): void {
    for (const number of this.#generated.keys()) if (number < generated) this.#generated.delete(number);
    for (const [topic, ofTopic] of this.#read) {
      const position = positions[topic] ?? 0;
      for (const offset of ofTopic.keys()) if (offset < position) ofTopic.delete(offset);
      if (ofTopic.size === 0) this.#read.delete(topic);
    }
  }
}
