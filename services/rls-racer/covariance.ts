/** The covariance V of an RLS model and its factors U D Uᵀ, one from the other. Only metrics, the shown state and format 1 use it, no record does. Pure. */
import { factorsAt } from "../../shared/models/rls.js";

/** V of the model at `at`, as p rows of p numbers. */
export function covarianceOf(doubles: Float64Array, at: number, p: number): number[][] {
  const UD = factorsAt(at, p);
  const V = Array.from({ length: p }, () => new Array<number>(p).fill(0));
  const of = (i: number, j: number) => (i === j ? 1 : doubles[UD + (j * (j + 1)) / 2 + i]);
  for (let i = 0; i < p; i++) {
    for (let l = i; l < p; l++) {
      let sum = 0;
      for (let j = l; j < p; j++) sum += of(i, j) * doubles[UD + (j * (j + 1)) / 2 + j] * of(l, j);
      V[i][l] = sum;
      V[l][i] = sum;
    }
  }
  return V;
}

/** The trace of V of the model at `at`: the sum of its diagonal, Σ d[j] U[i, j]² over i ≤ j. */
export function covarianceTrace(doubles: Float64Array, at: number, p: number): number {
  let trace = 0;
  for (let j = 0, k = factorsAt(at, p); j < p; j++, k++) {
    let squares = 1;
    for (let i = 0; i < j; i++, k++) squares += doubles[k] * doubles[k];
    trace += squares * doubles[k];
  }
  return trace;
}

/**
 * The factors of V, packed as in rls.ts: from the last column to the first d[j] = V[j, j], U[i, j] = V[i, j] / d[j], and
 * what is left of V is V − d[j] U[:, j] U[:, j]ᵀ [Golub, Van Loan 2013, 4.1].
 * @param p     coefficients
 * @param upper V's upper triangle packed by rows, p(p+1)/2
 * @returns undefined where V is not positive definite in the precision of a double
 */
export function factorsOf(p: number, upper: Float64Array): Float64Array | undefined {
  const place = (i: number, j: number) => i * p - (i * (i - 1)) / 2 + (j - i);
  const V = Float64Array.from(upper);
  const UD = new Float64Array(upper.length);
  for (let j = p - 1; j >= 0; j--) {
    const column = (j * (j + 1)) / 2;
    const d = V[place(j, j)];
    if (!(d > 0)) return undefined;
    UD[column + j] = d;
    for (let i = 0; i < j; i++) UD[column + i] = V[place(i, j)] / d;
    for (let i = 0; i < j; i++) {
      for (let l = i; l < j; l++) V[place(i, l)] -= UD[column + i] * UD[column + l] * d;
    }
  }
  return UD.every(Number.isFinite) ? UD : undefined;
}
