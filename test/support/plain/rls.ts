/**
 * A recursive-least-squares model as an object with arrays of its own: the oracle of shared/models/rls.ts, which works on
 * doubles where they lie and must give the same bits. The equations and their sources stand there; their order of operations
 * is part of what is compared.
 */
import { PRIOR_VARIANCE, packedLength, VARIANCE_MAX, VARIANCE_MIN } from "../../../shared/models/rls.js";

/** The state of a model. Only {@link learn} changes it, in place, wholly or not at all. */
export interface Rls {
  /** Forgetting factor ν in (0, 1]; 1 forgets nothing. */
  readonly nu: number;
  /** Coefficients: p, intercept first. */
  readonly beta: Float64Array;
  /**
   * Covariance V = U D Uᵀ, packed by columns, p(p+1)/2: column j, from 0, begins at j(j+1)/2 with U[0, j] to U[j-1, j], then
   * d[j] in place of the 1 of U[j, j].
   */
  readonly UD: Float64Array;
}

/**
 * A model before its first observation.
 * @param features n, from 1
 * @param nu       ν in (0, 1]
 * @throws {RangeError} n or ν is out of range
 */
export function newRls(features: number, nu: number): Rls {
  if (!Number.isInteger(features) || features < 1) throw new RangeError(`expected 1 feature or more, got ${features}`);
  if (!(nu > 0 && nu <= 1)) throw new RangeError(`expected a forgetting factor in (0, 1], got ${nu}`);
  const p = features + 1;
  const UD = new Float64Array(packedLength(p));
  for (let j = 0, k = 0; j < p; j++, k += j + 1) UD[k] = PRIOR_VARIANCE;
  return { nu, beta: new Float64Array(p), UD };
}

/** Whether V is positive definite: every d of D is above 0. True of every model that {@link newRls} and {@link learn} made. */
export function isPositiveDefinite({ beta, UD }: Rls): boolean {
  for (let j = 0, k = 0; j < beta.length; j++, k += j + 1) if (!(UD[k] > 0)) return false;
  return true;
}

/**
 * The forecast ŷ = x β, in the unit of y.
 * @param x the n features; the regressor 1 of the intercept is not among them
 * @returns not finite where the sum overflows, or x is not finite
 * @throws {RangeError} β is not of n + 1 numbers
 */
export function predict(rls: Rls, x: readonly number[]): number {
  const { beta } = rls;
  if (beta.length !== x.length + 1) throw shapeError(rls, x);
  let yhat = beta[0];
  for (let j = 0; j < x.length; j++) yhat += x[j] * beta[j + 1];
  return yhat;
}

/**
 * Learns from one observation. Allocates nothing; O(p²).
 * @param x     the n features
 * @param error e = y − ŷ, with ŷ from {@link predict} before this call
 * @returns false where a number of the new state would not be finite, because one of x, e is not or is too large; `rls` is then
 *   as it was
 * @throws {RangeError} the shapes of x, β and V do not fit one another
 */
export function learn(rls: Rls, x: readonly number[], error: number): boolean {
  const { nu, beta, UD } = rls;
  const p = beta.length;
  if (x.length + 1 !== p || UD.length !== packedLength(p)) throw shapeError(rls, x);
  const { regressors, gain, coefficients, factors } = scratchFor(p);
  regressors[0] = 1;
  for (let j = 1; j < p; j++) regressors[j] = x[j - 1];

  // After column j, `gain` is V xᵀ and `divisor` 1 + x V xᵀ, both of the columns so far. v − v is 0 for a finite v and NaN for
  // any other, so one sum checks all of them.
  const perNu = 1 / nu;
  let divisor = 1;
  let perDivisor = 1;
  let probe = 0;
  for (let j = 0, k = 0; j < p; j++, k++) {
    const column = k;
    let f = regressors[j];
    for (let i = 0; i < j; i++, k++) f += UD[k] * regressors[i];
    const d = UD[k];
    const v = d * f;
    const slope = -f * perDivisor;
    for (let i = 0; i < j; i++) {
      const u = UD[column + i];
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
    const shrunk = d * (before * perDivisor) * perNu;
    factors[k] = shrunk > VARIANCE_MAX ? VARIANCE_MAX : shrunk < VARIANCE_MIN ? VARIANCE_MIN : shrunk;
  }

  // An infinite divisor would make the gain 0: the step would seem to succeed, and learn nothing.
  probe += divisor - divisor;
  const step = error * perDivisor * perNu;
  for (let i = 0; i < p; i++) {
    const b = beta[i] + gain[i] * step;
    coefficients[i] = b;
    probe += b - b;
  }
  if (probe !== 0) return false;

  for (let i = 0; i < p; i++) beta[i] = coefficients[i];
  for (let k = 0; k < UD.length; k++) UD[k] = factors[k];
  return true;
}

/** Working memory of {@link learn}; nothing in it is kept between calls. It grows to the largest p so far. */
let scratch = newScratch(0);

function newScratch(p: number) {
  return {
    regressors: new Float64Array(p),
    gain: new Float64Array(p),
    coefficients: new Float64Array(p),
    factors: new Float64Array(packedLength(p)),
  };
}

function scratchFor(p: number): typeof scratch {
  if (scratch.gain.length < p) scratch = newScratch(p);
  return scratch;
}

function shapeError(rls: Rls, x: readonly number[]): RangeError {
  const { beta, UD } = rls;
  return new RangeError(
    `expected ${beta.length - 1} features and ${packedLength(beta.length)} numbers of V for ${beta.length} coefficients, ` +
      `got ${x.length} and ${UD.length}`,
  );
}
