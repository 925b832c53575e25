/**
 * The order in which each split search visits the features. It depends on the data only through features that are constant
 * in a node: until a tree meets one, the order of its k-th search is a constant of (seed, n), and is looked up.
 */
import { nextSplitterState } from "./regression-tree.js";
import type { RowOrders } from "./row-orders.js";

/** Largest table of orders, in bytes; see {@link drawTableBytes}. */
export const DRAW_TABLE_BYTES_MAX = 2 ** 26;

/** Most features of a table: an entry is a byte. */
export const DRAW_FEATURES_MAX = 256;

/** Bytes of the table of `trees` trees of up to `searches` searches each. */
export function drawTableBytes(features: number, trees: number, searches: number): number {
  return trees * searches * (features + Uint32Array.BYTES_PER_ELEMENT);
}

export class FeatureDraws {
  /** The search at hand visited `visits[at]` first, then `visits[at + 1]`, and so on: `count` features, none constant. */
  readonly visits: Uint8Array;
  at = 0;
  count = 0;
  readonly #features: number;
  readonly #searches: number;
  /** Trees × searches: the generator's state before the search. */
  readonly #states: Uint32Array;
  /** Where in `visits` a search that is not looked up leaves its order. */
  readonly #own: number;
  readonly #order: Uint8Array;
  readonly #constants: Uint8Array;
  #state = 0;
  #isLookedUp = true;
  #tree = 0;
  #search = 0;

  /**
   * @param seeds    per tree the state of the splitter's generator
   * @param searches most searches of one tree
   */
  constructor(features: number, seeds: Uint32Array, searches: number) {
    this.#features = features;
    this.#searches = searches;
    this.#own = seeds.length * searches * features;
    this.visits = new Uint8Array(this.#own + features);
    this.#states = new Uint32Array(seeds.length * searches);
    this.#order = new Uint8Array(features);
    this.#constants = new Uint8Array(features);
    for (let tree = 0; tree < seeds.length; tree++) this.#tabulate(tree, seeds[tree]);
  }

  /** Goes to the first search of a tree. */
  begin(tree: number): void {
    this.#tree = tree;
    this.#search = 0;
    this.#isLookedUp = true;
  }

  /** The next search, of a node in which no feature is constant. */
  next(): void {
    this.count = this.#features;
    if (this.#isLookedUp) {
      this.at = (this.#tree * this.#searches + this.#search) * this.#features;
      this.#search++;
    } else {
      this.at = this.#own;
      this.#shuffle(this.#own);
    }
  }

  /**
   * The next search, of a node with the rows `mask`, whose first `known` features in order are constant already.
   * @returns how many features are known to be constant afterwards
   */
  nextAmongConstants(orders: RowOrders, mask: number, known: number): number {
    if (known === 0 && !this.#hasConstant(orders, mask)) {
      this.next();
      return 0;
    }
    if (this.#isLookedUp) this.#leaveTable();
    return this.#draw(orders, mask, known);
  }

  /** Passes over searches of nodes in which no feature is constant. */
  skip(searches: number): void {
    if (this.#isLookedUp) this.#search += searches;
    else for (let k = 0; k < searches; k++) this.#shuffle(this.#own);
  }

  #tabulate(tree: number, seed: number): void {
    this.#state = seed;
    for (let f = 0; f < this.#features; f++) this.#order[f] = f;
    for (let search = 0; search < this.#searches; search++) {
      this.#states[tree * this.#searches + search] = this.#state;
      this.#shuffle((tree * this.#searches + search) * this.#features);
    }
  }

  /** Takes up generator and order where the table stands. A search leaves its first feature last in the order. */
  #leaveTable(): void {
    const entry = this.#tree * this.#searches + this.#search;
    const n = this.#features;
    this.#isLookedUp = false;
    this.#state = this.#states[entry];
    for (let f = 0; f < n; f++) this.#order[f] = this.#search === 0 ? f : this.visits[entry * n - 1 - f];
  }

  #hasConstant(orders: RowOrders, mask: number): boolean {
    const row = 31 - Math.clz32(mask);
    for (let f = 0; f < this.#features; f++) {
      if ((orders.same[f * orders.rows + row] & mask) === mask) return true;
    }
    return false;
  }

  /** A search without constants: Fisher and Yates' shuffle. */
  #shuffle(target: number): void {
    const order = this.#order;
    for (let undrawn = this.#features; undrawn > 0; undrawn--) {
      this.#state = nextSplitterState(this.#state);
      const j = (this.#state & 0x7fffffff) % undrawn;
      const feature = order[j];
      order[j] = order[undrawn - 1];
      order[undrawn - 1] = feature;
      this.visits[target++] = feature;
    }
  }

  /** A search among constants; scikit-learn gathers them at the front of the order, known ones first. */
  #draw(orders: RowOrders, mask: number, known: number): number {
    const { same, rows } = orders;
    const order = this.#order;
    const row = 31 - Math.clz32(mask);
    let undrawn = this.#features;
    let found = 0;
    let drawn = 0;
    let visited = 0;
    this.at = this.#own;
    this.count = 0;
    while (undrawn > known + found && (visited < this.#features || visited <= found + drawn)) {
      visited++;
      this.#state = nextSplitterState(this.#state);
      let j = drawn + ((this.#state & 0x7fffffff) % (undrawn - found - drawn));
      if (j < known) {
        swap(order, drawn++, j);
        continue;
      }
      j += found;
      const feature = order[j];
      if ((same[feature * rows + row] & mask) === mask) swap(order, j, known + found++);
      else {
        swap(order, --undrawn, j);
        this.visits[this.#own + this.count++] = feature;
      }
    }
    for (let j = 0; j < known; j++) order[j] = this.#constants[j];
    for (let j = known; j < known + found; j++) this.#constants[j] = order[j];
    return known + found;
  }
}

function swap(list: Uint8Array, i: number, j: number): void {
  const value = list[i];
  list[i] = list[j];
  list[j] = value;
}
