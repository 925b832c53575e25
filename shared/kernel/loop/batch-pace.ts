/**
 * How many records the loop takes at once: as many as it can process in a moment. A rebalance, a stop and the polls that a
 * membership lives by wait for the end of a batch, so a slow model must have short ones; the rest waits in the broker.
 */

/** What a batch should take, in ms. */
const BATCH_MS = 250;
/** Most records of a batch. */
export const BATCH_RECORDS_MAX = 2000;
/** From one batch to the next: a pause of the broker must not slow the loop down for long, and one fast batch is no rule. */
const GROWTH_MAX = 4;

export class BatchPace {
  readonly #least: number;
  #records: number;

  /** @param least records that are worked on side by side: fewer would leave threads idle */
  constructor(least: number) {
    this.#least = Math.min(least, BATCH_RECORDS_MAX);
    this.#records = this.#least;
  }

  /** Starts again with the fewest: a batch that killed a thread may only have been too much at once. */
  restart(): void {
    this.#records = this.#least;
  }

  /** Most records of the next batch: 1 to {@link BATCH_RECORDS_MAX}. */
  get records(): number {
    return this.#records;
  }

  /** Learns from a batch of one record or more. @param elapsedMs what it took, commits included */
  learn(records: number, elapsedMs: number): void {
    const fitting = Math.floor((BATCH_MS * records) / Math.max(elapsedMs, Number.MIN_VALUE));
    const most = Math.min(GROWTH_MAX * this.#records, BATCH_RECORDS_MAX);
    this.#records = Math.max(this.#least, Math.min(fitting, most));
  }
}
