/** Lists of cells, parted by vectors: eight entries at a time are looked up in a mask, and those that are in it move together. */
import { CHOICES, features, ROW_LIST, ROW_LIST_SHIFT, SIDES } from "./layout";

/** Fills the table of {@link CHOICES}. */
export function tabulateChoices(): void {
  for (let mask = 0; mask < 256; mask++) {
    let to = CHOICES + (mask << 3);
    for (let k = 0; k < 8; k++) if ((mask >> k) & 1) store<u8>(to++, k);
  }
}

/** A byte a row of 16: 255 where its bit is set. */
function bytesOf(mask: u32): v128 {
  const halves = i8x16.shuffle(i16x8.splat(<i16>mask), i16x8.splat(0), 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  return i8x16.eq(v128.and(halves, bits), bits);
}

/** Writes the bytes of all rows; kept in memory, since the compiler would compute them again at every use. */
function setSides(mask: u32): void {
  v128.store(SIDES, bytesOf(mask));
  v128.store(SIDES, bytesOf(mask >> 16), 16);
}

/** Which of 16 entries are rows of the mask, a bit each. */
function sideBits(at: usize): u32 {
  const row = i8x16.shr_u(v128.load(at), 3);
  const low = i8x16.swizzle(v128.load(SIDES), row);
  return i8x16.bitmask(v128.or(low, i8x16.swizzle(v128.load(SIDES, 16), i8x16.sub(row, i8x16.splat(16)))));
}

/** Of 16 entries: a bit for each whose row has a byte in `table` that is below `limit`, and 16 bits higher for each above. */
function comparedBits(at: usize, table: usize, limit: v128): u32 {
  const row = i8x16.shr_u(v128.load(at), 3);
  const low = i8x16.swizzle(v128.load(table), row);
  const byte = v128.or(low, i8x16.swizzle(v128.load(table, 16), i8x16.sub(row, i8x16.splat(16))));
  return <u32>i8x16.bitmask(i8x16.lt_u(byte, limit)) | ((<u32>i8x16.bitmask(i8x16.gt_u(byte, limit))) << 16);
}

/** Of 32 entries: a bit for each whose row has a byte in `table` that is below `limit`, and 32 bits higher for each above. */
export function compare(at: usize, table: usize, limit: i32): u64 {
  const limits = i8x16.splat(<i8>limit);
  const first = comparedBits(at, table, limits);
  const second = comparedBits(at + 16, table, limits);
  const below = (first & 0xffff) | (second << 16);
  const above = (first >> 16) | (second & 0xffff0000);
  return <u64>below | ((<u64>above) << 32);
}

/** A bit for each of the first `length` entries. */
function bitsBelow(length: i32): u32 {
  return <u32>(((<u64>1) << length) - 1);
}

/** Which of the entries from `at` on are rows of `mask`, a bit each. */
export function bitsIn(at: usize, length: i32, mask: u32): u32 {
  setSides(mask);
  let bits = sideBits(at);
  if (length > 16) bits |= sideBits(at + 16) << 16;
  return bits & bitsBelow(length);
}

/** Copies those of the first `length` entries whose bit is set; writes up to 8 bytes beyond them. */
function choose(from: usize, length: i32, bits: u32, to: usize): void {
  for (let k = 0; k < length; k += 8) {
    const mask = bits & 255;
    const chosen = i8x16.swizzle(v128.load64_zero(from), v128.load64_zero(mask << 3, CHOICES));
    v128.store64_lane(to, chosen, 0);
    to += popcnt<u32>(mask);
    from += 8;
    bits >>= 8;
  }
}

/** Parts every feature's list of a node stably into left rows and right ones. What lies beyond `end` stays. */
export function partLists(from: usize, to: usize, start: i32, end: i32, position: i32, left: u32): void {
  const length = end - start;
  const all = bitsBelow(length);
  setSides(left);
  const last = to + (features << ROW_LIST_SHIFT);
  for (let own = from + start; to < last; to += ROW_LIST) {
    let bits = sideBits(own);
    if (length > 16) bits |= sideBits(own + 16) << 16;
    const kept = load<u64>(to + end);
    choose(own, length, bits & all, to + start);
    choose(own, length, ~bits & all, to + position);
    store<u64>(to + end, kept);
    own += ROW_LIST;
  }
}

/** Lists the rows of `side` alone, as many as lie from `first` to `last`. What lies beyond `last` stays. */
export function listSide(from: usize, to: usize, start: i32, end: i32, first: i32, last: i32, side: u32): void {
  const length = end - start;
  const all = bitsBelow(length);
  setSides(side);
  const stop = to + (features << ROW_LIST_SHIFT);
  for (let own = from + start; to < stop; to += ROW_LIST) {
    let bits = sideBits(own);
    if (length > 16) bits |= sideBits(own + 16) << 16;
    const kept = load<u64>(to + last);
    choose(own, length, bits & all, to + first);
    store<u64>(to + last, kept);
    own += ROW_LIST;
  }
}
