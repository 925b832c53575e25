/**
 * A whole number times a power of ten as the nearest double: Clinger's exact quotient [W. D. Clinger, "How to read floating point
 * numbers accurately", 1990], else Eisel and Lemire [D. Lemire, "Number parsing at a gigabyte per second", 2021].
 */
import { exactPowers, high, multiply, POWER_MIN, powerAt } from "./tables";

/** Largest q of a finite double. */
const POWER_MAX: i32 = 308;
const EXACT_WHOLE_MAX: u64 = 9007199254740992;
const EXACT_POWER_MAX: i32 = 22;
/** Powers of ten that 128 bits hold to the last bit, or whose reciprocals are as good. */
const SAFE_POWER_MIN: i32 = -27;
const SAFE_POWER_MAX: i32 = 55;
/** Powers of ten at which a value can lie halfway between two doubles. */
const TIE_POWER_MIN: i32 = -4;
const TIE_POWER_MAX: i32 = 23;

/** What {@link scale} found; not negative. */
export let scaled: f64 = 0;

/**
 * Scales w by 10^q, into `scaled`.
 * @returns false where 128 bits do not decide it, or it is no finite double, or much smaller than the smallest
 */
export function scale(w: u64, q: i32): bool {
  if (w <= EXACT_WHOLE_MAX && q >= -EXACT_POWER_MAX && q <= EXACT_POWER_MAX) {
    const whole = <f64>(<i64>w);
    scaled = q < 0 ? whole / load<f64>(exactPowers + (-q << 3)) : whole * load<f64>(exactPowers + (q << 3));
    return true;
  }
  if (w === 0) {
    scaled = 0;
    return true;
  }
  return q >= POWER_MIN && q <= POWER_MAX && approximate(w, q);
}

function approximate(w: u64, q: i32): bool {
  const zeros = <i32>clz<u64>(w);
  const shifted = w << zeros;
  const entry = powerAt(q);
  let g1 = load<u64>(entry);
  let g0 = load<u64>(entry, 8);
  const rounded = q < SAFE_POWER_MIN || q > SAFE_POWER_MAX;
  if (rounded) {
    // The table is rounded up; this algorithm wants what was cut off.
    g1 -= <u64>(g0 === 0);
    g0 -= 1;
  }
  let lower = multiply(shifted, g1);
  let upper = high;
  if ((upper & 0x1ff) === 0x1ff) {
    multiply(shifted, g0);
    lower += high;
    upper += <u64>(lower < high);
    if (lower === 0xffffffffffffffff && rounded) return false;
  }
  const top = <i32>(upper >> 63);
  const mantissa = upper >> (top + 9);
  // 217706 / 65536 is log2(10), nearly enough for every q.
  const power = ((217706 * q) >> 16) + 63 + top - zeros + 1023;
  if (power <= 0) {
    scaled = denormal(mantissa, 1 - power);
    return true;
  }
  const isTie =
    lower <= 1 && q >= TIE_POWER_MIN && q <= TIE_POWER_MAX && (mantissa & 3) === 1 && mantissa << (top + 9) === upper;
  return round(isTie ? mantissa & ~(<u64>1) : mantissa, power);
}

function denormal(mantissa: u64, down: i32): f64 {
  if (down >= 64) return 0;
  let m = mantissa >> down;
  m += m & 1;
  return reinterpret<f64>(m >> 1);
}

/** Rounds a mantissa of 54 bits; false where the exponent is too large. */
function round(mantissa: u64, biased: i32): bool {
  let m = (mantissa + (mantissa & 1)) >> 1;
  let power = biased;
  if (m >= 0x0020000000000000) {
    m = 0x0010000000000000;
    power++;
  }
  if (power >= 0x7ff) return false;
  scaled = reinterpret<f64>((m & 0x000fffffffffffff) | ((<u64>power) << 52));
  return true;
}
