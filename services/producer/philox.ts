/**
 * Random numbers that are a function of a counter and a key, without state between two draws.
 * Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011, https://doi.org/10.1145/2063384.2063405. Constants and known answers: Random123.
 */

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Weyl sequences that bump the key between rounds: golden ratio and sqrt(3) - 1. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Two words of 32 bits each: the stream that numbers are drawn from. */
export interface PhiloxKey {
  readonly word0: number;
  readonly word1: number;
}

/**
 * Philox4x32-10: four random words for one counter and key.
 * @param counter 4 words of 32 bits; overwritten with the result
 */
export function philox4x32(counter: Uint32Array, key: PhiloxKey): void {
  let c0 = counter[0];
  let c1 = counter[1];
  let c2 = counter[2];
  let c3 = counter[3];
  let k0 = key.word0;
  let k1 = key.word1;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
}

/** The high 32 bits of the product of two words, by halves of 16 bits: JavaScript has no 64-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + (Math.imul(aLow, bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carried >>> 16);
}

/**
 * The standard normal numbers z_0 to z_(m-1) that belong to step i of a stream, m = `normals.length`.
 * Block b of the counter (i mod 2^32, i div 2^32, b, 0) gives two uniforms of 53 bits, u and v in [0, 1), and those give
 *   z_2b = r cos(2 pi v),  z_(2b+1) = r sin(2 pi v),  r = sqrt(-2 ln(1 - u))
 * (G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates", 1958). |z| is below 8.6.
 * z_j does not depend on m.
 * @param i       0 to 2^53 - 1
 * @param normals overwritten
 */
export function standardNormals(key: PhiloxKey, i: number, normals: Float64Array): void {
  for (let j = 0; j < normals.length; j += 2) {
    words[0] = i;
    words[1] = Math.floor(i / 2 ** 32);
    words[2] = j / 2;
    words[3] = 0;
    philox4x32(words, key);
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(words[0], words[1])));
    const angle = 2 * Math.PI * uniform(words[2], words[3]);
    normals[j] = radius * Math.cos(angle);
    if (j + 1 < normals.length) normals[j + 1] = radius * Math.sin(angle);
  }
}

/** Working memory of one call; nothing in it outlives the call. */
const words = new Uint32Array(4);

/** 53 of the 64 bits of two words, as a number in [0, 1). */
function uniform(high: number, low: number): number {
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}
