/**
 * The best split of a node of up to 32 rows. scikit-learn's score of a split is, but for a constant, d²W/(l(W − l)): d the
 * sum of the left targets less the node's mean, l the left weight. Scores are estimated so, without divisions; only splits
 * whose estimates lie within rounding of the best are scored as scikit-learn does, in its order of visits and sums.
 */
import type { FeatureDraws } from "./feature-draws.js";
import type { NodeSamples } from "./node-samples.js";
import type { RowOrders } from "./row-orders.js";

/**
 * Estimate and scikit-learn's score of a split differ by less than 2.2e-13 of the sum of squares Q for two splits together
 * (25 rows; sums of m terms err by at most m·eps of their magnitudes). Whatever is nearer to the best than this may be best.
 */
const NEAR = 1e-12;

/** The node that a search is about. Sums run over its rows in their order. */
export interface SearchedNode {
  start: number;
  end: number;
  /** Its rows. */
  mask: number;
  /** Σ w y */
  sum: number;
  /** Σ w y² */
  squares: number;
  /** Σ w */
  weight: number;
}

export class SplitSearch {
  /** The split found: its feature, the first position of the right part, and the left rows. */
  feature = 0;
  position = 0;
  left = 0;
  threshold = 0;
  readonly #orders: RowOrders;
  readonly #draws: FeatureDraws;
  readonly #samples: NodeSamples;
  readonly #minSamplesLeaf: number;
  /** w y and w per row. */
  readonly #weighted: Float64Array;
  readonly #weight: Uint8Array;
  /** w (y − mean) per row of the node. */
  readonly #centred: Float64Array;
  /** 1/(l(W − l)) at `W * stride + l`; 0 where one side is empty. */
  readonly #factor: Float64Array;
  readonly #stride: number;
  readonly #nearFeature: Int32Array;
  readonly #nearPosition: Int32Array;
  readonly #nearScore: Float64Array;
  #near = 0;
  #top = 0;
  #low = 0;

  /**
   * @param weighted w y per row, kept up to date by the caller
   * @param weight   w per row, integers
   */
  constructor(
    orders: RowOrders,
    draws: FeatureDraws,
    samples: NodeSamples,
    minSamplesLeaf: number,
    weighted: Float64Array,
    weight: Uint8Array,
  ) {
    const { features, rows } = orders;
    this.#orders = orders;
    this.#draws = draws;
    this.#samples = samples;
    this.#minSamplesLeaf = minSamplesLeaf;
    this.#weighted = weighted;
    this.#weight = weight;
    this.#centred = new Float64Array(rows);
    this.#stride = rows + 1;
    this.#factor = new Float64Array(this.#stride * this.#stride);
    for (let total = 2; total <= rows; total++) {
      for (let l = 1; l < total; l++) this.#factor[total * this.#stride + l] = 1 / (l * (total - l));
    }
    this.#nearFeature = new Int32Array(features * rows);
    this.#nearPosition = new Int32Array(features * rows);
    this.#nearScore = new Float64Array(features * rows);
  }

  /**
   * Looks for the best split among the features that the draws at hand visit.
   * @param lists features × rows: the node's rows sorted by each feature
   * @returns false where there is none
   */
  find(node: SearchedNode, lists: Uint8Array, hasTies: boolean): boolean {
    this.#estimate(node, lists, hasTies);
    const least = this.#top - (NEAR * node.squares) / node.weight;
    let kept = 0;
    for (let k = 0; k < this.#near; k++) {
      if (this.#nearScore[k] < least) continue;
      this.#nearFeature[kept] = this.#nearFeature[k];
      this.#nearPosition[kept++] = this.#nearPosition[k];
    }
    if (kept === 0) return false;
    const best = kept === 1 ? 0 : this.#exactBest(node, lists, hasTies, kept);
    this.#take(node, lists, this.#nearFeature[best], this.#nearPosition[best]);
    return true;
  }

  /**
   * The best split of a node of two rows: there are two scores, by which row comes first; the first visited feature with
   * the better order wins.
   */
  findOfPair(node: SearchedNode): boolean {
    const { count, visits, at } = this.#draws;
    if (count === 0) return false;
    const { rank, rows, x } = this.#orders;
    const a = this.#samples.samples[node.start];
    const b = this.#samples.samples[node.start + 1];
    const scoreOfA = this.#pairScore(node, a);
    const scoreOfB = this.#pairScore(node, b);
    let best = visits[at];
    if (scoreOfA !== scoreOfB) {
      const isAFirst = scoreOfA > scoreOfB;
      for (let v = 0; v < count; v++) {
        const offset = visits[at + v] * rows;
        if (rank[offset + a] < rank[offset + b] !== isAFirst) continue;
        best = visits[at + v];
        break;
      }
    }
    const offset = best * rows;
    this.feature = best;
    this.position = node.start + 1;
    this.left = 1 << (rank[offset + a] < rank[offset + b] ? a : b);
    this.threshold = x[offset + a] / 2 + x[offset + b] / 2;
    return true;
  }

  #pairScore(node: SearchedNode, first: number): number {
    const leftSum = this.#weighted[first];
    const leftWeight = this.#weight[first];
    const rightSum = node.sum - leftSum;
    return (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / (node.weight - leftWeight);
  }

  #take(node: SearchedNode, lists: Uint8Array, feature: number, position: number): void {
    const { rows, x } = this.#orders;
    const offset = feature * rows;
    let left = 0;
    for (let p = node.start; p < position; p++) left |= 1 << lists[offset + p];
    this.feature = feature;
    this.position = position;
    this.left = left;
    this.threshold = x[offset + lists[offset + position - 1]] / 2 + x[offset + lists[offset + position]] / 2;
  }

