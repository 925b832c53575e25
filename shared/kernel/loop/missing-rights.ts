/**
 * What Kafka does not allow this service while it runs. Work that it refuses is dropped and tried again, with growing pauses: each
 * attempt needs a new producer, and the rights come from a person who has to read about them first.
 */
import { KafkaError } from "../../kafka/kafka-error.js";

const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 10_000;
/** An attempt that was not refused within this time succeeded; a commit shows that at once. */
const TRIAL_MS = 5000;

export class MissingRights {
  #refusal: KafkaError | undefined;
  #waitMs = 0;
  /** When the next try is due. */
  #dueMs = Number.NEGATIVE_INFINITY;
  /** When the last try began, undefined before it. */
  #triedMs: number | undefined;

  /** What is missing, as Kafka says it; undefined where nothing is. */
  reason(nowMs: number): string | undefined {
    if (this.#triedMs !== undefined && nowMs - this.#triedMs > TRIAL_MS) this.granted();
    return this.#refusal?.message;
  }

  mayTry(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  /** Work failed. Only a refusal for want of a right counts. */
  failed(error: unknown, nowMs: number): void {
    if (!(error instanceof KafkaError) || !error.isForbidden) return;
    this.#refusal = error;
    this.#triedMs = undefined;
    // Several refusals may come of one try.
    if (!this.mayTry(nowMs)) return;
    this.#waitMs = Math.min(Math.max(WAIT_MIN_MS, 2 * this.#waitMs), WAIT_MAX_MS);
    this.#dueMs = nowMs + this.#waitMs;
  }

  /** Work is tried again. */
  tried(nowMs: number): void {
    if (this.#refusal !== undefined) this.#triedMs = nowMs;
  }

  /** Kafka has taken work. */
  granted(): void {
    this.#refusal = undefined;
    this.#triedMs = undefined;
    this.#waitMs = 0;
  }
}
