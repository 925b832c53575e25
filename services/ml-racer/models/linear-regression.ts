/**
 * scikit-learn 1.9.1's LinearRegression: least squares with intercept, of least norm where the data leave a choice.
 *   A = X − x̄, b = y − ȳ;  c = argmin ‖A c − b‖, shortest;  ŷ = q·c + (ȳ − x̄·c)
 * Singular values of up to 10⁻⁶ of the largest count as zero (scikit-learn's `tol`). Data of full rank take Householder QR
 * (G. Golub, C. Van Loan: Matrix Computations, 5.2 and 5.3); the rest take the singular value decomposition.
 */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import type { ModelKind } from "./model-kind.js";
import { pairwiseSum } from "./pairwise-sum.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";

/** Singular values up to this share of the largest one count as zero. */
export const RANK_TOLERANCE = 1e-6;

/**
 * Below this Frobenius condition number ‖R‖·‖R⁻¹‖ no singular value can be near the cut: the condition number in the
 * 2-norm, s_max / s_min, is never larger than it.
 */
const CONDITION_MAX = 3e5;

/** Beyond these magnitudes squares lose bits to under- or overflow, so the matrix is scaled by a power of two first. */
const MAGNITUDE_MIN = 2 ** -300;
const MAGNITUDE_MAX = 2 ** 300;

/** `lin` in the list of models. */
export const linearRegression: ModelKind<never> = {
  doc: "scikit-learn's LinearRegression",
  parameters: {},
  create: (_parameters, dimensions) => createLinearRegression(dimensions),
};

function createLinearRegression({ features, trainLength }: Dimensions): Regressor {
  // Column after column, so that the reflections run along memory; the last column is b.
  const a = new Float64Array(features * trainLength);
  const b = new Float64Array(trainLength);
  const means = new Float64Array(features);
  const diagonal = new Float64Array(features);
  const column = new Float64Array(features);
  const coefficients = new Float64Array(features);
  return {
    predict(training: TrainingSet, query: Float64Array): number {
      const { rows } = training;
      centreFeatures(training, a, means);
      const yMean = centreTargets(training.y, b);
      const scale = scaleToRange(a);
      if (Number.isNaN(scale)) return Number.NaN;
      const solved =
        rows > features &&
        triangularise(a, b, diagonal, rows, features) &&
        isWellConditioned(a, diagonal, column, rows, features);
      if (solved) backSubstitute(a, b, diagonal, coefficients, rows);
      else {
        centreFeatures(training, a, means);
        scaleToRange(a);
        centreTargets(training.y, b);
        leastNormSolution(a, b, rows, features, coefficients);
      }
      let prediction = 0;
      let offset = 0;
      for (let j = 0; j < features; j++) {
        const c = coefficients[j] * scale;
        prediction += query[j] * c;
        offset += means[j] * c;
      }
      return prediction + (yMean - offset);
    },
  };
}

/** numpy adds the rows of a matrix one by one, but a single column pairwise, since that is contiguous. */
function centreFeatures({ features, rows, x }: TrainingSet, a: Float64Array, means: Float64Array): void {
  for (let j = 0; j < features; j++) {
    let sum = 0;
    if (features === 1) sum = pairwiseSum(x, 0, rows);
    else for (let i = 0; i < rows; i++) sum += x[i * features + j];
    const mean = sum / rows;
    means[j] = mean;
    for (let i = 0; i < rows; i++) a[j * rows + i] = x[i * features + j] - mean;
  }
}

function centreTargets(y: Float64Array, b: Float64Array): number {
  const mean = pairwiseSum(y, 0, y.length) / y.length;
  for (let i = 0; i < y.length; i++) b[i] = y[i] - mean;
  return mean;
}

/** Brings `a` into range by a power of two, which loses nothing. @returns the factor, NaN where a value is not finite */
function scaleToRange(a: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const magnitude = Math.abs(a[i]);
    if (!(magnitude <= largest)) largest = magnitude;
  }
  if (!Number.isFinite(largest)) return Number.NaN;
  if (largest === 0 || (largest >= MAGNITUDE_MIN && largest <= MAGNITUDE_MAX)) return 1;
  const scale = 2 ** Math.max(-1000, Math.min(1000, -Math.floor(Math.log2(largest))));
  for (let i = 0; i < a.length; i++) a[i] *= scale;
  return scale;
}

