/**
 * Estimates of every split of a node: d²/(l(W − l)), d the sum of the left targets less the node's mean, l the left weight.
 * First the best estimate of each feature, four features at a time and without a branch; splits between alike rows count
 * there too, so it is a bound. Then the features whose bound comes near the best are looked at split by split, and those splits
 * noted that may be the best, as far as rounding allows.
 */
import {
  bounds,
  CENTRED,
  crowded,
  FACTOR,
  FACTOR_TOTALS,
  features,
  nearFeature,
  nearPosition,
  nearScore,
  ROW_LIST_SHIFT,
  SAMPLES,
  WEIGHT,
  WEIGHTED,
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
let firstOfBounds: i32 = 0;

function note(f: i32, position: i32, score: f64): void {
  store<u16>(nearFeature + (nearCount << 1), f);
  store<u16>(nearPosition + (nearCount << 1), position);
  store<f64>(nearScore + (nearCount << 3), score);
  nearCount++;
  if (score > top) top = score;
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
  const isEven = total === end - start;
  centre(start, end, sum / <f64>total, isEven);
  const factors = FACTOR + ((total * FACTOR_TOTALS) << 3);
  if (isEven) boundEven(list + start, end - start, factors);
  else boundUneven(list + start, end - start, factors);
  if (features & 1) store<f64>(bounds + (features << 3), -Infinity);
  nearCount = 0;
  top = -1;
  margin = (NEAR * squares) / <f64>total;
  for (let bound = highestBound(); bound >= 0 && bound >= top - margin; bound = highestBound()) {
    for (let left = boundsFrom(max<f64>(bound, top) - margin); left !== 0; left &= left - 1) {
      const f = firstOfBounds + <i32>ctz<u64>(left);
      const hasAlike = isCrowded && (load<u32>(crowded + (f << 2)) & mask) !== 0;
      // Without alike rows the bound is the score of a split.
      if (!hasAlike && leaf === 1) top = max<f64>(top, load<f64>(bounds + (f << 3)));
      store<f64>(bounds + (f << 3), -Infinity);
      look(list, f, start, end, leaf, factors, hasAlike);
    }
  }
  keepNear();
}

function centre(start: i32, end: i32, mean: f64, isEven: bool): void {
  if (isEven) {
    for (let p = start; p < end; p++) {
      const cell = <usize>load<u8>(SAMPLES + p);
      store<f64>(cell, load<f64>(cell << 1, WEIGHTED) - mean, CENTRED);
    }
    return;
  }
  for (let p = start; p < end; p++) {
    const cell = <usize>load<u8>(SAMPLES + p);
    const weight = <f64>(<i32>load<u8>(cell, WEIGHT) >> 3);
    store<f64>(cell, load<f64>(cell << 1, WEIGHTED) - weight * mean, CENTRED);
  }
}

/** The highest bound of a feature; it is -Infinity of features that were looked at, and of one that only fills a vector. */
function highestBound(): f64 {
  let most = v128.load(bounds);
  const last = bounds + (features << 3);
  for (let at = bounds + 16; at < last; at += 16) most = f64x2.pmax(most, v128.load(at));
  return max<f64>(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
}

/** Features whose bound is `least` or more: a bit for each from {@link firstOfBounds} on, up to 64 of them. */
function boundsFrom(least: f64): u64 {
  const limit = f64x2.splat(least);
  for (let first = 0; first < features; first += 64) {
    const last = min<i32>(features, first + 64);
    let bits: u64 = 0;
    for (let f = first; f < last; f += 2) {
      bits |= (<u64>i64x2.bitmask(f64x2.ge(v128.load(bounds + (f << 3)), limit))) << (f - first);
    }
    if (bits === 0) continue;
    firstOfBounds = first;
    return bits;
  }
  return 0;
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

/** Rows of weight 1: eight features at a time, then those that are left two at a time. */
function boundEven(list: usize, length: i32, factors: usize): void {
  let f = 0;
  for (; f + 6 < features; f += 8) boundEight(list + (f << ROW_LIST_SHIFT), length, factors, bounds + (f << 3));
  for (; f < features; f += 2) {
    let own = list + (f << ROW_LIST_SHIFT);
    const last = own + length - 1;
    let at = factors;
    let d = f64x2.splat(0);
    let most = f64x2.splat(0);
    for (; own < last; own++) {
      at += 8;
      d = f64x2.add(d, v128.load64_lane(load<u8>(own, 32), v128.load64_zero(load<u8>(own), CENTRED), 1, CENTRED));
      most = f64x2.pmax(most, f64x2.mul(f64x2.mul(d, d), v128.load64_splat(at)));
    }
    v128.store(bounds + (f << 3), most);
  }
}

function boundEight(list: usize, length: i32, factors: usize, to: usize): void {
  let own = list;
  const last = own + length - 1;
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let mostA = a;
  let mostB = a;
  let mostC = a;
  let mostD = a;
  for (; own < last; own++) {
    factors += 8;
    const factor = v128.load64_splat(factors);
    a = f64x2.add(a, v128.load64_lane(load<u8>(own, 32), v128.load64_zero(load<u8>(own), CENTRED), 1, CENTRED));
    b = f64x2.add(b, v128.load64_lane(load<u8>(own, 96), v128.load64_zero(load<u8>(own, 64), CENTRED), 1, CENTRED));
    c = f64x2.add(c, v128.load64_lane(load<u8>(own, 160), v128.load64_zero(load<u8>(own, 128), CENTRED), 1, CENTRED));
    d = f64x2.add(d, v128.load64_lane(load<u8>(own, 224), v128.load64_zero(load<u8>(own, 192), CENTRED), 1, CENTRED));
    mostA = f64x2.pmax(mostA, f64x2.mul(f64x2.mul(a, a), factor));
    mostB = f64x2.pmax(mostB, f64x2.mul(f64x2.mul(b, b), factor));
    mostC = f64x2.pmax(mostC, f64x2.mul(f64x2.mul(c, c), factor));
    mostD = f64x2.pmax(mostD, f64x2.mul(f64x2.mul(d, d), factor));
  }
  v128.store(to, mostA);
  v128.store(to, mostB, 16);
  v128.store(to, mostC, 32);
  v128.store(to, mostD, 48);
}

/** Rows of any weight. */
function boundUneven(list: usize, length: i32, factors: usize): void {
  for (let f = 0; f < features; f += 4) {
    let own = list + (f << ROW_LIST_SHIFT);
    const last = own + length - 1;
    let l = factors;
    let m = factors;
    let n = factors;
    let o = factors;
    let d = f64x2.splat(0);
    let e = f64x2.splat(0);
    let most = f64x2.splat(0);
    let mostOther = f64x2.splat(0);
    for (; own < last; own++) {
      const a = <usize>load<u8>(own);
      const b = <usize>load<u8>(own, 32);
      const c = <usize>load<u8>(own, 64);
      const g = <usize>load<u8>(own, 96);
      d = f64x2.add(d, v128.load64_lane(b, v128.load64_zero(a, CENTRED), 1, CENTRED));
      e = f64x2.add(e, v128.load64_lane(g, v128.load64_zero(c, CENTRED), 1, CENTRED));
      l += <usize>load<u8>(a, WEIGHT);
      m += <usize>load<u8>(b, WEIGHT);
      n += <usize>load<u8>(c, WEIGHT);
      o += <usize>load<u8>(g, WEIGHT);
      most = f64x2.pmax(most, f64x2.mul(f64x2.mul(d, d), v128.load64_lane(m, v128.load64_zero(l), 1)));
      mostOther = f64x2.pmax(mostOther, f64x2.mul(f64x2.mul(e, e), v128.load64_lane(o, v128.load64_zero(n), 1)));
    }
    v128.store(bounds + (f << 3), most);
    v128.store(bounds + (f << 3), mostOther, 16);
  }
}

/** Notes the splits of a feature that come near the best so far. */
function look(list: usize, f: i32, start: i32, end: i32, leaf: i32, factors: usize, hasAlike: bool): void {
  const own = list + (f << ROW_LIST_SHIFT);
  const first = start + leaf;
  const last = end - leaf;
  let least = top - margin;
  let d: f64 = 0;
  for (let p = start + 1; p <= last; p++) {
    const cell = <usize>load<u8>(own + p - 1);
    d += load<f64>(cell, CENTRED);
    factors += <usize>load<u8>(cell, WEIGHT);
    const score = d * d * load<f64>(factors);
    if (score < least || p < first) continue;
    if (hasAlike && (alikeTo(f, <i32>cell >> 3) >> (load<u8>(own + p) >> 3)) & 1) continue;
    note(f, p, score);
    least = top - margin;
  }
}
