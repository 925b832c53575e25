/**
 * Recursive least squares with forgetting factor: one linear model that learns from one observation at a time. Pure; the
 * letters are those of the notebook that the project grew from.
 *
 *   x = (1, x1, ..., xn)                                     p = n + 1 regressors, intercept first
 *   e = y − x β                                              with the old β: forecast, then learn
 *   V ← (V − V xᵀ x V / (1 + x V xᵀ)) / ν
 *   α = V xᵀ                                                 with the new V
 *   β ← β + α e                                              [TP 3 of Bontempi, De Stefani, Verhelst 2020, "RLS"]
 *
 * V is kept as U D Uᵀ, U upper triangular with ones on its diagonal, D diagonal, and the factors are updated themselves
 * [Bierman 1977, "Factorization Methods for Discrete Sequential Estimation", V.3; for RLS Ljung, Söderström 1983, 6.2]. Each d of
 * D is multiplied by a quotient of two numbers ≥ 1, never the result of a subtraction: V stays symmetric and positive definite
 * whatever the rounding. The plain formula subtracts, and loses that with regressors that are collinear or far apart in scale.
 *
 * With g = V xᵀ of the old V and δ = 1 + x g, the new V gives α = (g − g (δ − 1)/δ)/ν = g/(δ ν). That form is used here: it
 * saves a product and does not cancel. For ν < 1 this gain is 1/ν times the one of the textbooks (Ljung 1999, 11.2), so β is
 * not quite the least-squares solution with fading weights; the numbers wanted here are the notebook's. From β0 = 0 they are
 *
 *   V⁻¹ = ν^N I/10 + Σ ν^(N−k+1) x_kᵀ x_k,   V⁻¹ β = Σ ν^(N−k) x_kᵀ (y_k − (1 − ν) ŷ_k),   k = 1 ... N
 *
 * which for ν = 1 is ridge regression with penalty 1/10, and for y without noise has the same limit for every ν. Far below
 * ν = 1, where α x passes 2, each step overshoots and the model diverges.
 *
 * Where x leaves a direction without excitation (a feature that is constant, or the sum of others), division by ν would let V
 * grow there as ν^-t until it overflows, and any first excitation would throw β about. So no d passes {@link VARIANCE_MAX}:
 * forgetting stops in that direction and continues in all others, since each such direction has a d of its own (selective
 * forgetting: Parkum, Poulsen, Holst 1992, "Recursive forgetting algorithms"). Nothing changes below the bound.
 *
 * A model is doubles from a place `at` on, in an array that holds others besides:
 *
 *   ν        forgetting factor in (0, 1]; 1 forgets nothing
 *   β        p coefficients, intercept first
 *   U and D  packed by columns, p(p+1)/2: column j, from 0, begins at j(j+1)/2 with U[0, j] to U[j-1, j], then d[j] in place of
 *            the 1 of U[j, j]
 *
 * So states are worked on where they are kept, whoever keeps them. {@link betaAt} and {@link factorsAt} give the places.
 */

import { rangeParameter } from "./parameters.js";
import type { RecursiveKind } from "./recursive-kind.js";

/** β0 = 0 and V0 = 10 I: the prior of the notebook. */
export const PRIOR_VARIANCE = 10;

/**
 * Bound of each d of D, 10^9 times the prior. One step changes a coefficient by about |e| √10^10 / 2 at most. At ν = 0.99 a
 * feature's deviation has to fall below 10^-6 before the bound is felt.
 */
export const VARIANCE_MAX = 1e10;

/** Least d of D: a smaller one would lose digits as a denormal, and be 0 in the end. Values of 10^150 lead there. */
export const VARIANCE_MIN = 1e-300;

/**
 * Least forgetting factor. A step leaves coefficients of about y / ν, and the next error as large: below this its square
 * overflows, so that a model would be scored once and then refuse all that comes.
 */
export const NU_MIN = 1e-150;

/** `rls` in a list of models. */
export const rls: RecursiveKind<"nu"> = {
  doc: "recursive least squares",
  parameters: { nu: rangeParameter(1, NU_MIN, 1, "forgetting factor; 1 forgets nothing") },
  length: (_, p) => rlsLength(p),
  prior: beginFactors,
  forecast: predict,
  learn: (doubles, at, p, x, y) => learn(doubles, at, p, x, y - predict(doubles, at, p, x)),
};

/** Doubles of a model with p coefficients. */
export function rlsLength(p: number): number {
  return 1 + p + packedLength(p);
}

/** Length of the packed triangle of a p×p matrix. */
export function packedLength(p: number): number {
  return (p * (p + 1)) / 2;
}

/** Where β of the model at `at` begins. */
export function betaAt(at: number): number {
  return at + 1;
}

/** Where the factors of V of the model at `at` begin. */
export function factorsAt(at: number, p: number): number {
  return at + 1 + p;
}

/**
 * Makes a model before its first observation.
 * @param p  coefficients, from 2: a feature and the intercept at least
 * @param nu ν in (0, 1]
 * @throws {RangeError} p or ν is out of range, or the model would pass the array's end; nothing is written then
 */
