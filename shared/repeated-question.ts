/**
 * Questions that are asked again and again beside other work. Each may wait for a broker or a disk that does not answer: it is
 * never asked twice at once, and who wants the answer waits for a limited time.
 */
import { setTimeout as delay } from "node:timers/promises";

/** Asked when its last answer is old. */
export class RepeatedQuestion {
  readonly #everyMs: number;
  #asking = false;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Asks where the last question is old and has been answered; nothing waits for it. */
  askWhenOld(ask: () => Promise<void>, onFailure: (error: unknown) => void): void {
    if (this.#asking || performance.now() - this.#askedMs < this.#everyMs) return;
    this.#asking = true;
    this.asked();
    ask()
      .catch(onFailure)
      .finally(() => {
        this.#asking = false;
      });
  }

  /** It was asked otherwise just now. */
  asked(): void {
    this.#askedMs = performance.now();
  }
}

/** The answers to a question that several may ask while one answer is late. */
export class SharedQuestion<T> {
  readonly #ask: () => Promise<T>;
  readonly #limitMs: number;
  #underWay: Promise<void> | undefined;
  #newest: T | undefined;

  /** @param limitMs longest that anybody waits */
  constructor(ask: () => Promise<T>, limitMs: number) {
    this.#ask = ask;
    this.#limitMs = limitMs;
  }

  /** Asks, or takes part in the question under way. @returns undefined where the answer is late, or asking failed */
  async answer(): Promise<T | undefined> {
    return (await this.#answered()) ? this.#newest : undefined;
  }

  /** As {@link answer}, but where that is late the last one before. */
  async newest(): Promise<T | undefined> {
    await this.#answered();
    return this.#newest;
  }

  #answered(): Promise<boolean> {
    this.#underWay ??= this.#renew();
    const late = delay(this.#limitMs, false, { ref: false });
    return Promise.race([this.#underWay.then(() => true), late]);
  }

  async #renew(): Promise<void> {
    try {
      this.#newest = await this.#ask();
    } catch {
      // Whoever wants to know asks again soon.
      this.#newest = undefined;
    } finally {
      this.#underWay = undefined;
    }
  }
}
