/**
 * The short form of a packed value, in which runs of equal words are left out: a young series has many, since rings that are still
 * empty and sums of nothing are zeros or NaN. Little endian, behind the head that every packed value has:
 *   bytes of the body (u32) | a bit for each of its words of 8 bytes, in u32s, the lowest first | the words whose bit is 1
 *     | the bytes behind the last word
 * A word whose bit is 0 has the bits of the word before it, the first one those of 0. Words are compared bit for bit, as two integers
 * of 4 bytes: as doubles, 0 would be -0, and no NaN another.
 */
import { HEAD_BYTES } from "./packed-memory.js";

/** A value that does not save that much of its bytes stays whole: whole ones are read and written where they lie. */
const SAVED_SHARE_MIN = 1 / 4;
/** Integers of 4 bytes before the bits: the head, and the bytes of the body. */
const BITS_AT = HEAD_BYTES / 4 + 1;
const LENGTH_AT = HEAD_BYTES;
const BITS_EACH = 32;

/** Working memory whose integers lie where the processor wants them; values in chunks, copies and batches lie anywhere. */
interface Room {
  readonly bytes: Buffer;
  readonly integers: Int32Array;
}
const newRoom = (bytes: number): Room => {
  const integers = new Int32Array(Math.ceil(bytes / 4));
  return { integers, bytes: Buffer.from(integers.buffer) };
};
/** They grow to the longest value so far. */
let whole = newRoom(0);
let short = newRoom(0);

/**
 * The short form of a body of `length` bytes from byte `start` on, in memory of its own, whose head has still to be written.
 * @returns undefined where it is not so much shorter that it pays
 */
export function shortForm(body: Buffer, start: number, length: number): Buffer | undefined {
  const words = length >>> 3;
  const groups = Math.ceil(words / BITS_EACH);
  const rest = length & 7;
  const most = Math.floor((HEAD_BYTES + length) * (1 - SAVED_SHARE_MIN)) - rest;
  let to = BITS_AT + groups;
  if (4 * to > most) return undefined;
  if (whole.bytes.length < length) whole = newRoom(length);
  if (short.bytes.length < 4 * to + length) short = newRoom(4 * to + length);
  body.copy(whole.bytes, 0, start, start + length);
  const from = whole.integers;
  const out = short.integers;
  let low = 0;
  let high = 0;
  for (let group = 0; group < groups; group++) {
    const first = 2 * BITS_EACH * group;
    const end = Math.min(first + 2 * BITS_EACH, 2 * words);
    let bits = 0;
    for (let at = first, bit = 1; at < end; at += 2, bit <<= 1) {
      if (from[at] === low && from[at + 1] === high) continue;
      low = from[at];
      high = from[at + 1];
      out[to++] = low;
      out[to++] = high;
      bits |= bit;
    }
    if (4 * to > most) return undefined;
    out[BITS_AT + group] = bits;
  }
  out[LENGTH_AT / 4] = length;
  const made = Buffer.allocUnsafe(4 * to + rest);
  short.bytes.copy(made, 0, 0, 4 * to);
  whole.bytes.copy(made, 4 * to, 8 * words, length);
  return made;
}

/**
 * The body of a value in its short form, in working memory that the next call writes into.
 * @param stored with its head. A body is at most 64 times as long, since its bits have to be there
 * @throws {RangeError} the bytes are no such form
 */
export function bodyOfShort(stored: Buffer): Buffer {
  if (stored.length < 4 * BITS_AT) throw wrong(stored, "its length");
  const length = stored.readUInt32LE(LENGTH_AT);
  const words = length >>> 3;
  const groups = Math.ceil(words / BITS_EACH);
  const rest = length & 7;
  const end = stored.length - rest;
  let at = BITS_AT + groups;
  if (end < 4 * at || (end - 4 * at) % 8 !== 0) throw wrong(stored, `a body of ${length}`);
  if (short.bytes.length < stored.length) short = newRoom(stored.length);
  if (whole.bytes.length < length) whole = newRoom(length);
  stored.copy(short.bytes);
  const from = short.integers;
  const out = whole.integers;
  let low = 0;
  let high = 0;
  for (let word = 0, bits = 0; word < words; word++, bits >>= 1) {
    if (word % BITS_EACH === 0) bits = from[BITS_AT + word / BITS_EACH];
    if ((bits & 1) === 1) {
      low = from[at++];
      high = from[at++];
    }
    out[2 * word] = low;
    out[2 * word + 1] = high;
  }
  const last = words % BITS_EACH;
  const isBeyond = last > 0 && from[BITS_AT + groups - 1] >>> last !== 0;
  if (4 * at !== end || isBeyond) throw wrong(stored, "as many words as its bits say");
  stored.copy(whole.bytes, 8 * words, end);
  return whole.bytes.subarray(0, length);
}

function wrong(stored: Buffer, expected: string): RangeError {
  return new RangeError(`expected ${expected} in the short form of a value, got ${stored.length} bytes`);
}