export function newRls(doubles: Float64Array, at: number, p: number, nu: number): void {
  if (!Number.isInteger(p) || p < 2) throw new RangeError(`expected 2 coefficients or more, got ${p}`);
  if (!(nu > 0 && nu <= 1)) throw new RangeError(`expected a forgetting factor in (0, 1], got ${nu}`);
  checkShape(doubles, at, p);
  doubles[at] = nu;
  doubles.fill(0, betaAt(at), at + rlsLength(p));
  beginFactors(doubles, at, p);
}

/** V0 where the factors are zeros. */
function beginFactors(doubles: Float64Array, at: number, p: number): void {
  for (let j = 0, k = factorsAt(at, p); j < p; j++, k += j + 1) doubles[k] = PRIOR_VARIANCE;
}

/** Whether V is positive definite: every d of D is above 0. True of every model that {@link newRls} and {@link learn} made. */
export function isPositiveDefinite(doubles: Float64Array, at: number, p: number): boolean {
  for (let j = 0, k = factorsAt(at, p); j < p; j++, k += j + 1) if (!(doubles[k] > 0)) return false;
  return true;
}

/**
 * The forecast ŷ = x β, in the unit of y.
 * @param x p regressors, x[0] = 1; what follows them is not read
 * @returns not finite where the sum overflows, or x is not finite
 * @throws {RangeError} x or the model passes its array's end
 */
export function predict(doubles: Float64Array, at: number, p: number, x: Float64Array): number {
  checkShape(doubles, at, p, x);
  const beta = betaAt(at);
  let yhat = doubles[beta];
  for (let j = 1; j < p; j++) yhat += x[j] * doubles[beta + j];
  return yhat;
}

/**
 * Learns from one observation. Allocates nothing; O(p²).
 * @param x     p regressors, x[0] = 1; what follows them is not read
 * @param error e = y − ŷ, with ŷ from {@link predict} before this call
 * @returns false where a number of the new state would not be finite, because one of x, e is not or is too large; the model is
 *   then as it was
 * @throws {RangeError} x or the model passes its array's end
 */
export function learn(doubles: Float64Array, at: number, p: number, x: Float64Array, error: number): boolean {
  checkShape(doubles, at, p, x);
  const { gain, coefficients, factors } = scratchFor(p);
  const beta = betaAt(at);
  const UD = factorsAt(at, p);

  // After column j, `gain` is V xᵀ and `divisor` 1 + x V xᵀ, both of the columns so far. v − v is 0 for a finite v and NaN for
  // any other, so one sum checks all of them.
  const perNu = 1 / doubles[at];
  let divisor = 1;
  let perDivisor = 1;
  let probe = 0;
  for (let j = 0, k = 0; j < p; j++, k++) {
    const column = k;
    let f = x[j];
    for (let i = 0; i < j; i++, k++) f += doubles[UD + k] * x[i];
    const d = doubles[UD + k];
    const v = d * f;
    const slope = -f * perDivisor;
    for (let i = 0; i < j; i++) {
      const u = doubles[UD + column + i];
      const b = gain[i];
      const next = u + b * slope;
      factors[column + i] = next;
      probe += next - next;
      gain[i] = b + u * v;
    }
    gain[j] = v;
    const before = divisor;
    divisor += f * v;
    perDivisor = 1 / divisor;
    factors[k] = boundedVariance(d * (before * perDivisor) * perNu);
  }

  // An infinite divisor would make the gain 0: the step would seem to succeed, and learn nothing.
  probe += divisor - divisor;
  const step = error * perDivisor * perNu;
  for (let i = 0; i < p; i++) {
    const b = doubles[beta + i] + gain[i] * step;
    coefficients[i] = b;
    probe += b - b;
  }
  if (probe !== 0) return false;

  for (let i = 0; i < p; i++) doubles[beta + i] = coefficients[i];
  for (let k = 0, length = packedLength(p); k < length; k++) doubles[UD + k] = factors[k];
  return true;
}

/** A d of D within its bounds; NaN stays. */
export function boundedVariance(d: number): number {
  return d > VARIANCE_MAX ? VARIANCE_MAX : d < VARIANCE_MIN ? VARIANCE_MIN : d;
}

/** Working memory of {@link learn}; nothing in it is kept between calls. It grows to the largest p so far. */
let scratch = newScratch(0);

function newScratch(p: number) {
  return {
    gain: new Float64Array(p),
    coefficients: new Float64Array(p),
    factors: new Float64Array(packedLength(p)),
  };
}

function scratchFor(p: number): typeof scratch {
  if (scratch.gain.length < p) scratch = newScratch(p);
  return scratch;
}

/** Reading past an end would give NaN, and so a model that refuses everything. */
function checkShape(doubles: Float64Array, at: number, p: number, x?: Float64Array): void {
  if (at >= 0 && at + rlsLength(p) <= doubles.length && (x === undefined || p <= x.length)) return;
  throw new RangeError(
    `expected ${p} regressors and ${rlsLength(p)} numbers of a model from ${at} on, got ${x?.length ?? p} and ` +
      `an array of ${doubles.length}`,
  );
}
