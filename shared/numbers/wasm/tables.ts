/** Powers of ten, and 128-bit products. */

/** Smallest q of {@link powers}. */
export const POWER_MIN: i32 = -342;
/** Largest q of {@link powers}. */
export const POWER_MAX: i32 = 324;

/**
 * 10^q for q from POWER_MIN to POWER_MAX as g with 2^127 <= g < 2^128, rounded up: high word, then low word; exact for q from 0
 * to 55. Written from outside at start, since whole numbers of any size are at hand there: see powers.ts.
 */
export const powers: usize = memory.data(16 * 667, 16);

/** Powers of ten that are exact doubles. */
export const exactPowers = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

/** Powers of ten that are whole numbers of 64 bits. */
export const wholePowers = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
  10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
]);

/** The high word of the product of {@link multiply}. */
export let high: u64 = 0;

/** The low word of a b, of 128 bits; the high word is left in `high`. */
export function multiply(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const p00 = a0 * b0;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = (p00 >> 32) + (p01 & 0xffffffff) + p10;
  high = a1 * b1 + (p01 >> 32) + (middle >> 32);
  return (middle << 32) | (p00 & 0xffffffff);
}

/** Where g of 10^q lies; q from POWER_MIN to POWER_MAX. */
export function powerAt(q: i32): usize {
  return powers + ((q - POWER_MIN) << 4);
}
