/** The best split of a node: estimated first, and where estimates are too near to tell scored as scikit-learn scores. */
import { visitAt, visitCount } from "./draws";
import { estimate, nearCount, top } from "./estimates";
import { ARRANGED, features, nearFeature, nearPosition, ROW_LIST_SHIFT, SAMPLES, WEIGHT, WEIGHTED } from "./layout";
import { alikeTo, between, rankOf, upTo } from "./orders";
import { arrange } from "./samples";

// The split found: its feature, the first position of the right part, the left rows, and what it gains at least about.
export let splitFeature: i32 = 0;
export let splitPosition: i32 = 0;
export let splitLeft: u32 = 0;
export let splitThreshold: f64 = 0;
export let splitGain: f64 = 0;

function weightedOf(row: i32): f64 {
  return load<f64>(row << 4, WEIGHTED);
}

function weightOf(row: i32): f64 {
  return <f64>(<i32>load<u8>(row << 3, WEIGHT) >> 3);
}

function score(leftSum: f64, leftWeight: f64, sum: f64, total: f64): f64 {
  const rightSum = sum - leftSum;
  return (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / (total - leftWeight);
}

function arrangedAt(p: i32): i32 {
  return <i32>load<u8>(ARRANGED + p) >> 3;
}

function rowAt(p: i32): i32 {
  return <i32>load<u8>(SAMPLES + p) >> 3;
}

/** Looks for the best split of a node of more than three rows, whose rows `list` has sorted by each feature. */
export function findSplit(
  list: usize,
  start: i32,
  end: i32,
  mask: u32,
  sum: f64,
  squares: f64,
  total: i32,
  leaf: i32,
  isCrowded: bool,
): bool {
  estimate(list, start, end, mask, sum, squares, total, leaf, isCrowded);
  if (nearCount === 0) return false;
  let best = 0;
  if (nearCount > 1) best = exactBest(list, start, end, mask, sum, <f64>total, leaf, isCrowded);
  const f = <i32>load<u16>(nearFeature + (best << 1));
  const position = <i32>load<u16>(nearPosition + (best << 1));
  const own = list + (f << ROW_LIST_SHIFT);
  const last = <i32>load<u8>(own + position - 1) >> 3;
  splitFeature = f;
  splitPosition = position;
  splitLeft = upTo(f, last) & mask;
  splitThreshold = between(f, last, <i32>load<u8>(own + position) >> 3);
  splitGain = top * <f64>total;
  return true;
}

/** Among the splits near the best: the highest score; equal ones go to the feature visited first, then to the left. */
function exactBest(
  list: usize,
  start: i32,
  end: i32,
  mask: u32,
  sum: f64,
  total: f64,
  leaf: i32,
  isCrowded: bool,
): i32 {
  let best = 0;
  let bestScore = -Infinity;
  let bestVisit = visitCount;
  let last = -1;
  for (let k = 0; k < nearCount; k++) {
    const f = <i32>load<u16>(nearFeature + (k << 1));
    let visit = 0;
    while (visitAt(visit) !== f) visit++;
    if (visit !== last) arrange(list, start, end, mask, visit);
    last = visit;
    const own = exactScore(f, start, end, <i32>load<u16>(nearPosition + (k << 1)), sum, total, leaf, isCrowded);
    if (own > bestScore || (own === bestScore && visit < bestVisit)) {
      best = k;
      bestScore = own;
      bestVisit = visit;
    }
  }
  return best;
}

/** Sums move from split to split, forward, or back from the end where that is nearer after equal values were passed. */
function exactScore(
  f: i32,
  start: i32,
  end: i32,
  position: i32,
  sum: f64,
  total: f64,
  leaf: i32,
  isCrowded: bool,
): f64 {
  let summed = start;
  let leftSum: f64 = 0;
  let leftWeight: f64 = 0;
  for (let p = start + 1; p <= position; p++) {
    if (p - start < leaf) continue;
    if (isCrowded && (alikeTo(f, arrangedAt(p - 1)) >> arrangedAt(p)) & 1) continue;
    if (p - summed <= end - p) {
      for (let q = summed; q < p; q++) {
        leftSum += weightedOf(arrangedAt(q));
        leftWeight += weightOf(arrangedAt(q));
      }
    } else {
      leftSum = sum;
      leftWeight = total;
      for (let q = end - 1; q >= p; q--) {
        leftSum -= weightedOf(arrangedAt(q));
        leftWeight -= weightOf(arrangedAt(q));
      }
    }
    summed = p;
  }
  return score(leftSum, leftWeight, sum, total);
}

/** A node of two rows has two scores, by which row comes first; the first visited feature with the better order wins. */
export function findSplitOfPair(start: i32, sum: f64, total: f64): bool {
  const a = rowAt(start);
  const b = rowAt(start + 1);
  const scoreOfA = score(weightedOf(a), weightOf(a), sum, total);
  const scoreOfB = score(weightedOf(b), weightOf(b), sum, total);
  let best = -1;
  for (let visit = 0; visit < visitCount; visit++) {
    const f = visitAt(visit);
    if ((alikeTo(f, a) >> b) & 1) continue;
    if (best < 0) best = f;
    if (scoreOfA === scoreOfB) break;
    if (rankOf(f, a) < rankOf(f, b) === scoreOfA > scoreOfB) {
      best = f;
      break;
    }
  }
  if (best < 0) return false;
  take(best, start + 1, 1 << (rankOf(best, a) < rankOf(best, b) ? a : b), between(best, a, b));
  splitGain = max<f64>(scoreOfA, scoreOfB) - (sum * sum) / total;
  return true;
}

/**
 * A node of three rows, no two with equal values, has six scores: each row alone before the others, or after them.
 * Leaves the order of the last visit arranged.
 */
export function findSplitOfThree(start: i32, sum: f64, total: f64): bool {
  const a = rowAt(start);
  const b = rowAt(start + 1);
  const c = rowAt(start + 2);
  const beforeA = score(weightedOf(a), weightOf(a), sum, total);
  const beforeB = score(weightedOf(b), weightOf(b), sum, total);
  const beforeC = score(weightedOf(c), weightOf(c), sum, total);
  const afterA = score(weightedOf(b) + weightedOf(c), weightOf(b) + weightOf(c), sum, total);
  const afterB = score(weightedOf(a) + weightedOf(c), weightOf(a) + weightOf(c), sum, total);
  const afterC = score(weightedOf(a) + weightedOf(b), weightOf(a) + weightOf(b), sum, total);
  let best = -Infinity;
  for (let visit = 0; visit < visitCount; visit++) {
    const f = visitAt(visit);
    const ra = rankOf(f, a);
    const rb = rankOf(f, b);
    const rc = rankOf(f, c);
    const lowest = ra < rb ? (ra < rc ? a : c) : rb < rc ? b : c;
    const highest = ra > rb ? (ra > rc ? a : c) : rb > rc ? b : c;
    const middle = a ^ b ^ c ^ lowest ^ highest;
    const first = lowest === a ? beforeA : lowest === b ? beforeB : beforeC;
    const last = highest === a ? afterA : highest === b ? afterB : afterC;
    if (first > best) {
      best = first;
      take(f, start + 1, 1 << lowest, between(f, lowest, middle));
    }
    if (last > best) {
      best = last;
      take(f, start + 2, (1 << lowest) | (1 << middle), between(f, middle, highest));
    }
    if (visit === visitCount - 1) {
      store<u8>(ARRANGED + start, lowest << 3);
      store<u8>(ARRANGED + start + 1, middle << 3);
      store<u8>(ARRANGED + start + 2, highest << 3);
    }
  }
  splitGain = best - (sum * sum) / total;
  return true;
}

function take(f: i32, position: i32, left: u32, threshold: f64): void {
  splitFeature = f;
  splitPosition = position;
  splitLeft = left;
  splitThreshold = threshold;
}

/** Sorts the few rows of a node by each feature, where its parent left no lists. */
export function listFew(list: usize, start: i32, end: i32): void {
  for (let f = 0; f < features; f++) {
    const own = list + (f << ROW_LIST_SHIFT);
    for (let p = start; p < end; p++) {
      const row = rowAt(p);
      let q = p;
      while (q > start && rankOf(f, <i32>load<u8>(own + q - 1) >> 3) > rankOf(f, row)) {
        store<u8>(own + q, load<u8>(own + q - 1));
        q--;
      }
      store<u8>(own + q, row << 3);
    }
  }
}
