/**
 * The regression tree for windows of up to 32 rows: bit for bit what {@link RegressionTree} grows, without the work that
 * changes no bit. Features are sorted once per window, searches look up their order of visits, and splits are estimated
 * before they are scored.
 */
import { DRAW_FEATURES_MAX, DRAW_TABLE_BYTES_MAX, drawTableBytes, FeatureDraws } from "./feature-draws.js";
import { NodeSamples } from "./node-samples.js";
import type { TreeLimits } from "./regression-tree.js";
import type { Dimensions } from "./regressor.js";
import { MASK_ROWS_MAX, type RowOrders } from "./row-orders.js";
import { type SearchedNode, SplitSearch } from "./split-search.js";

/** Targets at least this share of the largest one apart make every node of theirs split; see {@link CompactTree.predict}. */
const APART_SHARE = 1e-4;

/** And at least this far apart, so that no variance is as small as scikit-learn's bound of 2^-52. */
const APART_MIN = 1e-6;

export class CompactTree {
  /** Per row the value of the leaf that it fell into, after {@link CompactTree.grow}. */
  readonly rowValue: Float64Array;
  readonly #orders: RowOrders;
  readonly #limits: TreeLimits;
  readonly #minSamplesSplit: number;
  readonly #splitsAll: boolean;
  readonly #draws: FeatureDraws;
  readonly #samples: NodeSamples;
  readonly #search: SplitSearch;
  readonly #weight: Uint8Array;
  /** 1 per row that is in the tree's sample, else 0. */
  readonly #drawn: Uint8Array;
  readonly #weighted: Float64Array;
  readonly #weightedSquare: Float64Array;
  /** Lists of the node at hand at `depth & 1`, of its children at the other. */
  readonly #lists: readonly [Uint8Array, Uint8Array];
  /** Per row the others whose target is too near to be sure that a node of both splits. */
  readonly #nearTargets: Int32Array;
  readonly #node: SearchedNode = { start: 0, end: 0, mask: 0, sum: 0, squares: 0, weight: 0 };
  #leftImpurity = 0;
  #rightImpurity = 0;
  #childConstants = 0;

  readonly #waitingStart: Int32Array;
  readonly #waitingEnd: Int32Array;
  readonly #waitingDepth: Int32Array;
  readonly #waitingConstants: Int32Array;
  readonly #waitingImpurity: Float64Array;
  readonly #waitingIsOnPath: Uint8Array;
  #waiting = 0;

