/** A JSON number from its text: RFC 8259, section 6, correctly rounded. */
import { scale, scaled } from "./scale";

const MINUS: u32 = 45;
const PLUS: u32 = 43;
const POINT: u32 = 46;
const ZERO: u32 = 48;
const UPPER_E: u32 = 69;
const LOWER_E: u32 = 101;

/** Most digits that a whole number of 64 bits holds in any case. */
const DIGITS_MAX: i32 = 19;
/** Longest text of one number, in bytes, as the deserializer takes it. */
const TEXT_BYTES_MAX: usize = 1100;

/**
 * Reads the number at `text` into `values`. Digits of the fraction are read eight at a time, so 8 bytes after it must be in the
 * memory, and a byte that is no digit must come before them.
 * @returns the place after it; 0 where there is none, or one that is left to the plain way: of more than 19 digits, of a text
 *   that is too long, or whose value is not decided here
 */
export function readNumber(text: usize, values: usize): usize {
  let at = text;
  const negative = <u32>load<u8>(at) === MINUS;
  if (negative) at++;
  const start = at;
  let whole: u64 = 0;
  let byte = <u32>load<u8>(at);
  while (isDigit(byte)) {
    whole = whole * 10 + (byte - ZERO);
    at++;
    byte = load<u8>(at);
  }
  let count = <i32>(at - start);
  const beginsWithZero = <u32>load<u8>(start) === ZERO;
  if (count === 0 || (count > 1 && beginsWithZero)) return 0;
  let exponent = 0;
  if (byte === POINT) {
    at++;
    const fraction = at;
    let word = load<u64>(at);
    while (areEightDigits(word)) {
      whole = whole * 100000000 + eightDigitsValue(word);
      at += 8;
      word = load<u64>(at);
    }
    byte = load<u8>(at);
    while (isDigit(byte)) {
      whole = whole * 10 + (byte - ZERO);
      at++;
      byte = load<u8>(at);
    }
    const fractionDigits = <i32>(at - fraction);
    if (fractionDigits === 0) return 0;
    exponent = -fractionDigits;
    count += fractionDigits;
    if (beginsWithZero) count -= countZeros(fraction, at) + 1;
  }
  if (byte === LOWER_E || byte === UPPER_E) {
    at++;
    byte = load<u8>(at);
    const down = byte === MINUS;
    if (down || byte === PLUS) {
      at++;
      byte = load<u8>(at);
    }
    if (!isDigit(byte)) return 0;
    let told = 0;
    while (isDigit(byte)) {
      if (told < 10000) told = told * 10 + (byte - ZERO);
      at++;
      byte = load<u8>(at);
    }
    exponent += down ? -told : told;
  }
  if (count > DIGITS_MAX || at - text > TEXT_BYTES_MAX || !scale(whole, exponent)) return 0;
  store<f64>(values, negative ? -scaled : scaled);
  return at;
}

/** Zeros from `at` on, to before `end`. */
function countZeros(at: usize, end: usize): i32 {
  let zero = at;
  while (zero < end && <u32>load<u8>(zero) === ZERO) zero++;
  return <i32>(zero - at);
}

function isDigit(byte: u32): bool {
  return byte - ZERO < 10;
}

/** Whether a word of text is eight digits [D. Lemire 2021, as below]. */
function areEightDigits(word: u64): bool {
  return (
    ((word & 0xf0f0f0f0f0f0f0f0) | (((word + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) === 0x3333333333333333
  );
}

/** Their value, in three multiplications [D. Lemire, "Number parsing at a gigabyte per second", 2021]. */
function eightDigitsValue(text: u64): u64 {
  let word = text - 0x3030303030303030;
  word = word * 10 + (word >> 8);
  return (
    ((word & 0x000000ff000000ff) * 0x000f424000000064 + ((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32
  );
}
