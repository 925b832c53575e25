/**
 * Estimates of every split of a node: d²/(l(W − l)), d the sum of the left targets less the node's mean, l the left weight.
 * Splits that may be the best, as far as rounding allows, are noted. Two features share a vector.
 */
import { visitAt, visitCount } from "./draws";
import {
  centred,
  crowded,
  factor,
  features,
  nearFeature,
  nearPosition,
  nearScore,
  rows,
  samples,
  weight,
  weighted,
} from "./layout";
import { alikeTo } from "./orders";

/** Estimates and scikit-learn's own scores differ by less than a quarter of this share of Σ w y² for any two splits. */
const NEAR: f64 = 1e-12;

/** Splits noted: feature, position and estimate each. */
export let nearCount: i32 = 0;
/** The best estimate. */
export let top: f64 = 0;
/** How far below the best an estimate may lie. */
let margin: f64 = 0;
let low: f64 = 0;

function note(f: i32, position: i32, score: f64): void {
  store<u16>(nearFeature + (nearCount << 1), f);
  store<u16>(nearPosition + (nearCount << 1), position);
  store<f64>(nearScore + (nearCount << 3), score);
  nearCount++;
  if (score > top) {
    top = score;
    low = score - margin;
  }
}

function notePair(f: i32, position: i32, scores: v128): void {
  const first = f64x2.extract_lane(scores, 0);
  const second = f64x2.extract_lane(scores, 1);
  if (first > low) note(f, position, first);
  if (second > low) note(f + 1, position, second);
}

function centredOf(row: i32): usize {
  return centred + (row << 3);
}

/** Estimates the splits of a node and keeps those near the best. */
export function estimate(
  list: usize,
  start: i32,
  end: i32,
  mask: u32,
  sum: f64,
  squares: f64,
  total: i32,
  leaf: i32,
  isCrowded: bool,
): void {
  const mean = sum / <f64>total;
  for (let p = start; p < end; p++) {
    const row = <i32>load<u8>(samples + p);
    store<f64>(centredOf(row), load<f64>(weighted + (row << 3)) - <f64>load<u8>(weight + row) * mean);
  }
  nearCount = 0;
  top = -1;
  low = -1;
  margin = (NEAR * squares) / <f64>total;
  const factors = factor + ((total * (rows + 1)) << 3);
  if (isCrowded || leaf > 1) {
    for (let v = 0; v < visitCount; v++) {
      const f = visitAt(v);
      estimateCrowded(list, f, start, end, leaf, factors, (load<u32>(crowded + (f << 2)) & mask) !== 0);
    }
  } else {
    let f = 0;
    const isEven = total === end - start;
    for (; f + 1 < features; f += 2) {
      if (isEven) estimateEvenPair(list, f, start, end, factors);
      else estimatePair(list, f, start, end, factors);
    }
    if (f < features) estimateCrowded(list, f, start, end, 1, factors, false);
  }
  keepNear();
}

function keepNear(): void {
  const least = top - margin;
  let kept = 0;
  for (let k = 0; k < nearCount; k++) {
    if (load<f64>(nearScore + (k << 3)) < least) continue;
    store<u16>(nearFeature + (kept << 1), load<u16>(nearFeature + (k << 1)));
    store<u16>(nearPosition + (kept << 1), load<u16>(nearPosition + (k << 1)));
    kept++;
  }
  nearCount = kept;
}

/** Two features, rows of weight 1. */
function estimateEvenPair(list: usize, f: i32, start: i32, end: i32, factors: usize): void {
  const first = list + f * rows;
  const second = first + rows;
  let d = f64x2.splat(0);
  let bound = f64x2.splat(low);
  for (let p = start; p < end - 1; p++) {
    const targets = v128.load64_zero(centredOf(<i32>load<u8>(first + p)));
    d = f64x2.add(d, v128.load64_lane(centredOf(<i32>load<u8>(second + p)), targets, 1));
    const scores = f64x2.mul(f64x2.mul(d, d), v128.load64_splat(factors + ((p - start + 1) << 3)));
    if (v128.any_true(f64x2.gt(scores, bound))) {
      notePair(f, p + 1, scores);
      bound = f64x2.splat(low);
    }
  }
}

/** Two features, rows of any weight. */
function estimatePair(list: usize, f: i32, start: i32, end: i32, factors: usize): void {
  const first = list + f * rows;
  const second = first + rows;
  let d = f64x2.splat(0);
  let bound = f64x2.splat(low);
  let l = factors;
  let m = factors;
  for (let p = start; p < end - 1; p++) {
    const row = <i32>load<u8>(first + p);
    const other = <i32>load<u8>(second + p);
    d = f64x2.add(d, v128.load64_lane(centredOf(other), v128.load64_zero(centredOf(row)), 1));
    l += (<usize>load<u8>(weight + row)) << 3;
    m += (<usize>load<u8>(weight + other)) << 3;
    const scores = f64x2.mul(f64x2.mul(d, d), v128.load64_lane(m, v128.load64_zero(l), 1));
    if (v128.any_true(f64x2.gt(scores, bound))) {
      notePair(f, p + 1, scores);
      bound = f64x2.splat(low);
    }
  }
}

function estimateCrowded(list: usize, f: i32, start: i32, end: i32, leaf: i32, factors: usize, hasAlike: bool): void {
  const own = list + f * rows;
  let d: f64 = 0;
  let l = factors;
  for (let p = start + 1; p <= end - leaf; p++) {
    const row = <i32>load<u8>(own + p - 1);
    d += load<f64>(centredOf(row));
    l += (<usize>load<u8>(weight + row)) << 3;
    const score = d * d * load<f64>(l);
    if (score > low && p - start >= leaf) {
      if (hasAlike && (alikeTo(f, row) >> load<u8>(own + p)) & 1) continue;
      note(f, p, score);
    }
  }
}
