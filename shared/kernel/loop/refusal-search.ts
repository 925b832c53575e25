/**
 * Finds the input record whose output Kafka refuses. A refusal concerns a whole transaction, so its records are processed again in
 * smaller ones: of n records the one is found by about log2 n transactions. Only the refused records are processed meanwhile:
 * records that arrive later could hide the one for ever.
 */

/** Records that the refused transaction had of one partition (of one task of a source): those before `end`. */
export interface Suspects {
  readonly key: string;
  /** A position: the next record's after the last. */
  readonly end: number;
}

/** Transactions of one record after one was found: a bad record seldom comes alone. */
const ALONE = 8;
/** A transaction of this many records is as good as one without a bound. */
const SPAN_MAX = 10_000;

export class RefusalSearch {
  #suspects = new Map<string, number>();
  /** Suspects that are not committed. */
  #left = 0;
  #span = Number.POSITIVE_INFINITY;
  #alone = 0;

  /** Whether the records of a refused transaction are being gone through. */
  get searching(): boolean {
    return this.#suspects.size > 0;
  }

  /** Most input records of the next transaction. */
  get span(): number {
    return this.#span;
  }

  /** Whether a record's turn has come: during a search only those of the refused transaction. */
  admits(key: string, position: number): boolean {
    return !this.searching || position < (this.#suspects.get(key) ?? 0);
  }

  /** How many records may be asked of a source that stands at `position`. */
  room(key: string, position: number): number {
    return this.searching ? Math.max(0, (this.#suspects.get(key) ?? 0) - position) : Number.POSITIVE_INFINITY;
  }

  /**
   * A transaction was refused.
   * @param records its input records
   * @returns whether that was one alone, so that it is found
   */
  refused(records: number, suspects: readonly Suspects[]): boolean {
    if (records <= 1) {
      this.#suspects.clear();
      this.#span = 1;
      this.#alone = ALONE;
      return true;
    }
    this.#suspects = new Map(suspects.map(({ key, end }) => [key, end]));
    this.#left = records;
    this.#halve();
    return false;
  }

  /**
   * A transaction was committed.
   * @param records    its input records
   * @param positionOf where a partition, or a source's task, stands now; undefined where it is gone
   * @returns whether a search has ended by it, so that what had to wait is to be read again
   */
  committed(records: number, positionOf: (key: string) => number | undefined): boolean {
    if (!this.searching) {
      if (this.#alone > 0) this.#alone--;
      else this.#span = 2 * this.#span > SPAN_MAX ? Number.POSITIVE_INFINITY : 2 * this.#span;
      return false;
    }
    this.#left -= records;
    for (const [key, end] of this.#suspects) {
      const position = positionOf(key);
      if (position === undefined || position >= end) this.#suspects.delete(key);
    }
    if (this.searching) this.#halve();
    return !this.searching;
  }

  /** Partitions have come or gone. @returns whether that has ended a search, so that what had to wait is to be read again */
  forget(): boolean {
    const { searching } = this;
    this.#suspects.clear();
    return searching;
  }

  #halve(): void {
    this.#span = Math.max(1, Math.floor(this.#left / 2));
  }
}
