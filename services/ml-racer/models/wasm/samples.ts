/** The rows of nodes in scikit-learn's order; a sort leaves a trace of the sorts before it among equal values only. */
import { visitAt } from "./draws";
import { arranged, places, rows, samples, sortValues, tied, values } from "./layout";
import { equalTo, hasTies, rankOf } from "./orders";

/** Up to this length scikit-learn's sort is stable. */
const INSERTION_LENGTH_MAX = 15;

/** Writes the node's order after a visit of the search at hand; `list` has its rows sorted by each feature. */
export function arrange(list: usize, start: i32, end: i32, mask: u32, visit: i32): void {
  const f = visitAt(visit);
  if ((load<u32>(tied + (f << 2)) & mask) === 0 || !hasTies(f, mask)) copyList(list, f, start, end);
  else if (end - start <= INSERTION_LENGTH_MAX) arrangeStably(list, f, start, end, visit);
  else arrangeBySorts(list, start, end, mask, visit);
}

function copyList(list: usize, f: i32, start: i32, end: i32): void {
  for (let p = start; p < end; p++) store<u8>(arranged + p, load<u8>(list + f * rows + p));
}

function arrangeStably(list: usize, f: i32, start: i32, end: i32, visit: i32): void {
  for (let p = start; p < end; p++) store<u8>(places + load<u8>(samples + p), p);
  for (let p = start; p < end; p++) {
    const row = <i32>load<u8>(list + f * rows + p);
    const equals = equalTo(f, row);
    let q = p;
    while (q > start) {
      const other = <i32>load<u8>(arranged + q - 1);
      if (((equals >> other) & 1) === 0 || !comesBefore(row, other, visit - 1)) break;
      store<u8>(arranged + q, other);
      q--;
    }
    store<u8>(arranged + q, row);
  }
}

function comesBefore(a: i32, b: i32, visit: i32): bool {
  for (let v = visit; v >= 0; v--) {
    const f = visitAt(v);
    if (((equalTo(f, a) >> b) & 1) === 0) return rankOf(f, a) < rankOf(f, b);
  }
  return load<u8>(places + a) < load<u8>(places + b);
}

function arrangeBySorts(list: usize, start: i32, end: i32, mask: u32, visit: i32): void {
  let first = visit - 1;
  while (first >= 0 && hasTies(visitAt(first), mask)) first--;
  if (first >= 0) copyList(list, visitAt(first), start, end);
  else for (let p = start; p < end; p++) store<u8>(arranged + p, load<u8>(samples + p));
  for (let v = first + 1; v <= visit; v++) {
    const column = values + ((visitAt(v) * rows) << 2);
    for (let p = start; p < end; p++) {
      store<f32>(sortValues + (p << 2), load<f32>(column + ((<i32>load<u8>(arranged + p)) << 2)));
    }
    introsort(start, end - start);
  }
}

function valueAt(p: i32): f32 {
  return load<f32>(sortValues + (p << 2));
}

function put(p: i32, value: f32, row: u8): void {
  store<f32>(sortValues + (p << 2), value);
  store<u8>(arranged + p, row);
}

function swap(i: i32, j: i32): void {
  const value = valueAt(i);
  const row = load<u8>(arranged + i);
  put(i, valueAt(j), load<u8>(arranged + j));
  put(j, value, row);
}

/** Up to 32 elements never exhaust scikit-learn's budget of partitions: each takes away two at least. */
function introsort(start: i32, length: i32): void {
  let from = start;
  let left = length;
  while (left > INSERTION_LENGTH_MAX) {
    const a = valueAt(from);
    const b = valueAt(from + (left >> 1));
    const pivot = max<f32>(min<f32>(a, b), min<f32>(max<f32>(a, b), valueAt(from + left - 1)));
    let i = 0;
    let lower = 0;
    let upper = left;
    while (i < upper) {
      const value = valueAt(from + i);
      if (value < pivot) swap(from + i++, from + lower++);
      else if (value > pivot) swap(from + i, from + --upper);
      else i++;
    }
    introsort(from, lower);
    from += upper;
    left -= upper;
  }
  for (let i = from + 1; i < from + left; i++) {
    const value = valueAt(i);
    const row = load<u8>(arranged + i);
    let j = i;
    while (j > from && valueAt(j - 1) > value) {
      put(j, valueAt(j - 1), load<u8>(arranged + j - 1));
      j--;
    }
    put(j, value, row);
  }
}

/** Two pointers on the arranged order: the rows of `left` come first, and the node's slice is written anew. */
export function partition(start: i32, end: i32, left: u32): void {
  let from = start;
  let to = end;
  while (from < to) {
    const row = load<u8>(arranged + from);
    if ((left >> row) & 1) store<u8>(samples + from++, row);
    else {
      to--;
      store<u8>(arranged + from, load<u8>(arranged + to));
      store<u8>(samples + to, row);
    }
  }
}