/**
 * Householder's QR in place: R above the diagonal of `a`, its diagonal apart, and Qᵀb in `b`.
 * @returns false where a column is zero, and R therefore singular
 */
function triangularise(a: Float64Array, b: Float64Array, diagonal: Float64Array, rows: number, n: number): boolean {
  for (let k = 0; k < n; k++) {
    const own = k * rows;
    let square = 0;
    for (let i = k; i < rows; i++) square += a[own + i] * a[own + i];
    if (square === 0) return false;
    const head = a[own + k];
    const norm = head > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    diagonal[k] = norm;
    // The reflection is I − v vᵀ / h with v = column − norm e_k and h = vᵀv / 2 = square − head · norm.
    const h = square - head * norm;
    a[own + k] = head - norm;
    for (let j = k + 1; j < n; j++) {
      const other = j * rows;
      let product = 0;
      for (let i = k; i < rows; i++) product += a[own + i] * a[other + i];
      product /= h;
      for (let i = k; i < rows; i++) a[other + i] -= product * a[own + i];
    }
    let product = 0;
    for (let i = k; i < rows; i++) product += a[own + i] * b[i];
    product /= h;
    for (let i = k; i < rows; i++) b[i] -= product * a[own + i];
  }
  return true;
}

/** Whether ‖R‖·‖R⁻¹‖ in the Frobenius norm is below {@link CONDITION_MAX}; the inverse is made column by column. */
function isWellConditioned(
  a: Float64Array,
  diagonal: Float64Array,
  column: Float64Array,
  rows: number,
  n: number,
): boolean {
  let norm = 0;
  let inverseNorm = 0;
  for (let j = 0; j < n; j++) {
    norm += diagonal[j] * diagonal[j];
    for (let i = 0; i < j; i++) norm += a[j * rows + i] * a[j * rows + i];
    column[j] = 1 / diagonal[j];
    inverseNorm += column[j] * column[j];
    for (let i = 0; i < j; i++) column[i] = 0;
    for (let k = j; k > 0; k--) {
      for (let i = 0; i < k; i++) column[i] -= a[k * rows + i] * column[k];
      column[k - 1] /= diagonal[k - 1];
      inverseNorm += column[k - 1] * column[k - 1];
    }
  }
  return norm * inverseNorm < CONDITION_MAX * CONDITION_MAX;
}

function backSubstitute(
  a: Float64Array,
  b: Float64Array,
  diagonal: Float64Array,
  coefficients: Float64Array,
  rows: number,
): void {
  const n = coefficients.length;
  for (let j = 0; j < n; j++) coefficients[j] = b[j];
  for (let j = n - 1; j >= 0; j--) {
    coefficients[j] /= diagonal[j];
    for (let i = 0; i < j; i++) coefficients[i] -= a[j * rows + i] * coefficients[j];
  }
}

/**
 * The shortest c that makes ‖A c − b‖ least, from the singular value decomposition A = U S Vᵀ: c = V S⁺ Uᵀ b, where
 * singular values of up to {@link RANK_TOLERANCE} of the largest count as zero.
 * @param a            `rows` × `n`, column after column, finite
 * @param coefficients n values, written
 */
export function leastNormSolution(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  n: number,
  coefficients: Float64Array,
): void {
  coefficients.fill(0);
  if (a.every((value) => value === 0)) return;
  const matrix = new Matrix(rows, n);
  for (let j = 0; j < n; j++) for (let i = 0; i < rows; i++) matrix.set(i, j, a[j * rows + i]);
  const decomposition = new SingularValueDecomposition(matrix, { autoTranspose: true });
  const { diagonal: singular, leftSingularVectors: u, rightSingularVectors: v } = decomposition;
  const largest = Math.max(...singular);
  for (let k = 0; k < singular.length; k++) {
    if (singular[k] <= RANK_TOLERANCE * largest) continue;
    let product = 0;
    for (let i = 0; i < rows; i++) product += u.get(i, k) * b[i];
    for (let j = 0; j < n; j++) coefficients[j] += (v.get(j, k) * product) / singular[k];
  }
}
