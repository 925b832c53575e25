/**
 * The rows of a tree's nodes in scikit-learn's order. A split search sorts the rows by one feature after another, and only
 * equal values keep a trace of the sorts before; so an order is made only when a sum depends on it.
 */
import type { FeatureDraws } from "./feature-draws.js";
import type { RowOrders } from "./row-orders.js";
import { INSERTION_LENGTH_MAX, sortSamples } from "./sample-sort.js";

export class NodeSamples {
  /** A node is a slice of these rows. */
  readonly samples: Int32Array;
  /** Where {@link NodeSamples.arrange} leaves an order, in the node's slice. */
  readonly arranged: Int32Array;
  readonly #orders: RowOrders;
  readonly #draws: FeatureDraws;
  readonly #values: Float32Array;
  readonly #place: Uint8Array;

  constructor(orders: RowOrders, draws: FeatureDraws) {
    this.#orders = orders;
    this.#draws = draws;
    this.samples = new Int32Array(orders.rows);
    this.arranged = new Int32Array(orders.rows);
    this.#values = new Float32Array(orders.rows);
    this.#place = new Uint8Array(orders.rows);
  }

  /**
   * Writes the order that the search at hand leaves after its visit `visit` (0 is the first) to {@link NodeSamples.arranged}.
   * @param lists features × rows: the node's rows sorted by each feature, equal values in any order
   * @param mask  the node's rows
   */
  arrange(lists: Uint8Array, start: number, end: number, mask: number, visit: number): void {
    const { visits, at } = this.#draws;
    const feature = visits[at + visit];
    if ((this.#orders.tied[feature] & mask) === 0 || !this.#orders.hasTies(feature, mask)) {
      this.#copyList(lists, feature, start, end);
    } else if (end - start <= INSERTION_LENGTH_MAX) this.#arrangeStably(lists, start, end, visit);
    else this.#arrangeBySorts(lists, start, end, mask, visit);
  }

  #copyList(lists: Uint8Array, feature: number, start: number, end: number): void {
    const offset = feature * this.#orders.rows;
    for (let p = start; p < end; p++) this.arranged[p] = lists[offset + p];
  }

  /** A short slice is sorted stably: rows of equal values stand as the visits before have left them. */
  #arrangeStably(lists: Uint8Array, start: number, end: number, visit: number): void {
    const { rows, same } = this.#orders;
    const { arranged, samples } = this;
    for (let p = start; p < end; p++) this.#place[samples[p]] = p;
    const offset = this.#draws.visits[this.#draws.at + visit] * rows;
    for (let p = start; p < end; p++) {
      const row = lists[offset + p];
      const equal = same[offset + row];
      let q = p;
      while (q > start && (equal >>> arranged[q - 1]) & 1 && this.#comesBefore(row, arranged[q - 1], visit - 1)) {
        arranged[q] = arranged[q - 1];
        q--;
      }
      arranged[q] = row;
    }
  }

  #comesBefore(a: number, b: number, visit: number): boolean {
    const { rows, same, rank } = this.#orders;
    const { visits, at } = this.#draws;
    for (let v = visit; v >= 0; v--) {
      const offset = visits[at + v] * rows;
      if (((same[offset + a] >>> b) & 1) === 0) return rank[offset + a] < rank[offset + b];
    }
    return this.#place[a] < this.#place[b];
  }

  /** A longer slice is not sorted stably: the sorts since the last feature without equal values are repeated. */
  #arrangeBySorts(lists: Uint8Array, start: number, end: number, mask: number, visit: number): void {
    const { rows, x } = this.#orders;
    const { visits, at } = this.#draws;
    const { arranged, samples } = this;
    let first = visit - 1;
    while (first >= 0 && this.#orders.hasTies(visits[at + first], mask)) first--;
    if (first >= 0) this.#copyList(lists, visits[at + first], start, end);
    else for (let p = start; p < end; p++) arranged[p] = samples[p];
    for (let v = first + 1; v <= visit; v++) {
      const offset = visits[at + v] * rows;
      for (let p = start; p < end; p++) this.#values[p] = x[offset + arranged[p]];
      sortSamples(this.#values, arranged, start, end - start);
    }
  }

  /** Two pointers on {@link NodeSamples.arranged}: the rows of `left` come first, and the node's slice is written anew. */
  partition(start: number, end: number, left: number): void {
    const { arranged, samples } = this;
    let from = start;
    let to = end;
    while (from < to) {
      const row = arranged[from];
      if ((left >>> row) & 1) samples[from++] = row;
      else {
        to--;
        arranged[from] = arranged[to];
        samples[to] = row;
      }
    }
  }
}
