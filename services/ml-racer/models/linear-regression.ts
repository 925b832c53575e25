/**
 * scikit-learn 1.9.1's LinearRegression: least squares with intercept, of least norm where the data leave a choice.
 *   A = X − x̄, b = y − ȳ;  c = argmin ‖A c − b‖, shortest;  ŷ = q·c + (ȳ − x̄·c)
 * Singular values of up to 10⁻⁶ of the largest count as zero (scikit-learn's `tol`). What bounds the work stands in
 * least-norm.ts.
 */
import { averageFeatures, centreTargets } from "./centred-data.js";
import type { RowWriter } from "./householder.js";
import { newLeastNorm } from "./least-norm.js";
import type { ModelKind } from "./model-kind.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";

/** Beyond these magnitudes squares lose bits to under- or overflow, so the data are scaled by a power of two first. */
const MAGNITUDE_MIN = 2 ** -300;
const MAGNITUDE_MAX = 2 ** 300;

/** A feature that varies by up to this share of the one that varies most is constant: it is far below rounding beside that one. */
const VARIATION_MIN = 2 ** -200;

/** `lin` in the list of models. */
export const linearRegression: ModelKind<never> = {
  doc: "scikit-learn's LinearRegression",
  parameters: {},
  create: (_parameters, dimensions) => createLinearRegression(dimensions),
};

function createLinearRegression({ features, trainLength }: Dimensions): Regressor {
  const means = new Float64Array(features);
  const spreads = new Float64Array(features);
  const varying = new Int32Array(features);
  const b = new Float64Array(trainLength);
  const coefficients = new Float64Array(features);
  const solver = newLeastNorm(trainLength, features);

  let x: Float64Array = new Float64Array(0);
  let count = 0;
  let scale = 1;
  let rotations = 0;
  const writeRow: RowWriter = (i, target, at, stride) => {
    const row = i * features;
    for (let j = 0; j < count; j++) {
      const feature = varying[j];
      target[at + j * stride] = (x[row + feature] - means[feature]) * scale;
    }
  };

  return {
    predict(training: TrainingSet, query: Float64Array): number {
      ({ x } = training);
      averageFeatures(training, means);
      const spread = measureSpreads(training, means, spreads);
      const yMean = centreTargets(training.y, b);
      const yScale = powerFor(magnitudeOf(b));
      scale = powerFor(spread);
      if (Number.isNaN(scale) || Number.isNaN(yScale)) return Number.NaN;
      count = 0;
      for (let j = 0; j < features; j++) if (spreads[j] > spread * VARIATION_MIN) varying[count++] = j;
      if (yScale !== 1) for (let i = 0; i < b.length; i++) b[i] *= yScale;
      rotations = solver.solve(writeRow, training.rows, count, b, coefficients);
      const unit = scale / yScale;
      let prediction = 0;
      let offset = 0;
      for (let j = 0; j < count; j++) {
        if (coefficients[j] === 0) continue;
        const c = coefficients[j] * unit;
        prediction += query[varying[j]] * c;
        offset += means[varying[j]] * c;
      }
      return prediction + (yMean - offset);
    },
    work: () => rotations,
  };
}

/** @returns the largest of the spreads |x − x̄|, one a feature; not finite where a value is not */
function measureSpreads({ features, rows, x }: TrainingSet, means: Float64Array, spreads: Float64Array): number {
  spreads.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < features; j++) {
      const spread = Math.abs(x[i * features + j] - means[j]);
      if (spread > spreads[j] || Number.isNaN(spread)) spreads[j] = spread;
    }
  }
  return magnitudeOf(spreads);
}

/** The largest magnitude; not finite where a value is not. */
function magnitudeOf(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]);
    if (magnitude > largest || Number.isNaN(magnitude)) largest = magnitude;
  }
  return largest;
}

/** The power of two that brings values of up to `magnitude` into range, which loses nothing; NaN where it is not finite. */
function powerFor(magnitude: number): number {
  if (!Number.isFinite(magnitude)) return Number.NaN;
  if (magnitude === 0 || (magnitude >= MAGNITUDE_MIN && magnitude <= MAGNITUDE_MAX)) return 1;
  return 2 ** Math.max(-1000, Math.min(1000, -Math.floor(Math.log2(magnitude))));
}
