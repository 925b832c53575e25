/**
 * The shortest decimal that reads back as a double, and of those the nearest: Schubfach [R. Giulietti, "The Schubfach way to
 * render doubles", 2021; the names are the paper's].
 */
import { high, multiply, powerAt } from "./tables";

/**
 * What {@link shortest} found: (upperDigits · 10^8 + lowerDigits) · 10^exponent, of 1 to 17 places, zeros at its end among them;
 * lowerDigits may be 10^8.
 */
export let upperDigits: u64 = 0;
export let lowerDigits: u32 = 0;
export let exponent: i32 = 0;

/**
 * Finds the decimal of c · 2^q, in `digits` and `exponent`.
 * @param fraction bits of the fraction
 * @param biased   the biased exponent, 0 to 2046; not both 0
 */
export function shortest(fraction: u64, biased: i32): void {
  const c = biased === 0 ? fraction : fraction | 0x0010000000000000;
  const q = biased === 0 ? -1074 : biased - 1075;
  // Below a power of two the next double is only half as far.
  const closer = <i32>(fraction === 0 && biased > 1);
  const k = (q * 1262611 - closer * 524031) >> 22;
  const h = q + ((-k * 1741647) >> 19) + 1;
  const entry = powerAt(-k);
  const g1 = load<u64>(entry);
  const g0 = load<u64>(entry, 8);
  const scaled = (c << 2) << h;
  // The product g · 4c · 2^h as three words; then the two ends of the interval by multiples of g · 2^h.
  const w0 = multiply(g0, scaled);
  const carry = high;
  let w1 = multiply(g1, scaled);
  let w2 = high;
  w1 += carry;
  w2 += <u64>(w1 < carry);
  const s0 = g0 << (h + 1);
  const s1 = (g1 << (h + 1)) | (g0 >> (63 - h));
  const s2 = g1 >> (63 - h);
  const r0 = w0 + s0;
  let r1 = w1 + s1;
  let r2 = w2 + s2 + <u64>(r1 < s1);
  r1 += <u64>(r0 < s0);
  r2 += <u64>(r1 < <u64>(r0 < s0));
  const z0 = closer === 0 ? s0 : g0 << h;
  const z1 = closer === 0 ? s1 : (g1 << h) | ((g0 >> 1) >> (63 - h));
  const z2 = closer === 0 ? s2 : (g1 >> 1) >> (63 - h);
  const borrow = <u64>(w0 < z0);
  const t1 = w1 - z1;
  const l1 = t1 - borrow;
  const l2 = w2 - z2 - <u64>(w1 < z1) - <u64>(t1 < borrow);
  // Rounded to odd: an end of the interval belongs to it where c is even.
  const odd = c & 1;
  choose(w2 | <u64>(w1 > 1), (l2 | <u64>(l1 > 1)) + odd, (r2 | <u64>(r1 > 1)) - odd, k);
}

/** Chooses a decimal between `lower` and `upper`, near `v`, all three in quarters of 10^k. */
function choose(v: u64, lower: u64, upper: u64, k: i32): void {
  const whole = v >> 2;
  exponent = k;
  upperDigits = whole / 100000000;
  lowerDigits = <u32>(whole - upperDigits * 100000000);
  if (whole >= 10) {
    const last = lowerDigits % 10;
    const tens = 4 * (whole - last);
    const below = lower <= tens;
    const above = tens + 40 <= upper;
    if (below !== above) {
      lowerDigits += (above ? 10 : 0) - last;
      return;
    }
  }
  const below = lower <= 4 * whole;
  const above = 4 * whole + 4 <= upper;
  const middle = 4 * whole + 2;
  lowerDigits += <u32>(below !== above ? above : v > middle || (v === middle && (whole & 1) !== 0));
}