  /** Estimates every split, and lists those that were near the best when they came. */
  #estimate(node: SearchedNode, lists: Uint8Array, hasTies: boolean): void {
    const { start, end, mask } = node;
    const { samples } = this.#samples;
    const { tied } = this.#orders;
    const { visits, at, count } = this.#draws;
    const centred = this.#centred;
    const weight = this.#weight;
    const mean = node.sum / node.weight;
    for (let p = start; p < end; p++) {
      const row = samples[p];
      centred[row] = this.#weighted[row] - weight[row] * mean;
    }
    this.#near = 0;
    this.#top = -1;
    this.#low = -1;
    if (this.#minSamplesLeaf === 1 && !hasTies) {
      if (node.weight === end - start) this.#estimateEven(node, lists);
      else this.#estimateDistinct(node, lists);
      return;
    }
    for (let v = 0; v < count; v++) {
      const feature = visits[at + v];
      this.#estimateTied(node, lists, feature, (tied[feature] & mask) !== 0);
    }
  }

  /** Rows of any weights, no two with equal values. */
  #estimateDistinct(node: SearchedNode, lists: Uint8Array): void {
    const { start, end } = node;
    const { rows, features } = this.#orders;
    const centred = this.#centred;
    const weight = this.#weight;
    const factor = this.#factor;
    const total = (node.weight * this.#stride) | 0;
    for (let f = 0; f < features; f++) {
      const last = f * rows + end - 1;
      let d = 0;
      let l = total;
      for (let q = f * rows + start; q < last; q++) {
        const row = lists[q];
        d += centred[row];
        l += weight[row];
        const score = d * d * factor[l];
        if (score > this.#low) this.#note(node, f, q - f * rows + 1, score);
      }
    }
  }

  /** Rows of weight 1, no two with equal values. */
  #estimateEven(node: SearchedNode, lists: Uint8Array): void {
    const { start, end } = node;
    const { rows, features } = this.#orders;
    const centred = this.#centred;
    const factor = this.#factor;
    const count = end - start;
    for (let f = 0; f < features; f++) {
      const last = f * rows + end - 1;
      let d = 0;
      let l = count * this.#stride;
      for (let q = f * rows + start; q < last; q++) {
        d += centred[lists[q]];
        const score = d * d * factor[++l];
        if (score > this.#low) this.#note(node, f, q - f * rows + 1, score);
      }
    }
  }

  #note(node: SearchedNode, feature: number, position: number, score: number): void {
    this.#nearFeature[this.#near] = feature;
    this.#nearPosition[this.#near] = position;
    this.#nearScore[this.#near++] = score;
    if (score > this.#top) {
      this.#top = score;
      this.#low = score - (NEAR * node.squares) / node.weight;
    }
  }

  #estimateTied(node: SearchedNode, lists: Uint8Array, feature: number, isTied: boolean): void {
    const { start, end } = node;
    const offset = feature * this.#orders.rows;
    const same = this.#orders.same;
    const total = node.weight * this.#stride;
    const first = start + this.#minSamplesLeaf;
    const last = end - this.#minSamplesLeaf;
    const margin = (NEAR * node.squares) / node.weight;
    let d = 0;
    let l = total;
    for (let p = start + 1; p <= last; p++) {
      const row = lists[offset + p - 1];
      d += this.#centred[row];
      l += this.#weight[row];
      const score = d * d * this.#factor[l];
      if (score > this.#low && p >= first) {
        if (isTied && (same[offset + row] >>> lists[offset + p]) & 1) continue;
        this.#nearFeature[this.#near] = feature;
        this.#nearPosition[this.#near] = p;
        this.#nearScore[this.#near++] = score;
        if (score > this.#top) {
          this.#top = score;
          this.#low = score - margin;
        }
      }
    }
  }

  /** Scores the splits that are near the best exactly; equal scores go to the feature visited first, then to the left. */
  #exactBest(node: SearchedNode, lists: Uint8Array, hasTies: boolean, kept: number): number {
    const { visits, at, count } = this.#draws;
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    let bestVisit = count;
    let arranged = -1;
    for (let k = 0; k < kept; k++) {
      const feature = this.#nearFeature[k];
      let visit = 0;
      while (visits[at + visit] !== feature) visit++;
      if (visit !== arranged) {
        this.#samples.arrange(lists, node.start, node.end, node.mask, visit);
        arranged = visit;
      }
      const score = this.#exactScore(node, feature, this.#nearPosition[k], hasTies);
      if (score > bestScore || (score === bestScore && visit < bestVisit)) {
        best = k;
        bestScore = score;
        bestVisit = visit;
      }
    }
    return best;
  }

  /** scikit-learn's score: sums move from split to split, forward, or back from the end where equal values were passed. */
  #exactScore(node: SearchedNode, feature: number, position: number, hasTies: boolean): number {
    const { start, end, sum, weight: total } = node;
    const { arranged } = this.#samples;
    const { same, rows } = this.#orders;
    const offset = feature * rows;
    const least = this.#minSamplesLeaf;
    let summed = start;
    let leftSum = 0;
    let leftWeight = 0;
    for (let p = start + 1; p <= position; p++) {
      if (p - start < least) continue;
      if (hasTies && (same[offset + arranged[p - 1]] >>> arranged[p]) & 1) continue;
      if (p - summed <= end - p) {
        for (let q = summed; q < p; q++) {
          leftSum += this.#weighted[arranged[q]];
          leftWeight += this.#weight[arranged[q]];
        }
      } else {
        leftSum = sum;
        leftWeight = total;
        for (let q = end - 1; q >= p; q--) {
          leftSum -= this.#weighted[arranged[q]];
          leftWeight -= this.#weight[arranged[q]];
        }
      }
      summed = p;
    }
    const rightSum = sum - leftSum;
    return (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / (total - leftWeight);
  }
}
