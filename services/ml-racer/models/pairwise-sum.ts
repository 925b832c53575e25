/**
 * numpy's sum of contiguous doubles: pairwise, in blocks of up to 128 with eight accumulators. The order is part of
 * the result's last bits. N. Higham: The accuracy of floating point summation, SIAM J. Sci. Comput. 14(4), 1993.
 */

const BLOCK = 128;
const ACCUMULATORS = 8;

/** Sum of `length` values from `start` on, in numpy's order. */
export function pairwiseSum(values: Float64Array, start: number, length: number): number {
  if (length < ACCUMULATORS) {
    let sum = 0;
    for (let i = start; i < start + length; i++) sum += values[i];
    return sum;
  }
  if (length > BLOCK) {
    const half = length >> 1;
    const first = half - (half % ACCUMULATORS);
    return pairwiseSum(values, start, first) + pairwiseSum(values, start + first, length - first);
  }
  return blockSum(values, start, length);
}

function blockSum(values: Float64Array, start: number, length: number): number {
  let r0 = values[start];
  let r1 = values[start + 1];
  let r2 = values[start + 2];
  let r3 = values[start + 3];
  let r4 = values[start + 4];
  let r5 = values[start + 5];
  let r6 = values[start + 6];
  let r7 = values[start + 7];
  let i = start + ACCUMULATORS;
  const whole = start + length - (length % ACCUMULATORS);
  for (; i < whole; i += ACCUMULATORS) {
    r0 += values[i];
    r1 += values[i + 1];
    r2 += values[i + 2];
    r3 += values[i + 3];
    r4 += values[i + 4];
    r5 += values[i + 5];
    r6 += values[i + 6];
    r7 += values[i + 7];
  }
  let sum = r0 + r1 + (r2 + r3) + (r4 + r5 + (r6 + r7));
  for (; i < start + length; i++) sum += values[i];
  return sum;
}
