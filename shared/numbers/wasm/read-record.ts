/**
 * Observations and lists of numbers from the bytes of a record. While one is read, the byte after it is 0: no name, number or
 * literal goes on there, so what follows a record in memory is never taken for a part of it.
 */
import { readNumber } from "./read-number";

const QUOTE: u32 = 34;
const BLANK: u32 = 32;
const COMMA: u32 = 44;
const SLASH: u32 = 47;
const LIST_START: u32 = 91;
const BACKSLASH: u32 = 92;
const LIST_END: u32 = 93;
const LAST_PRINTABLE: u32 = 126;

/** Where the names of the observation read last lie: topic and its end, series and its end, as u32. */
export const found: usize = memory.data(16, 16);

/** Reads an observation or a list while the byte after it is 0, see the file's head. */
function readWithin(text: usize, end: usize, values: usize, countMax: i32, observation: bool): i32 {
  const after = load<u8>(end);
  store<u8>(end, 0);
  const count = observation ? observationAt(text, end, values, countMax) : listAt(text, end, values, countMax, true);
  store<u8>(end, after);
  return count;
}

/**
 * Reads an observation as the deserializer writes it, `{"topic":"…","series":"…","i":1,"y":2,"x":[3,4]}`. Both names have plain
 * characters only, and the topic has no slash, since one ends it in keys. i, y and x1 to xn are left in `values`, the places of
 * the names in `found`.
 * @returns how many numbers; 0 where the bytes are anything else, or there are more than `countMax`
 */
export function readObservation(text: usize, end: usize, values: usize, countMax: i32): i32 {
  return readWithin(text, end, values, countMax, true);
}

/**
 * Reads a list of numbers, `[i, y, x1, ..., xn]`, without blanks but for one after each comma.
 * @returns how many, as {@link readObservation}
 */
export function readNumbers(text: usize, end: usize, values: usize, countMax: i32): i32 {
  return readWithin(text, end, values, countMax, false);
}

function observationAt(text: usize, end: usize, values: usize, countMax: i32): i32 {
  // {"topic":"
  if (load<u64>(text) !== 0x226369706f74227b || load<u16>(text, 8) !== 0x223a) return 0;
  const topicEnd = skipPlain(text + 10, SLASH);
  // ","series":"
  if (load<u64>(topicEnd) !== 0x6569726573222c22 || load<u32>(topicEnd, 8) !== 0x223a2273) return 0;
  const seriesEnd = skipPlain(topicEnd + 12, QUOTE);
  // ","i":
  if (load<u32>(seriesEnd) !== 0x69222c22 || load<u16>(seriesEnd, 4) !== 0x3a22) return 0;
  store<u32>(found, <u32>(text + 10));
  store<u32>(found, <u32>topicEnd, 4);
  store<u32>(found, <u32>(topicEnd + 12), 8);
  store<u32>(found, <u32>seriesEnd, 12);
  let at = readNumber(seriesEnd + 6, values);
  // ,"y":
  if (at === 0 || load<u32>(at) !== 0x2279222c || load<u8>(at, 4) !== 0x3a) return 0;
  at = readNumber(at + 5, values + 8);
  // ,"x":
  if (at === 0 || load<u32>(at) !== 0x2278222c || load<u8>(at, 4) !== 0x3a) return 0;
  // The end of the object stands where that of the record is: the list must end one byte before it.
  if (load<u8>(end - 1) !== 0x7d) return 0;
  const features = listAt(at + 5, end - 1, values + 16, countMax - 2, false);
  return features === 0 ? 0 : features + 2;
}

function listAt(text: usize, end: usize, values: usize, countMax: i32, blanks: bool): i32 {
  if (<u32>load<u8>(text) !== LIST_START) return 0;
  let at = text + 1;
  let count = 0;
  while (count < countMax) {
    at = readNumber(at, values + (count << 3));
    if (at === 0) return 0;
    count++;
    if (<u32>load<u8>(at) !== COMMA) return <u32>load<u8>(at) === LIST_END && at + 1 === end ? count : 0;
    at++;
    if (blanks && <u32>load<u8>(at) === BLANK) at++;
  }
  return 0;
}

/** The first place from `from` on whose byte is `stop`, or one that JSON does not write as it is, or that is not ASCII. */
function skipPlain(from: usize, stop: u32): usize {
  let at = from;
  let byte = <u32>load<u8>(at);
  while (byte >= BLANK && byte <= LAST_PRINTABLE && byte !== QUOTE && byte !== BACKSLASH && byte !== stop) {
    at++;
    byte = load<u8>(at);
  }
  return at;
}

/** Whether all bytes are printable ASCII that JSON writes as it is. */
export function isPlain(text: usize, end: usize): bool {
  const after = load<u8>(end);
  store<u8>(end, 0);
  const plainEnd = skipPlain(text, QUOTE);
  store<u8>(end, after);
  return plainEnd === end;
}
