/**
 * A CART regression tree grown exactly as scikit-learn 1.9.1 grows it with criterion "squared_error", splitter "best"
 * and all features considered at each node: the same random draws, the same order of every sum, the same bits.
 * L. Breiman, J. Friedman, R. Olshen, C. Stone: Classification and Regression Trees, 1984.
 *
 * This is the literal form. It holds for any number of rows and any data; faster forms are proved against it.
 */
import { sortSamples } from "./sample-sort.js";

/** Below this gap two feature values count as equal; scikit-learn's FEATURE_THRESHOLD, a float32. */
export const FEATURE_GAP = Math.fround(1e-7);

const LEAF = -1;

/** When a node is not split further; scikit-learn's parameters of the same names. */
export interface TreeLimits {
  /** 1 or more; Infinity where the depth is unlimited. */
  readonly maxDepth: number;
  /** Integer, 2 or more. */
  readonly minSamplesSplit: number;
  /** Integer, 1 or more. */
  readonly minSamplesLeaf: number;
}

/** xorshift with 32 bits, scikit-learn's `our_rand_r`; the state is never 0 after a step. */
export function nextSplitterState(state: number): number {
  let s = state === 0 ? 1 : state;
  s ^= s << 13;
  s ^= s >>> 17;
  s ^= s << 5;
  return s >>> 0;
}

export class RegressionTree {
  /** Per training row the value of the leaf that it fell into; rows of weight 0 keep what they had. */
  readonly rowValue: Float64Array;
  readonly #features: number;
  readonly #rows: number;
  readonly #limits: TreeLimits;
  readonly #samples: Int32Array;
  readonly #values: Float32Array;
  readonly #featureOrder: Int32Array;
  readonly #constants: Int32Array;
  #random = 0;
  #totalWeight = 0;
  #x: Float32Array = new Float32Array(0);
  #y: Float64Array = new Float64Array(0);
  #rowWeight: Float64Array = new Float64Array(0);

  // The tree: per node its feature (LEAF for leaves), threshold, children and value.
  readonly #feature: Int32Array;
  readonly #threshold: Float64Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #value: Float64Array;
  #nodes = 0;

  // Nodes that wait to be grown, last in first out.
  readonly #waitingNode: Int32Array;
  readonly #waitingStart: Int32Array;
  readonly #waitingEnd: Int32Array;
  readonly #waitingDepth: Int32Array;
  readonly #waitingConstants: Int32Array;
  readonly #waitingImpurity: Float64Array;
  #waiting = 0;

  // The current node: sums over its samples, and the best split found.
  #sum = 0;
  #squares = 0;
  #weight = 0;
  #bestFeature = 0;
  #bestPosition = 0;
  #bestThreshold = 0;
  #bestScore = 0;
  #leftSum = 0;
  #leftWeight = 0;

  constructor(features: number, rows: number, limits: TreeLimits) {
    this.#features = features;
    this.#rows = rows;
    this.#limits = limits;
    this.#samples = new Int32Array(rows);
    this.#values = new Float32Array(rows);
    this.#featureOrder = new Int32Array(features);
    this.#constants = new Int32Array(features);
    this.rowValue = new Float64Array(rows);
    const nodes = 2 * rows;
    this.#feature = new Int32Array(nodes);
    this.#threshold = new Float64Array(nodes);
    this.#left = new Int32Array(nodes);
    this.#right = new Int32Array(nodes);
    this.#value = new Float64Array(nodes);
    this.#waitingNode = new Int32Array(nodes);
    this.#waitingStart = new Int32Array(nodes);
    this.#waitingEnd = new Int32Array(nodes);
    this.#waitingDepth = new Int32Array(nodes);
    this.#waitingConstants = new Int32Array(nodes);
    this.#waitingImpurity = new Float64Array(nodes);
  }

