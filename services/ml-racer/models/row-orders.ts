/**
 * What a window of up to 32 rows looks like to every tree that is grown on it: the rows in order of each feature, and which
 * rows have equal values. Sets of rows are masks of 32 bits, row i being bit i.
 */

import { FEATURE_GAP } from "./regression-tree.js";
import type { TrainingSet } from "./regressor.js";

/** Most rows that a mask holds. */
export const MASK_ROWS_MAX = 32;

export class RowOrders {
  readonly features: number;
  readonly rows: number;
  /** Features × rows as float32: value of feature f in row i at `f * rows + i`. */
  readonly x: Float32Array;
  /** Features × rows: the rows in ascending order of the feature, equal values in order of the rows. */
  readonly order: Uint8Array;
  /** Features × rows: a row's place in that order. */
  readonly rank: Uint8Array;
  /** Features × rows: the rows that have the same value of the feature, the row itself among them. */
  readonly same: Int32Array;
  /** Per feature the rows that share their value with another row. */
  readonly tied: Int32Array;
  /** Per row the other rows that share a value of any feature with it. */
  readonly tiedWith: Int32Array;
  /** No two rows have equal values in any feature. */
  distinct = true;

  constructor(features: number, rows: number) {
    if (rows > MASK_ROWS_MAX) throw new RangeError(`expected at most ${MASK_ROWS_MAX} rows, got ${rows}`);
    this.features = features;
    this.rows = rows;
    this.x = new Float32Array(features * rows);
    this.order = new Uint8Array(features * rows);
    this.rank = new Uint8Array(features * rows);
    this.same = new Int32Array(features * rows);
    this.tied = new Int32Array(features);
    this.tiedWith = new Int32Array(rows);
  }

  /**
   * Takes in a training set.
   * @returns false where two values differ by no more than {@link FEATURE_GAP}: trees take such neighbours for equal although
   *   they sort apart, so that equality is no longer a matter of groups; then the orders must not be used
   */
  prepare({ features, rows, x }: TrainingSet): boolean {
    this.tied.fill(0);
    this.tiedWith.fill(0);
    for (let f = 0; f < features; f++) {
      const at = f * rows;
      for (let i = 0; i < rows; i++) this.x[at + i] = x[i * features + f];
      this.#sort(at);
      if (!this.#group(f)) return false;
    }
    this.distinct = this.tied.every((rowsTied) => rowsTied === 0);
    return true;
  }

  #sort(at: number): void {
    const { x, order, rank, rows } = this;
    for (let i = 0; i < rows; i++) {
      const value = x[at + i];
      let k = i;
      while (k > 0 && x[at + order[at + k - 1]] > value) {
        order[at + k] = order[at + k - 1];
        k--;
      }
      order[at + k] = i;
    }
    for (let k = 0; k < rows; k++) rank[at + order[at + k]] = k;
  }

  #group(f: number): boolean {
    const { x, order, same, rows } = this;
    const at = f * rows;
    let from = 0;
    let group = 1 << order[at];
    for (let k = 1; k <= rows; k++) {
      const previous = x[at + order[at + k - 1]];
      const isEqual = k < rows && x[at + order[at + k]] === previous;
      if (isEqual) {
        group |= 1 << order[at + k];
        continue;
      }
      if (k < rows && x[at + order[at + k]] <= Math.fround(previous + FEATURE_GAP)) return false;
      for (let member = from; member < k; member++) {
        const row = order[at + member];
        same[at + row] = group;
        if (k - from > 1) this.tiedWith[row] |= group & ~(1 << row);
      }
      if (k - from > 1) this.tied[f] |= group;
      from = k;
      if (k < rows) group = 1 << order[at + k];
    }
    return true;
  }

  /** Whether two rows of `mask` have equal values of feature f. */
  hasTies(f: number, mask: number): boolean {
    const at = f * this.rows;
    for (let left = mask & this.tied[f]; left !== 0; left &= left - 1) {
      const row = 31 - Math.clz32(left & -left);
      if ((this.same[at + row] & mask) !== 1 << row) return true;
    }
    return false;
  }

  /** Whether two rows of `mask` have equal values in any feature. */
  hasAnyTies(mask: number): boolean {
    if (this.distinct) return false;
    for (let left = mask; left !== 0; left &= left - 1) {
      if ((this.tiedWith[31 - Math.clz32(left & -left)] & mask) !== 0) return true;
    }
    return false;
  }
}
