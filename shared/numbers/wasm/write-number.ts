/**
 * A finite double as JSON text, as `finite` of number-text.ts writes it: as ECMAScript's Number::toString, but for -0, which keeps
 * its sign, and from 2^53 on, where the exponent is always written.
 */
import { exponent, lowerDigits, shortest, upperDigits } from "./shortest";
import { wholePowers } from "./tables";

const ZEROS: u64 = 0x3030303030303030;
const MINUS: u8 = 45;
const PLUS: u8 = 43;
const POINT: u8 = 46;
const LOWER_E: u8 = 101;

/** The 17 digits that are laid out, as ASCII, the first in the lowest byte: eight, eight and one. */
let first: u64 = 0;
let second: u64 = 0;
let third: u64 = 0;

/**
 * Writes a double and returns the place after it; up to 40 bytes from `out` may be written to.
 * @returns 0 where the value is not finite
 */
export function writeNumber(out: usize, value: f64): usize {
  const bits = reinterpret<u64>(value);
  const fraction = bits & 0x000fffffffffffff;
  const biased = <i32>((bits >> 52) & 0x7ff);
  if (biased === 0x7ff) return 0;
  store<u8>(out, MINUS);
  const at = out + <usize>(bits >> 63);
  if (biased === 0 && fraction === 0) return writeWhole(at, 0);
  const down = 1075 - biased;
  if (down >= 0 && down < 53) {
    const whole = fraction | 0x0010000000000000;
    if ((whole & (((<u64>1) << down) - 1)) === 0) return writeWhole(at, whole >> down);
  }
  shortest(fraction, biased);
  const places = layShortest();
  const count = countDigits();
  const point = places + exponent;
  if (down < 0 || point < -5) return writeExponent(at, count, point - 1);
  return point > 0 ? writePoint(at, count, point) : writeSmall(at, count, point);
}

/** Writes a whole number below 2^53. */
function writeWhole(out: usize, value: u64): usize {
  if (value < 10) {
    store<u8>(out, <u8>(48 + value));
    return out + 1;
  }
  const places = countPlaces(value);
  layPadded(value * load<u64>(wholePowers + ((17 - places) << 3)));
  store<u64>(out, first);
  store<u64>(out, second, 8);
  return out + places;
}

/** `dd.ddd`: the point after the first 1 to 16 of more digits. */
function writePoint(out: usize, count: i32, point: i32): usize {
  const rest = out + point + 1;
  store<u64>(out, first);
  if (point < 8) {
    const shift = <u64>(point << 3);
    store<u64>(rest, (first >> shift) | (second << (64 - shift)));
    store<u64>(rest, (second >> shift) | (third << (64 - shift)), 8);
  } else {
    store<u64>(out, second, 8);
    if (point === 8) {
      store<u64>(rest, second);
      store<u64>(rest, third, 8);
    } else {
      // In two steps, since a shift by 64 is one by 0.
      const shift = <u64>((point - 9) << 3);
      store<u64>(rest, ((second >> shift) >> 8) | (third << (56 - shift)));
    }
  }
  store<u8>(out + point, POINT);
  return out + count + 1;
}

/** `0.000ddd`: `point` of -5 to 0 says how many zeros. */
function writeSmall(out: usize, count: i32, point: i32): usize {
  // 0.000000
  store<u64>(out, 0x3030303030302e30);
  const place = out + 2 - point;
  store<u64>(place, first);
  store<u64>(place, second, 8);
  store<u64>(place, third, 16);
  return place + count;
}

/** `d.ddde+21`, or `de-7` with one digit. */
function writeExponent(out: usize, count: i32, power: i32): usize {
  store<u8>(out, <u8>first);
  let at = out + 1;
  if (count > 1) {
    store<u8>(out, POINT, 1);
    store<u64>(out, (first >> 8) | (second << 56), 2);
    store<u64>(out, (second >> 8) | (third << 56), 10);
    at += count;
  }
  store<u8>(at, LOWER_E);
  store<u8>(at, power < 0 ? MINUS : PLUS, 1);
  at += 2;
  const left: u32 = abs<i32>(power);
  if (left >= 100) {
    store<u8>(at, <u8>(48 + left / 100));
    at++;
  }
  if (left >= 10) {
    store<u8>(at, <u8>(48 + ((left / 10) % 10)));
    at++;
  }
  store<u8>(at, <u8>(48 + (left % 10)));
  return at + 1;
}

/** Decimal places of a whole number from 1 to 10^17 - 1. */
function countPlaces(value: u64): i32 {
  // 1233 / 4096 is little more than log10(2).
  const places = ((64 - <i32>clz<u64>(value)) * 1233) >> 12;
  return places + <i32>(load<u64>(wholePowers + (places << 3)) <= value);
}

/** Lays out what `shortest` found, and returns its places. */
function layShortest(): i32 {
  let upper = <u32>upperDigits;
  let lower = lowerDigits;
  if (lower === 100000000) {
    upper++;
    lower = 0;
  }
  if (upper < 10000000) {
    const digits = <u64>upper * 100000000 + lower;
    const places = countPlaces(digits);
    layPadded(digits * load<u64>(wholePowers + ((17 - places) << 3)));
    return places;
  }
  const leading = upper / 100000000;
  const middle = eightDigits(upper - leading * 100000000);
  const last = eightDigits(lower);
  if (leading === 0) {
    first = middle;
    second = last;
    third = 48;
    return 16;
  }
  layThree(leading, middle, last);
  return 17;
}

/** Lays out a number of 17 places. */
function layPadded(padded: u64): void {
  const upper = padded / 100000000;
  const leading = <u32>upper / 100000000;
  layThree(leading, eightDigits(<u32>upper - leading * 100000000), eightDigits(<u32>(padded - upper * 100000000)));
}

function layThree(leading: u32, middle: u64, last: u64): void {
  first = <u64>(48 + leading) | (middle << 8);
  second = (middle >> 56) | (last << 8);
  third = last >> 56;
}

/** How many digits are laid out, without the zeros at their end. */
function countDigits(): i32 {
  if (third !== 48) return 17;
  if (second !== ZEROS) return 16 - <i32>(clz<u64>(second ^ ZEROS) >> 3);
  return 8 - <i32>(clz<u64>(first ^ ZEROS) >> 3);
}

/** Eight decimal digits of a number below 10^8 as ASCII, the first in the lowest byte [P. Khuong, "How to print integers really fast", 2017]. */
function eightDigits(value: u32): u64 {
  const top = value / 10000;
  const merged = <u64>top | ((<u64>(value - top * 10000)) << 32);
  const hundreds = ((merged * 10486) >> 20) & 0x0000007f0000007f;
  const pairs = ((merged - 100 * hundreds) << 16) + hundreds;
  let tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  tens += (pairs - 10 * tens) << 8;
  return tens + ZEROS;
}
