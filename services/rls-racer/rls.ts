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
 * With g = V xᵀ of the old V and d = 1 + x g, the new V gives α = (g − g (d − 1)/d)/ν = g/(d ν). That form is used here: it
 * saves a product and does not cancel. For ν < 1 this gain is 1/ν times the one of the textbooks (Ljung 1999, 11.2), so β is
 * not quite the least-squares solution with fading weights; the numbers wanted here are the notebook's. Far below ν = 1, where
 * α x passes 2, each step overshoots and the model diverges.
 */

/** β0 = 0 and V0 = 10 I: the prior of the notebook. */
export const PRIOR_VARIANCE = 10;

/** A model's state. Only {@link learn} changes it, in place, wholly or not at all. */
export interface Rls {
  /** Forgetting factor ν in (0, 1]; 1 forgets nothing. */
  readonly nu: number;
  /** Coefficients: p, intercept first. */
  readonly beta: Float64Array;
  /** Covariance: p×p, symmetric by construction, since only the upper triangle is kept: packed by rows, p(p+1)/2. */
  readonly V: Float64Array;
}

/**
 * A model that has seen nothing.
 * @param features n, from 1
 * @param nu       ν in (0, 1]
 * @throws {RangeError} n or ν is out of range
 */
export function newRls(features: number, nu: number): Rls {
  if (!Number.isInteger(features) || features < 1) throw new RangeError(`expected 1 feature or more, got ${features}`);
  if (!(nu > 0 && nu <= 1)) throw new RangeError(`expected a forgetting factor in (0, 1], got ${nu}`);
  const p = features + 1;
  const V = new Float64Array(packedLength(p));
  for (let i = 0, diagonal = 0; i < p; diagonal += p - i, i++) V[diagonal] = PRIOR_VARIANCE;
  return { nu, beta: new Float64Array(p), V };
}

/** Length of the packed upper triangle of a p×p matrix. */
export function packedLength(p: number): number {
  return (p * (p + 1)) / 2;
}

/**
 * The forecast ŷ = x β, in the unit of y.
 * @param x the n features, finite; the regressor 1 of the intercept is not among them
 * @returns not finite where the sum overflows
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
 * Learns from one observation. Allocates nothing.
 * @param x     the n features, finite
 * @param error e = y − ŷ, with ŷ from {@link predict} before this call
 * @returns false where a number of the new state would not be finite; `rls` is then as it was. With ν < 1 this comes in the
 *   end when some direction is never excited (a feature that is always 0, say): there V grows as ν^-t until it overflows.
 * @throws {RangeError} the shapes of x, β and V do not fit one another
 */
export function learn(rls: Rls, x: readonly number[], error: number): boolean {
  const { nu, beta, V } = rls;
  const p = beta.length;
  if (x.length + 1 !== p || V.length !== packedLength(p)) throw shapeError(rls, x);
  const { regressors, gain, coefficients, covariance } = scratchFor(p);
  regressors[0] = 1;
  for (let j = 1; j < p; j++) regressors[j] = x[j - 1];

  gain.fill(0, 0, p);
  for (let i = 0, k = 0; i < p; i++) {
    const xi = regressors[i];
    let sum = gain[i] + V[k++] * xi;
    for (let j = i + 1; j < p; j++, k++) {
      sum += V[k] * regressors[j];
      gain[j] += V[k] * xi;
    }
    gain[i] = sum;
  }
  let divisor = 1;
  for (let i = 0; i < p; i++) divisor += regressors[i] * gain[i];

  // v − v is 0 for a finite v and NaN for any other, so one sum tells of them all. The divisor counts too: an infinite one
  // would make the gain 0 and pass for a step that learned nothing.
  let probe = divisor - divisor;
  const perDivisor = 1 / divisor;
  const perNu = 1 / nu;
  const step = error * perDivisor * perNu;
  for (let i = 0, k = 0; i < p; i++) {
    const scaled = gain[i] * perDivisor;
    for (let j = i; j < p; j++, k++) {
      const v = (V[k] - scaled * gain[j]) * perNu;
      covariance[k] = v;
      probe += v - v;
    }
    const b = beta[i] + gain[i] * step;
    coefficients[i] = b;
    probe += b - b;
  }
  if (probe !== 0) return false;

  for (let i = 0; i < p; i++) beta[i] = coefficients[i];
  for (let k = 0; k < V.length; k++) V[k] = covariance[k];
  return true;
}

/** Working memory of {@link learn}; nothing in it outlives a call. Grows to the largest p met. */
let scratch = newScratch(0);

function newScratch(p: number) {
  return {
    regressors: new Float64Array(p),
    gain: new Float64Array(p),
    coefficients: new Float64Array(p),
    covariance: new Float64Array(packedLength(p)),
  };
}

function scratchFor(p: number): typeof scratch {
  if (scratch.gain.length < p) scratch = newScratch(p);
  return scratch;
}

function shapeError(rls: Rls, x: readonly number[]): RangeError {
  const { beta, V } = rls;
  return new RangeError(
    `expected ${beta.length - 1} features and ${packedLength(beta.length)} numbers of V for ${beta.length} coefficients, ` +
      `got ${x.length} and ${V.length}`,
  );
}
