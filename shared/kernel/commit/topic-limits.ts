/**
 * What topics were seen to refuse, so that another record of the kind is rejected before it costs a transaction: a refusal takes
 * the better part of a second, and bad records seldom come alone.
 */
import { KafkaCode } from "../../kafka/kafka-error.js";
import type { Refusal } from "../../kafka/refusal.js";

/** What was learned is tried again after this time: somebody may have given the topic another configuration. */
const VALID_MS = 60_000;

interface Limit {
  readonly refusal: Refusal;
  /** The least that is refused: a size in bytes, or how far from the present a timestamp lies in the past or in the future, in ms. */
  readonly least: number;
  readonly untilMs: number;
}

type Kind = "bytes" | "past" | "future";

/** What each topic was seen to refuse. */
export class TopicLimits {
  readonly #limits = new Map<string, Map<Kind, Limit>>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /**
   * One record alone was refused. What is refused for another cause than its size or timestamp teaches nothing.
   * @param bytes     of key and value
   * @param timestamp undefined where it is stamped when it is written
   */
  learn(refusal: Refusal, bytes: number, timestamp: number | undefined): void {
    const { topic } = refusal;
    const nowMs = this.#nowMs();
    const kind = kindOf(refusal.code, timestamp, nowMs);
    if (topic === undefined || kind === undefined) return;
    const limits = this.#limits.get(topic) ?? new Map<Kind, Limit>();
    this.#limits.set(topic, limits);
    const least = measure(kind, bytes, timestamp, nowMs);
    const known = limits.get(kind)?.least ?? Number.POSITIVE_INFINITY;
    limits.set(kind, { refusal, least: Math.min(least, known), untilMs: nowMs + VALID_MS });
  }

  /** How the topic refused a record that was no worse than this one; undefined where it did not. */
  refusal(topic: string, bytes: number, timestamp: number | undefined): Refusal | undefined {
    if (this.#limits.size === 0) return undefined;
    const limits = this.#limits.get(topic);
    if (limits === undefined) return undefined;
    const nowMs = this.#nowMs();
    for (const [kind, { refusal, least, untilMs }] of limits) {
      if (nowMs >= untilMs) this.#forget(topic, kind);
      else if (measure(kind, bytes, timestamp, nowMs) >= least) return refusal;
    }
    return undefined;
  }

  #forget(topic: string, kind: Kind): void {
    const limits = this.#limits.get(topic);
    limits?.delete(kind);
    if (limits?.size === 0) this.#limits.delete(topic);
  }
}

function kindOf(code: number, timestamp: number | undefined, nowMs: number): Kind | undefined {
  if (code === KafkaCode.MSG_SIZE_TOO_LARGE || code === KafkaCode.RECORD_LIST_TOO_LARGE) return "bytes";
  if (code !== KafkaCode.INVALID_TIMESTAMP || timestamp === undefined) return undefined;
  return timestamp <= nowMs ? "past" : "future";
}

function measure(kind: Kind, bytes: number, timestamp: number | undefined, nowMs: number): number {
  if (kind === "bytes") return bytes;
  if (timestamp === undefined) return Number.NEGATIVE_INFINITY;
  return kind === "past" ? nowMs - timestamp : timestamp - nowMs;
}
