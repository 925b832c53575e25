/**
 * What keeps a service from its work while it runs, and only somebody else can mend: a right that Kafka does not give it, a schema
 * registry that is away. The work is dropped and tried again, with growing pauses: each attempt without a right needs a new producer,
 * and a person has to read about it first.
 */
import { AwayError } from "../../errors.js";
import { KafkaError } from "../../kafka/kafka-error.js";

const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 10_000;
/** An attempt that was not refused within this time succeeded; a commit shows that at once. */
const TRIAL_MS = 5000;
/** The same of what is away: an attempt may wait for the answer of several addresses. */
const AWAY_TRIAL_MS = 60_000;

export class Hindrance {
  #error: KafkaError | AwayError | undefined;
  #waitMs = 0;
  /** When the next try is due. */
  #dueMs = Number.NEGATIVE_INFINITY;
  /** When the last try began, undefined before it. */
  #triedMs: number | undefined;

  /** What it is, as a sentence; undefined where there is none. */
  reason(nowMs: number): string | undefined {
    const trialMs = this.#error instanceof AwayError ? AWAY_TRIAL_MS : TRIAL_MS;
    if (this.#triedMs !== undefined && nowMs - this.#triedMs > trialMs) this.granted();
    if (this.#error === undefined) return undefined;
    return this.#error instanceof AwayError ? this.#error.message : `Kafka does not allow it: ${this.#error.message}`;
  }

  mayTry(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  /** Work failed. Only a want of a right, and what is away, count. */
  failed(error: unknown, nowMs: number): void {
    if (!(error instanceof AwayError) && !(error instanceof KafkaError && error.isForbidden)) return;
    this.#error = error;
    this.#triedMs = undefined;
    // Several refusals may come of one try.
    if (!this.mayTry(nowMs)) return;
    this.#waitMs = Math.min(Math.max(WAIT_MIN_MS, 2 * this.#waitMs), WAIT_MAX_MS);
    this.#dueMs = nowMs + this.#waitMs;
  }

  /** Work is tried again. */
  tried(nowMs: number): void {
    if (this.#error !== undefined) this.#triedMs = nowMs;
  }

  /** Kafka has taken work. */
  granted(): void {
    this.#error = undefined;
    this.#triedMs = undefined;
    this.#waitMs = 0;
  }
}
