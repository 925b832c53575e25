/** The rows of nodes in scikit-learn's order; a sort leaves a trace of the sorts before it among equal values only. */
import { visitAt } from "./draws";
import { ARRANGED, level, PLACES, ROW_LIST_SHIFT, rows, SAMPLES, SORTED, tied } from "./layout";
import { bitsIn, compare } from "./lists";
import { equalTo, hasTies, rankOf } from "./orders";

/** Up to this length scikit-learn's sort is stable. */
const INSERTION_LENGTH_MAX = 15;

/** Writes the node's order after a visit of the search at hand; `list` has its rows sorted by each feature. */
export function arrange(list: usize, start: i32, end: i32, mask: u32, visit: i32): void {
  const f = visitAt(visit);
  if ((load<u32>(tied + (f << 2)) & mask) === 0 || !hasTies(f, mask)) copy(list + (f << ROW_LIST_SHIFT), start);
  else if (end - start <= INSERTION_LENGTH_MAX) arrangeStably(list, f, start, end, visit);
  else arrangeBySorts(list, start, end, mask, visit);
}

/** Copies cells from `start` on, and what lies after them: that of other nodes is not needed, that of this one is the same. */
function copy(from: usize, start: i32): void {
  v128.store(ARRANGED + start, v128.load(from + start));
  v128.store(ARRANGED + start, v128.load(from + start, 16), 16);
}

function arrangeStably(list: usize, f: i32, start: i32, end: i32, visit: i32): void {
  for (let p = start; p < end; p++) store<u8>((load<u8>(SAMPLES + p) >> 3) + PLACES, p);
  for (let p = start; p < end; p++) {
    const row = <i32>load<u8>(list + (f << ROW_LIST_SHIFT) + p) >> 3;
    const equals = equalTo(f, row);
    let q = p;
    while (q > start) {
      const other = <i32>load<u8>(ARRANGED + q - 1) >> 3;
      if (((equals >> other) & 1) === 0 || !comesBefore(row, other, visit - 1)) break;
      store<u8>(ARRANGED + q, other << 3);
      q--;
    }
    store<u8>(ARRANGED + q, row << 3);
  }
}

function comesBefore(a: i32, b: i32, visit: i32): bool {
  for (let v = visit; v >= 0; v--) {
    const f = visitAt(v);
    if (((equalTo(f, a) >> b) & 1) === 0) return rankOf(f, a) < rankOf(f, b);
  }
  return load<u8>(PLACES + a) < load<u8>(PLACES + b);
}

function arrangeBySorts(list: usize, start: i32, end: i32, mask: u32, visit: i32): void {
  let first = visit - 1;
  while (first >= 0 && hasTies(visitAt(first), mask)) first--;
  copy(first >= 0 ? list + (visitAt(first) << ROW_LIST_SHIFT) : SAMPLES, start);
  for (let v = first + 1; v <= visit; v++) {
    const feature = visitAt(v) << ROW_LIST_SHIFT;
    part(start, end - start, level + feature);
    placeFrom(list + feature, start, end, level + feature);
    place(start, end, level + feature);
  }
}

/** The level of the value of a cell: the first place of its value in the order of the feature. */
function levelOf(levels: usize, cell: i32): i32 {
  return <i32>load<u8>(levels + (cell >> 3));
}

/**
 * The partitions of scikit-learn's introsort, until every part is short. Up to 32 elements never exhaust its budget of
 * partitions: each takes away two at least. No element is read after it was moved, so they are read where they lie, one after
 * another from either side, and written elsewhere.
 */
function part(start: i32, length: i32, levels: usize): void {
  while (length > INSERTION_LENGTH_MAX) {
    const from = ARRANGED + start;
    const to = SORTED + start;
    const a = levelOf(levels, load<u8>(from));
    const b = levelOf(levels, load<u8>(from + (length >> 1)));
    const c = levelOf(levels, load<u8>(from + length - 1));
    const pivot = max<i32>(min<i32>(a, b), min<i32>(max<i32>(a, b), c));
    const compared = compare(from, levels, pivot);
    const below = <u32>compared;
    const above = <u32>(compared >> 32);
    let at = 0;
    let lower = 0;
    let middle = 0;
    let upper = length;
    while (middle < upper) {
      const isLower = <i32>((below >> at) & 1);
      const isUpper = <i32>((above >> at) & 1);
      upper -= isUpper;
      const cell = load<u8>(from + at);
      // The first of the values equal to the pivot makes way for a lower one, and becomes the last of them.
      store<u8>(to + middle, load<u8>(to + lower));
      store<u8>(to + middle + ((upper - middle) & -isUpper) + ((lower - middle) & -isLower), cell);
      lower += isLower;
      middle += 1 - isUpper;
      at = middle + ((upper - middle) & -isUpper);
    }
    copy(SORTED, start);
    part(start, lower, levels);
    start += upper;
    length -= upper;
  }
}

/** Where the rows of each value go: the first place of each level in the node. */
function placeFrom(list: usize, start: i32, end: i32, levels: usize): void {
  if (end - start === rows) {
    v128.store(PLACES, i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    v128.store(PLACES, i8x16(16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31), 16);
  } else for (let p = end - 1; p >= start; p--) store<u8>(<usize>levelOf(levels, load<u8>(list + p)) + PLACES, p);
}

/** Insertion sorts of all parts: rows go to the places of their values, those of equal values in the order in which they stand. */
function place(start: i32, end: i32, levels: usize): void {
  for (let p = start; p < end; p++) {
    const cell = load<u8>(ARRANGED + p);
    const next = <usize>levelOf(levels, cell) + PLACES;
    const q = <i32>load<u8>(next);
    store<u8>(next, q + 1);
    store<u8>(SORTED + q, cell);
  }
  copy(SORTED, start);
}

/**
 * Two pointers on the arranged order: the rows of `left` come first, and the node's slice is written anew. A row of the right
 * changes places with the last that was not looked at, which is looked at next.
 */
export function partition(start: i32, end: i32, left: u32): void {
  const from = ARRANGED + start;
  const to = SAMPLES + start;
  const length = end - start;
  const bits = bitsIn(from, length, left);
  let lower = 0;
  let upper = length;
  let at = 0;
  while (lower < upper) {
    const isRight = 1 - <i32>((bits >> at) & 1);
    upper -= isRight;
    const cell = load<u8>(from + at);
    store<u8>(to + lower + ((upper - lower) & -isRight), cell);
    lower += 1 - isRight;
    at = lower + ((upper - lower) & -isRight);
  }
}