  /** @param seeds per tree the state of its splitter's generator */
  constructor(orders: RowOrders, seeds: Uint32Array, limits: TreeLimits) {
    const { features, rows } = orders;
    this.#orders = orders;
    this.#limits = limits;
    this.#minSamplesSplit = Math.max(limits.minSamplesSplit, 2 * limits.minSamplesLeaf);
    this.#splitsAll = this.#minSamplesSplit === 2 && limits.maxDepth >= rows;
    this.#draws = new FeatureDraws(features, seeds, searchesMax(rows, limits));
    this.#samples = new NodeSamples(orders, this.#draws);
    this.#weight = new Uint8Array(rows).fill(1);
    this.#drawn = new Uint8Array(rows);
    this.#weighted = new Float64Array(rows);
    this.#weightedSquare = new Float64Array(rows);
    this.#search = new SplitSearch(
      orders,
      this.#draws,
      this.#samples,
      limits.minSamplesLeaf,
      this.#weighted,
      this.#weight,
    );
    this.#lists = [new Uint8Array(features * rows), new Uint8Array(features * rows)];
    this.#nearTargets = new Int32Array(rows);
    this.rowValue = new Float64Array(rows);
    this.#waitingStart = new Int32Array(2 * rows);
    this.#waitingEnd = new Int32Array(2 * rows);
    this.#waitingDepth = new Int32Array(2 * rows);
    this.#waitingConstants = new Int32Array(2 * rows);
    this.#waitingImpurity = new Float64Array(2 * rows);
    this.#waitingIsOnPath = new Uint8Array(2 * rows);
  }

  /**
   * Grows tree number `tree` on targets `y` with weights 1, fills {@link CompactTree.rowValue}, and predicts.
   * @param query n features as float32
   */
  grow(tree: number, y: Float64Array, query: Float32Array): number {
    for (let i = 0; i < y.length; i++) this.#setTarget(i, y[i], 1);
    this.#draws.begin(tree);
    this.#lists[0].set(this.#orders.order);
    const { samples } = this.#samples;
    for (let i = 0; i < y.length; i++) samples[i] = i;
    return this.#growBelow(0, y.length, 0, 0, 0, query);
  }

  /** Takes in the targets of a window, for {@link CompactTree.predict}. */
  prepareTargets(y: Float64Array): void {
    let largest = 0;
    for (let i = 0; i < y.length; i++) largest = Math.max(largest, Math.abs(y[i]));
    const apart = Math.max(APART_SHARE * largest, APART_MIN);
    for (let i = 0; i < y.length; i++) {
      let near = 0;
      for (let j = 0; j < y.length; j++) if (j !== i && Math.abs(y[i] - y[j]) < apart) near |= 1 << j;
      this.#nearTargets[i] = near;
    }
  }

  /**
   * Predicts with tree number `tree`, grown no further than the query needs. What lies right of the query's path can be
   * left out; what lies left of it draws random numbers first. If its rows are distinct in every feature and their targets
   * far enough apart, a subtree of m rows makes m − 1 searches, whatever they find, and is passed over: with gaps g of at
   * least 1e-4 max|y| a node's variance is at least 0.03 g² and its best gain 4e-4 g², ten times the rounding.
   * @param weights rows of all trees' weights; integers that add up to at most the number of rows
   * @param from    where this tree's weights begin
   */
  predict(tree: number, y: Float64Array, weights: Float64Array, from: number, query: Float32Array): number {
    const { samples } = this.#samples;
    let length = 0;
    for (let i = 0; i < y.length; i++) {
      const w = weights[from + i];
      this.#setTarget(i, y[i], w);
      this.#drawn[i] = w === 0 ? 0 : 1;
      if (w !== 0) samples[length++] = i;
    }
    this.#draws.begin(tree);
    this.#listWeighted(length);
    let start = 0;
    let end = length;
    let impurity = 0;
    let constants = 0;
    for (let depth = 0; this.#split(start, end, depth, constants, impurity); depth++) {
      const { position, left } = this.#search;
      constants = this.#childConstants;
      if (query[this.#search.feature] <= this.#search.threshold) {
        impurity = this.#leftImpurity;
        end = position;
        continue;
      }
      impurity = this.#rightImpurity;
      if (position - start > 1 && this.#leftImpurity > Number.EPSILON) {
        if (this.#splitsAll && this.#isPassable(left)) this.#draws.skip(position - start - 1);
        else this.#growBelow(start, position, depth + 1, constants, this.#leftImpurity, undefined);
      }
      start = position;
    }
    return this.#node.sum / this.#node.weight;
  }

  #setTarget(row: number, y: number, w: number): void {
    this.#weight[row] = w;
    this.#weighted[row] = w * y;
    this.#weightedSquare[row] = w * y * y;
  }

  #isPassable(mask: number): boolean {
    if (this.#orders.hasAnyTies(mask)) return false;
    for (let left = mask; left !== 0; left &= left - 1) {
      if ((this.#nearTargets[31 - Math.clz32(left & -left)] & mask) !== 0) return false;
    }
    return true;
  }

  /** Lists the rows that the tree's bootstrap sample holds. */
  #listWeighted(length: number): void {
    const { order, features, rows } = this.#orders;
    const lists = this.#lists[0];
    const drawn = this.#drawn;
    for (let f = 0; f < features; f++) {
      const end = f * rows + length;
      let at = f * rows;
      // A row that is not in the sample is overwritten by the next one.
      for (let q = f * rows; at < end; q++) {
        const row = order[q];
        lists[at] = row;
        at += drawn[row];
      }
    }
  }

  /** Grows a subtree, left before right; returns the value of the query's leaf. */
  #growBelow(
    start: number,
    end: number,
    depth: number,
    constants: number,
    impurity: number,
    query: Float32Array | undefined,
  ): number {
    const { samples } = this.#samples;
    let queryValue = 0;
    this.#waiting = 0;
    this.#push(start, end, depth, constants, impurity, query !== undefined);
    while (this.#waiting > 0) {
      const at = --this.#waiting;
      const nodeStart = this.#waitingStart[at];
      const nodeEnd = this.#waitingEnd[at];
      const nodeDepth = this.#waitingDepth[at];
      const isOnPath = this.#waitingIsOnPath[at] === 1;
      if (this.#split(nodeStart, nodeEnd, nodeDepth, this.#waitingConstants[at], this.#waitingImpurity[at])) {
        const { position, feature, threshold } = this.#search;
        const goesLeft = query !== undefined && query[feature] <= threshold;
        const known = this.#childConstants;
        this.#push(position, nodeEnd, nodeDepth + 1, known, this.#rightImpurity, isOnPath && !goesLeft);
        this.#push(nodeStart, position, nodeDepth + 1, known, this.#leftImpurity, isOnPath && goesLeft);
      } else {
        const value = this.#node.sum / this.#node.weight;
        for (let p = nodeStart; p < nodeEnd; p++) this.rowValue[samples[p]] = value;
        if (isOnPath) queryValue = value;
      }
    }
    return queryValue;
  }

  #push(start: number, end: number, depth: number, constants: number, impurity: number, isOnPath: boolean): void {
    const at = this.#waiting++;
    this.#waitingStart[at] = start;
    this.#waitingEnd[at] = end;
    this.#waitingDepth[at] = depth;
    this.#waitingConstants[at] = constants;
    this.#waitingImpurity[at] = impurity;
    this.#waitingIsOnPath[at] = isOnPath ? 1 : 0;
  }

  /** Sums a node and, unless it is a leaf, splits it; false where it is one. */
  #split(start: number, end: number, depth: number, constants: number, inherited: number): boolean {
    const node = this.#node;
    this.#sumNode(start, end);
    const mean = node.sum / node.weight;
    const impurity = depth === 0 ? node.squares / node.weight - mean * mean : inherited;
    const length = end - start;
    if (depth >= this.#limits.maxDepth || length < this.#minSamplesSplit || impurity <= Number.EPSILON) return false;
    const hasTies = constants > 0 || this.#orders.hasAnyTies(node.mask);
    this.#childConstants = 0;
    if (hasTies) this.#childConstants = this.#draws.nextAmongConstants(this.#orders, node.mask, constants);
    else this.#draws.next();
    const lists = this.#lists[depth & 1];
    const isPair = length === 2;
    if (!(isPair ? this.#search.findOfPair(node) : this.#search.find(node, lists, hasTies))) return false;
    const { position, left } = this.#search;
    if (isPair) this.#samples.arranged.set(this.#samples.samples.subarray(start, end), start);
    else this.#samples.arrange(lists, start, end, node.mask, this.#draws.count - 1);
    this.#samples.partition(start, end, left);
    if (!this.#improves(position, impurity)) return false;
    if (depth + 1 < this.#limits.maxDepth && length > 3) this.#partitionLists(start, end, position, left, depth);
    return true;
  }

  #sumNode(start: number, end: number): void {
    const { samples } = this.#samples;
    let sum = 0;
    let squares = 0;
    let weight = 0;
    let mask = 0;
    for (let p = start; p < end; p++) {
      const row = samples[p];
      sum += this.#weighted[row];
      squares += this.#weightedSquare[row];
      weight += this.#weight[row];
      mask |= 1 << row;
    }
    const node = this.#node;
    node.start = start;
    node.end = end;
    node.mask = mask;
    node.sum = sum;
    node.squares = squares;
    node.weight = weight;
  }

  /** Computes the children's impurities as scikit-learn does; false where its rounding makes the split a loss. */
  #improves(position: number, impurity: number): boolean {
    const { start, end, sum, squares, weight } = this.#node;
    const { samples } = this.#samples;
    let leftSum = 0;
    let leftWeight = 0;
    if (position - start <= end - position) {
      for (let p = start; p < position; p++) {
        leftSum += this.#weighted[samples[p]];
        leftWeight += this.#weight[samples[p]];
      }
    } else {
      leftSum = sum;
      leftWeight = weight;
      for (let p = end - 1; p >= position; p--) {
        leftSum -= this.#weighted[samples[p]];
        leftWeight -= this.#weight[samples[p]];
      }
    }
    let leftSquares = 0;
    for (let p = start; p < position; p++) leftSquares += this.#weightedSquare[samples[p]];
    const rightSum = sum - leftSum;
    const rightWeight = weight - leftWeight;
    const leftMean = leftSum / leftWeight;
    const rightMean = rightSum / rightWeight;
    this.#leftImpurity = leftSquares / leftWeight - leftMean * leftMean;
    this.#rightImpurity = (squares - leftSquares) / rightWeight - rightMean * rightMean;
    const improvement =
      (weight / this.#orders.rows) *
      (impurity - (rightWeight / weight) * this.#rightImpurity - (leftWeight / weight) * this.#leftImpurity);
    return improvement + Number.EPSILON >= 0;
  }

  /** Parts every feature's list stably into the left rows and the right ones. */
  #partitionLists(start: number, end: number, position: number, left: number, depth: number): void {
    const { features, rows } = this.#orders;
    const from = this.#lists[depth & 1];
    const to = this.#lists[(depth + 1) & 1];
    for (let f = 0; f < features; f++) {
      const offset = f * rows;
      let l = offset + start;
      let r = offset + position;
      for (let q = offset + start; q < offset + end; q++) {
        const row = from[q];
        const isLeft = (left >>> row) & 1;
        to[r + ((l - r) & -isLeft)] = row;
        l += isLeft;
        r += 1 - isLeft;
      }
    }
  }
}

/** Whether compact trees hold for these sizes: rows that fit a mask, and a table of draws of bounded size. */
export function isCompact({ features, trainLength }: Dimensions, trees: number, limits: TreeLimits): boolean {
  return (
    trainLength <= MASK_ROWS_MAX &&
    features <= DRAW_FEATURES_MAX &&
    drawTableBytes(features, trees, searchesMax(trainLength, limits)) <= DRAW_TABLE_BYTES_MAX
  );
}

/** Largest target that compact trees take: its square, summed, has to be finite. */
const TARGET_MAX = 1e100;

/** Whether compact trees hold for these targets. */
export function areModerate(y: Float64Array): boolean {
  for (let i = 0; i < y.length; i++) if (!(Math.abs(y[i]) <= TARGET_MAX)) return false;
  return true;
}

/** Most searches of one tree: one for each split that depth and number of rows allow. */
function searchesMax(rows: number, { maxDepth }: TreeLimits): number {
  return Math.max(1, Math.min(rows - 1, 2 ** maxDepth - 1));
}
