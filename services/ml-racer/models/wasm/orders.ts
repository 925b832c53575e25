/**
 * The rows in order of each feature, and which rows are equal, or so near that a tree takes them for equal: alike. Sets of
 * rows are masks of 32 bits.
 */
import {
  alike,
  CROWDED_WITH,
  crowded,
  equal,
  features,
  inputX,
  level,
  order,
  ROW_LIST_SHIFT,
  rank,
  rows,
  tied,
  values,
} from "./layout";

/** scikit-learn's FEATURE_THRESHOLD. */
const FEATURE_GAP: f32 = 1e-7;

let distinct: bool = true;

function valueAt(f: i32, row: i32): f32 {
  return load<f32>(values + (((f << ROW_LIST_SHIFT) + row) << 2));
}

/** Number of the lowest bit. */
export function lowest(mask: u32): i32 {
  return <i32>ctz<u32>(mask);
}

/**
 * Takes in the training rows; false where being alike is not transitive: where a value lies within FEATURE_GAP of the one
 * before it, but not of the first of that crowd.
 */
export function prepareOrders(): bool {
  memory.fill(tied, 0, features << 2);
  memory.fill(crowded, 0, features << 2);
  memory.fill(CROWDED_WITH, 0, rows << 2);
  distinct = true;
  for (let f = 0; f < features; f++) {
    for (let i = 0; i < rows; i++) {
      store<f32>(values + (((f << ROW_LIST_SHIFT) + i) << 2), <f32>load<f64>(inputX + ((i * features + f) << 3)));
    }
    sortRows(f);
    if (!groupRows(f)) return false;
    if (load<u32>(crowded + (f << 2)) !== 0) distinct = false;
  }
  return true;
}

function sortRows(f: i32): void {
  const list = order + (f << ROW_LIST_SHIFT);
  for (let i = 0; i < rows; i++) {
    const value = valueAt(f, i);
    let k = i;
    while (k > 0 && valueAt(f, <i32>load<u8>(list + k - 1) >> 3) > value) {
      store<u8>(list + k, load<u8>(list + k - 1));
      k--;
    }
    store<u8>(list + k, i << 3);
  }
  for (let k = 0; k < rows; k++) store<u8>(rank + (f << ROW_LIST_SHIFT) + rowAt(f, k), k);
}

function groupRows(f: i32): bool {
  let fromEqual = 0;
  let fromAlike = 0;
  for (let k = 1; k <= rows; k++) {
    if (k < rows) {
      const value = valueAt(f, rowAt(f, k));
      const previous = valueAt(f, rowAt(f, k - 1));
      if (value === previous) continue;
      markEqual(f, fromEqual, k);
      fromEqual = k;
      if (value <= previous + FEATURE_GAP) {
        if (value > valueAt(f, rowAt(f, fromAlike)) + FEATURE_GAP) return false;
        continue;
      }
    } else markEqual(f, fromEqual, k);
    const group = markGroup(f, fromAlike, k, alike, crowded);
    if (k - fromAlike > 1) {
      for (let member = fromAlike; member < k; member++) {
        const row = rowAt(f, member);
        const others = CROWDED_WITH + (row << 2);
        store<u32>(others, load<u32>(others) | (group & ~(1 << row)));
      }
    }
    fromAlike = k;
  }
  return true;
}

function rowAt(f: i32, k: i32): i32 {
  return <i32>load<u8>(order + (f << ROW_LIST_SHIFT) + k) >> 3;
}

function markEqual(f: i32, first: i32, end: i32): void {
  markGroup(f, first, end, equal, tied);
  for (let k = first; k < end; k++) store<u8>(level + (f << ROW_LIST_SHIFT) + rowAt(f, k), first);
}

/** Marks the rows of the places from `first` to before `end` as one group; returns their mask. */
function markGroup(f: i32, first: i32, end: i32, masks: usize, members: usize): u32 {
  let group: u32 = 0;
  for (let k = first; k < end; k++) group |= 1 << rowAt(f, k);
  for (let k = first; k < end; k++) store<u32>(masks + (((f << ROW_LIST_SHIFT) + rowAt(f, k)) << 2), group);
  if (end - first > 1) store<u32>(members + (f << 2), load<u32>(members + (f << 2)) | group);
  return group;
}

/** The rows that have the same value of feature f as `row`: a sort leaves them as they stood. */
export function equalTo(f: i32, row: i32): u32 {
  return load<u32>(equal + (((f << ROW_LIST_SHIFT) + row) << 2));
}

/** The rows whose value of feature f a tree does not tell from that of `row`. */
export function alikeTo(f: i32, row: i32): u32 {
  return load<u32>(alike + (((f << ROW_LIST_SHIFT) + row) << 2));
}

/** The place of a row in the order of feature f. */
export function rankOf(f: i32, row: i32): i32 {
  return <i32>load<u8>(rank + (f << ROW_LIST_SHIFT) + row);
}

/** The rows up to a row in the order of feature f. */
export function upTo(f: i32, row: i32): u32 {
  const ranks = rank + (f << ROW_LIST_SHIFT);
  const last = i8x16.splat(load<i8>(ranks + row));
  const low = i8x16.bitmask(i8x16.le_u(v128.load(ranks), last));
  const high = i8x16.bitmask(i8x16.le_u(v128.load(ranks, 16), last));
  return <u32>low | ((<u32>high) << 16);
}

/** Whether two rows of `mask` have equal values of feature f. */
export function hasTies(f: i32, mask: u32): bool {
  for (let left = mask & load<u32>(tied + (f << 2)); left !== 0; left &= left - 1) {
    const row = lowest(left);
    if ((equalTo(f, row) & mask) !== (<u32>1) << row) return true;
  }
  return false;
}

/** Whether two rows of `mask` are alike in any feature. */
export function hasCrowd(mask: u32): bool {
  if (distinct) return false;
  for (let left = mask; left !== 0; left &= left - 1) {
    if ((load<u32>(CROWDED_WITH + (lowest(left) << 2)) & mask) !== 0) return true;
  }
  return false;
}

/** Half way between two rows in feature f, as scikit-learn computes it. */
export function between(f: i32, row: i32, other: i32): f64 {
  return <f64>valueAt(f, row) / 2 + <f64>valueAt(f, other) / 2;
}
