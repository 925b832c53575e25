/**
 * Two RLS models of one race that learn from the same observation, side by side in one loop: each step of a model waits for the one
 * before it, and the processor fills the time with the other's. Per model the operations and their order are those of {@link learn},
 * so the bits are the same.
 */
import { betaAt, boundedVariance, factorsAt, packedLength, rlsLength } from "../../shared/models/rls.js";

/** Models of more coefficients learn one after the other. The working memory has this size: where the size is known code is faster. */
const P_MAX = 128;

/** Working memory of the first and the second model; nothing in it is kept between calls. */
const g1 = new Float64Array(P_MAX);
const g2 = new Float64Array(P_MAX);
const beta1 = new Float64Array(P_MAX);
const beta2 = new Float64Array(P_MAX);
const F1 = new Float64Array(packedLength(P_MAX));
const F2 = new Float64Array(packedLength(P_MAX));
/** 1/δ of both. */
const perDivisors = new Float64Array(2);

/**
 * Has the models at `first` and `second` learn from one observation, as {@link learn} says of one. They have p coefficients each.
 * Allocates nothing; O(p²).
 * @param x p regressors, x[0] = 1; what follows them is not read
 * @returns false where one of them would refuse it, or they are too large: both are then as they were, and each is to learn by itself
 * @throws {RangeError} x or a model passes its array's end
 */
export function learnBoth(
  doubles: Float64Array,
  first: number,
  second: number,
  p: number,
  x: Float64Array,
  firstError: number,
  secondError: number,
): boolean {
  const end = Math.max(first, second) + rlsLength(p);
  if (!(first >= 0 && second >= 0 && end <= doubles.length && p <= x.length))
    throw new RangeError(`expected two models of ${p} coefficients, at ${first} and ${second} of ${doubles.length}`);
  if (p > P_MAX || !learnFactors(doubles, first, second, p, x)) return false;

  const step1 = firstError * perDivisors[0] * (1 / doubles[first]);
  const step2 = secondError * perDivisors[1] * (1 / doubles[second]);
  const B1 = betaAt(first);
  const B2 = betaAt(second);
  let probe = 0;
  for (let i = 0; i < p; i++) {
    const next1 = doubles[B1 + i] + g1[i] * step1;
    const next2 = doubles[B2 + i] + g2[i] * step2;
    beta1[i] = next1;
    beta2[i] = next2;
    probe += next1 - next1 + (next2 - next2);
  }
  if (probe !== 0) return false;

  for (let i = 0; i < p; i++) {
    doubles[B1 + i] = beta1[i];
    doubles[B2 + i] = beta2[i];
  }
  const UD1 = factorsAt(first, p);
  const UD2 = factorsAt(second, p);
  for (let k = 0, length = packedLength(p) | 0; k < length; k++) {
    doubles[UD1 + k] = F1[k];
    doubles[UD2 + k] = F2[k];
  }
  return true;
}

/** Computes the factors, gains and 1/δ. @returns whether all of them are finite */
function learnFactors(doubles: Float64Array, first: number, second: number, p: number, x: Float64Array): boolean {
  const UD1 = factorsAt(first, p);
  const UD2 = factorsAt(second, p);
  const perNu1 = 1 / doubles[first];
  const perNu2 = 1 / doubles[second];
  let divisor1 = 1;
  let divisor2 = 1;
  let perDivisor1 = 1;
  let perDivisor2 = 1;
  let probe = 0;
  for (let j = 0, k = 0; j < p; j++, k++) {
    const column = k;
    let f1 = x[j];
    let f2 = f1;
    for (let i = 0; i < j; i++, k++) {
      const xi = x[i];
      f1 += doubles[UD1 + k] * xi;
      f2 += doubles[UD2 + k] * xi;
    }
    const d1 = doubles[UD1 + k];
    const d2 = doubles[UD2 + k];
    const v1 = d1 * f1;
    const v2 = d2 * f2;
    const slope1 = -f1 * perDivisor1;
    const slope2 = -f2 * perDivisor2;
    for (let i = 0; i < j; i++) {
      const u1 = doubles[UD1 + column + i];
      const u2 = doubles[UD2 + column + i];
      const b1 = g1[i];
      const b2 = g2[i];
      const next1 = u1 + b1 * slope1;
      const next2 = u2 + b2 * slope2;
      F1[column + i] = next1;
      F2[column + i] = next2;
      probe += next1 - next1 + (next2 - next2);
      g1[i] = b1 + u1 * v1;
      g2[i] = b2 + u2 * v2;
    }
    g1[j] = v1;
    g2[j] = v2;
    const before1 = divisor1;
    const before2 = divisor2;
    divisor1 += f1 * v1;
    divisor2 += f2 * v2;
    perDivisor1 = 1 / divisor1;
    perDivisor2 = 1 / divisor2;
    F1[k] = boundedVariance(d1 * (before1 * perDivisor1) * perNu1);
    F2[k] = boundedVariance(d2 * (before2 * perDivisor2) * perNu2);
  }
  perDivisors[0] = perDivisor1;
  perDivisors[1] = perDivisor2;
  // An infinite divisor would make the gain 0, as in learn().
  return probe + (divisor1 - divisor1) + (divisor2 - divisor2) === 0;
}
