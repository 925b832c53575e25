/**
 * State keys `<topic>/<series>` that were seen lately, each with a number from 0 on: an open table of hashes over the keys' bytes.
 * A key stands for good until all of them are forgotten at once.
 */

/** Longest row of occupied slots that is looked through: beyond it the table counts as full. */
const PROBES_MAX: u32 = 64;
const SLASH: u8 = 47;
/** The golden ratio as a fraction of 2^64, odd. */
const FACTOR: u64 = 0x9e3779b97f4a7c15;

/** Slots: hash in the upper half, number of the key + 1 in the lower one; 0 where there is none. */
let slots: usize = 0;
let mask: u32 = 0;
/** By number: the place of the key's bytes, as u32; its length stands in the 4 bytes before. */
let places: usize = 0;
let countMax: u32 = 0;
let count: u32 = 0;
let next: usize = 0;
let end: usize = 0;
let seed: u64 = 0;

/** Where {@link keyNumber} found or put the key, and its length, as u32. */
export const keyFound: usize = memory.data(8, 8);

/**
 * Lays out the table in a region that holds zeros: the system gives memory for a page only once something is written there.
 * @param keys   most keys, a power of two; two slots a key, and what remains for their bytes
 * @param random decides the order of the slots
 */
export function layOutKeys(at: usize, length: usize, keys: u32, random: u64): void {
  slots = at;
  mask = 2 * keys - 1;
  places = slots + ((<usize>keys) << 4);
  countMax = keys;
  end = at + length;
  next = firstPlace();
  seed = random;
}

/** Forgets all keys. */
export function forgetKeys(): void {
  memory.fill(slots, 0, places - slots);
  count = 0;
  next = firstPlace();
}

/** Where the bytes of keys begin: behind the table of places. */
function firstPlace(): usize {
  return places + ((<usize>countMax) << 2);
}

/** The number of a key, which is put where it is not known; -1 where there is no room for it. */
export function keyNumber(topic: usize, topicLength: u32, series: usize, seriesLength: u32): i32 {
  const hash = <u32>(mix(mix(seed, topic, topicLength), series, seriesLength) >> 32);
  const length = topicLength + 1 + seriesLength;
  let slot = hash & mask;
  for (let probe: u32 = 0; probe < PROBES_MAX; probe++) {
    const at = slots + ((<usize>slot) << 3);
    const entry = load<u64>(at);
    if (entry === 0) return put(at, hash, topic, topicLength, series, seriesLength);
    if (<u32>(entry >> 32) === hash) {
      const number = <u32>entry - 1;
      const place = load<u32>(places + ((<usize>number) << 2));
      if (
        load<u32>(place - 4) === length &&
        isEqual(place, topic, topicLength) &&
        load<u8>(place + topicLength) === SLASH &&
        isEqual(place + topicLength + 1, series, seriesLength)
      ) {
        tell(place, length);
        return number;
      }
    }
    slot = (slot + 1) & mask;
  }
  return -1;
}

function put(at: usize, hash: u32, topic: usize, topicLength: u32, series: usize, seriesLength: u32): i32 {
  const length = topicLength + 1 + seriesLength;
  const place = next + 4;
  const after = (place + length + 3) & ~3;
  if (count === countMax || after > end) return -1;
  store<u32>(next, length);
  memory.copy(place, topic, topicLength);
  store<u8>(place + topicLength, SLASH);
  memory.copy(place + topicLength + 1, series, seriesLength);
  store<u32>(places + ((<usize>count) << 2), <u32>place);
  count++;
  store<u64>(at, ((<u64>hash) << 32) | count);
  next = after;
  tell(place, length);
  return count - 1;
}

function tell(place: usize, length: u32): void {
  store<u32>(keyFound, <u32>place);
  store<u32>(keyFound, length, 4);
}

/** Takes bytes into a hash, eight at a time. */
function mix(before: u64, from: usize, length: u32): u64 {
  let hash = before ^ length;
  let done: u32 = 0;
  for (; done + 8 <= length; done += 8) hash = turn(hash ^ load<u64>(from + done));
  const left = length - done;
  return left === 0 ? hash : turn(hash ^ lastBytes(from + done, left));
}

function turn(hash: u64): u64 {
  const product = hash * FACTOR;
  return product ^ (product >> 29);
}

function isEqual(a: usize, b: usize, length: u32): bool {
  let done: u32 = 0;
  for (; done + 8 <= length; done += 8) if (load<u64>(a + done) !== load<u64>(b + done)) return false;
  const left = length - done;
  return left === 0 || lastBytes(a + done, left) === lastBytes(b + done, left);
}

/** The first 1 to 7 bytes of a word. */
function lastBytes(at: usize, count: u32): u64 {
  return load<u64>(at) & (((<u64>1) << ((<u64>count) << 3)) - 1);
}
