/** Results, laid out in memory. */
import { writeNumber } from "./write-number";

/**
 * Steps of a layout, as u32; a step's operands follow it. Any other step is a choice: bytes of the layout that the next number
 * chooses, from a table of places and lengths; its operand is the table's place.
 */
const END: u32 = 0;
/** Bytes of the layout: place, length. */
const LITERAL: u32 = 1;
/** Bytes that the caller gives. */
const GIVEN: u32 = 2;
/** The next number. */
const NUMBER: u32 = 3;
/** As many next numbers as the caller says, with commas between them. */
const LIST: u32 = 4;

const COMMA: u8 = 44;

/**
 * Writes a result's key and its value after it, as `layout` says. Numbers are taken from `values` in order.
 * @param out with room for all numbers at their longest, and 64 bytes more
 * @returns the place after the value; 0 where a number is not finite
 */
export function render(
  layout: usize,
  values: usize,
  listLength: i32,
  given: usize,
  givenLength: i32,
  key: usize,
  keyLength: i32,
  out: usize,
): usize {
  let at = copy(key, keyLength, out);
  let value = values;
  let step = layout;
  let kind = load<u32>(step);
  while (kind !== END && at !== 0) {
    if (kind === LITERAL) {
      at = copy(load<u32>(step, 4), load<u32>(step, 8), at);
      step += 12;
    } else if (kind === NUMBER) {
      at = writeNumber(at, load<f64>(value));
      value += 8;
      step += 4;
    } else if (kind === LIST) {
      at = writeList(at, value, listLength);
      value += (<usize>listLength) << 3;
      step += 4;
    } else if (kind === GIVEN) {
      at = copy(given, givenLength, at);
      step += 4;
    } else {
      const choice = <usize>load<u32>(step, 4) + ((<usize>load<f64>(value)) << 3);
      at = copy(load<u32>(choice), load<u32>(choice, 4), at);
      value += 8;
      step += 8;
    }
    kind = load<u32>(step);
  }
  return at;
}

function writeList(out: usize, values: usize, count: i32): usize {
  let at = out;
  for (let j = 0; j < count; j++) {
    if (j > 0) {
      store<u8>(at, COMMA);
      at++;
    }
    at = writeNumber(at, load<f64>(values + (j << 3)));
    if (at === 0) return 0;
  }
  return at;
}

/** Copies bytes, and up to 15 after them; returns the place after them. Pieces are short: a call of memory.copy takes longer. */
function copy(from: usize, length: i32, to: usize): usize {
  for (let done = 0; done < length; done += 16) v128.store(to + done, v128.load(from + done));
  return to + length;
}
