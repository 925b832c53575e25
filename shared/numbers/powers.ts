/** The table of powers of ten that the module needs; made at start, in 2 ms, since whole numbers of any size are at hand here. */

/** As in wasm/tables.ts. */
const POWER_MIN = -342;
const POWER_MAX = 324;
const WORD_BITS = 64n;
const BITS = 128n;

/** 10^q for q from -342 to 324 as g with 2^127 <= g < 2^128, rounded up: high word, then low word. */
export function powersOfTen(): BigUint64Array {
  const table = new BigUint64Array(2 * (POWER_MAX - POWER_MIN + 1));
  for (let q = POWER_MIN; q <= POWER_MAX; q++) {
    const g = q < 0 ? reciprocal(10n ** BigInt(-q)) : upperBits(10n ** BigInt(q));
    const at = 2 * (q - POWER_MIN);
    table[at] = g >> WORD_BITS;
    table[at + 1] = BigInt.asUintN(64, g);
  }
  return table;
}

const bitsOf = (whole: bigint): bigint => BigInt(whole.toString(2).length);

/** The upper 128 bits, rounded up. */
function upperBits(power: bigint): bigint {
  const cut = bitsOf(power) - BITS;
  if (cut <= 0n) return power << -cut;
  const kept = power >> cut;
  return kept << cut === power ? kept : kept + 1n;
}

/** 128 bits of 1 / power, rounded up; it is no whole number, so that is one more than what is cut off. */
function reciprocal(power: bigint): bigint {
  const bits = bitsOf(power);
  const most = (1n << (BITS - 1n + bits)) / power + 1n;
  return most >> BITS === 0n ? most : (1n << (BITS - 2n + bits)) / power + 1n;
}