  /**
   * Grows the tree; the one before is lost.
   * @param x      features × rows, feature after feature: value of feature f in row i at `f * rows + i`
   * @param y      targets
   * @param weight per row; rows of weight 0 do not take part
   * @param seed   state of the splitter's generator, a 32-bit unsigned integer
   */
  grow(x: Float32Array, y: Float64Array, weight: Float64Array, seed: number): void {
    this.#x = x;
    this.#y = y;
    this.#rowWeight = weight;
    this.#random = seed;
    this.#nodes = 1;
    this.#totalWeight = 0;
    for (let f = 0; f < this.#features; f++) this.#featureOrder[f] = f;
    let length = 0;
    for (let i = 0; i < this.#rows; i++) {
      if (weight[i] !== 0) this.#samples[length++] = i;
      this.#totalWeight += weight[i];
    }
    this.#waiting = 0;
    this.#push(0, 0, length, 0, 0, 0);
    while (this.#waiting > 0) this.#growNode();
  }

  /** Nodes of the tree: at most 2 R - 1 for R rows, since a split leaves a row at least on either side. */
  get nodes(): number {
    return this.#nodes;
  }

  /** @param query n features as float32, not NaN */
  predict(query: Float32Array): number {
    let node = 0;
    while (this.#feature[node] !== LEAF) {
      node = query[this.#feature[node]] <= this.#threshold[node] ? this.#left[node] : this.#right[node];
    }
    return this.#value[node];
  }

  #push(node: number, start: number, end: number, depth: number, constants: number, impurity: number): void {
    const at = this.#waiting++;
    this.#waitingNode[at] = node;
    this.#waitingStart[at] = start;
    this.#waitingEnd[at] = end;
    this.#waitingDepth[at] = depth;
    this.#waitingConstants[at] = constants;
    this.#waitingImpurity[at] = impurity;
  }

  #growNode(): void {
    const at = --this.#waiting;
    const node = this.#waitingNode[at];
    const start = this.#waitingStart[at];
    const end = this.#waitingEnd[at];
    const depth = this.#waitingDepth[at];
    this.#sumNode(start, end);
    const mean = this.#sum / this.#weight;
    // A child carries the impurity that its parent's sums gave; only the root's is made from its own.
    const impurity = depth === 0 ? this.#squares / this.#weight - mean * mean : this.#waitingImpurity[at];
    const { maxDepth, minSamplesSplit, minSamplesLeaf } = this.#limits;
    const isLeaf =
      depth >= maxDepth ||
      end - start < Math.max(minSamplesSplit, 2 * minSamplesLeaf) ||
      impurity <= Number.EPSILON ||
      !this.#split(node, start, end, depth, this.#waitingConstants[at], impurity);
    if (!isLeaf) return;
    this.#feature[node] = LEAF;
    this.#value[node] = mean;
    for (let p = start; p < end; p++) this.rowValue[this.#samples[p]] = mean;
  }

  #sumNode(start: number, end: number): void {
    const y = this.#y;
    const weight = this.#rowWeight;
    this.#sum = 0;
    this.#squares = 0;
    this.#weight = 0;
    for (let p = start; p < end; p++) {
      const i = this.#samples[p];
      const weighted = weight[i] * y[i];
      this.#sum += weighted;
      this.#squares += weighted * y[i];
      this.#weight += weight[i];
    }
  }

  /** Splits a node and pushes its children; false where it stays a leaf, which may leave samples and features reordered. */
  #split(node: number, start: number, end: number, depth: number, known: number, impurity: number): boolean {
    const constants = this.#search(start, end, known);
    const position = this.#bestPosition;
    if (position === end) return false;
    this.#partition(start, end);
    this.#accumulate(start, end, start, position, true);
    const leftSum = this.#leftSum;
    const leftWeight = this.#leftWeight;
    const rightSum = this.#sum - leftSum;
    const rightWeight = this.#weight - leftWeight;
    const leftSquares = this.#squaresOf(start, position);
    const leftMean = leftSum / leftWeight;
    const rightMean = rightSum / rightWeight;
    const leftImpurity = leftSquares / leftWeight - leftMean * leftMean;
    const rightImpurity = (this.#squares - leftSquares) / rightWeight - rightMean * rightMean;
    const improvement =
      (this.#weight / this.#totalWeight) *
      (impurity - (rightWeight / this.#weight) * rightImpurity - (leftWeight / this.#weight) * leftImpurity);
    if (improvement + Number.EPSILON < 0) return false;
    this.#feature[node] = this.#bestFeature;
    this.#threshold[node] = this.#bestThreshold;
    this.#left[node] = this.#nodes++;
    this.#right[node] = this.#nodes++;
    this.#push(this.#right[node], position, end, depth + 1, constants, rightImpurity);
    this.#push(this.#left[node], start, position, depth + 1, constants, leftImpurity);
    return true;
  }

  /**
   * Visits the features in random order, without those known to be constant, and keeps the best split. The features are
   * drawn by Fisher and Yates' method, with constant ones gathered at the front of the order. Each visit takes one feature from
   * those that are left, known or not, so there are at most as many as features.
   * @returns how many features are known to be constant afterwards
   */
  #search(start: number, end: number, known: number): number {
    const order = this.#featureOrder;
    let undrawn = this.#features;
    let visited = 0;
    let found = 0;
    let drawn = 0;
    this.#bestPosition = end;
    this.#bestScore = Number.NEGATIVE_INFINITY;
    while (undrawn > known + found && (visited < this.#features || visited <= found + drawn)) {
      visited++;
      this.#random = nextSplitterState(this.#random);
      let j = drawn + ((this.#random & 0x7fffffff) % (undrawn - found - drawn));
      if (j < known) {
        swap(order, drawn++, j);
        continue;
      }
      j += found;
      const feature = order[j];
      this.#sort(feature, start, end);
      if (this.#values[end - 1] <= Math.fround(this.#values[start] + FEATURE_GAP)) {
        swap(order, j, known + found);
        found++;
        continue;
      }
      swap(order, --undrawn, j);
      this.#scan(feature, start, end);
    }
    // Constants known before keep their order, which siblings rely on; the new ones are kept after them.
    for (let j = 0; j < known; j++) order[j] = this.#constants[j];
    for (let j = known; j < known + found; j++) this.#constants[j] = order[j];
    return known + found;
  }

  #sort(feature: number, start: number, end: number): void {
    const offset = feature * this.#rows;
    for (let p = start; p < end; p++) this.#values[p] = this.#x[offset + this.#samples[p]];
    sortSamples(this.#values, this.#samples, start, end - start);
  }

  #scan(feature: number, start: number, end: number): void {
    const values = this.#values;
    const least = this.#limits.minSamplesLeaf;
    let summed = start;
    this.#leftSum = 0;
    this.#leftWeight = 0;
    for (let p = start + 1; p < end; p++) {
      while (p < end && values[p] <= Math.fround(values[p - 1] + FEATURE_GAP)) p++;
      if (p >= end) return;
      if (p - start < least || end - p < least) continue;
      this.#accumulate(start, end, summed, p, false);
      summed = p;
      const rightSum = this.#sum - this.#leftSum;
      const rightWeight = this.#weight - this.#leftWeight;
      const score = (this.#leftSum * this.#leftSum) / this.#leftWeight + (rightSum * rightSum) / rightWeight;
      if (score > this.#bestScore) {
        this.#bestScore = score;
        this.#bestFeature = feature;
        this.#bestPosition = p;
        this.#bestThreshold = values[p - 1] / 2 + values[p] / 2;
      }
    }
  }

  /**
   * Moves the left sums on from position `from` to `to`: forward, or, where that is nearer, back from the node's end.
   * @param fromEmpty whether the left sums start from nothing
   */
  #accumulate(start: number, end: number, from: number, to: number, fromEmpty: boolean): void {
    const y = this.#y;
    const weight = this.#rowWeight;
    const samples = this.#samples;
    if (fromEmpty) {
      this.#leftSum = 0;
      this.#leftWeight = 0;
    }
    if (to - from <= end - to) {
      for (let p = fromEmpty ? start : from; p < to; p++) {
        this.#leftSum += weight[samples[p]] * y[samples[p]];
        this.#leftWeight += weight[samples[p]];
      }
      return;
    }
    this.#leftSum = this.#sum;
    this.#leftWeight = this.#weight;
    for (let p = end - 1; p >= to; p--) {
      this.#leftSum -= weight[samples[p]] * y[samples[p]];
      this.#leftWeight -= weight[samples[p]];
    }
  }

  #squaresOf(start: number, end: number): number {
    const y = this.#y;
    const weight = this.#rowWeight;
    let squares = 0;
    for (let p = start; p < end; p++) {
      const i = this.#samples[p];
      squares += weight[i] * y[i] * y[i];
    }
    return squares;
  }

  /** Two pointers, on the order that the last sort of the node left. */
  #partition(start: number, end: number): void {
    const offset = this.#bestFeature * this.#rows;
    let from = start;
    let to = end;
    while (from < to) {
      if (this.#x[offset + this.#samples[from]] <= this.#bestThreshold) from++;
      else swap(this.#samples, from, --to);
    }
  }
}

function swap(list: Int32Array, i: number, j: number): void {
  const value = list[i];
  list[i] = list[j];
  list[j] = value;
}
