/**
 * scikit-learn 1.9.1's Ridge: least squares with intercept and a penalty on the coefficients.
 *   A = X − x̄, b = y − ȳ;  c = argmin ‖A c − b‖² + α ‖c‖²;  ŷ = q·c + (ȳ − x̄·c)
 * A. Hoerl, R. Kennard: Ridge regression, Technometrics 12(1), 1970. Householder's QR of A above √α I, or, where features outnumber
 * rows, of Aᵀ above √α I, gives RᵀR = AᵀA + αI or AAᵀ + αI without that sum, which would lose half of the digits. Then
 *   R c = d, d the first values of Qᵀ(b, 0)    or    RᵀR u = b, c = Aᵀu    [Å. Björck: Numerical Methods for Least Squares, 2.7]
 */

import { positiveParameter } from "../../../shared/models/parameters.js";
import { averageFeatures, centreTargets } from "./centred-data.js";
import { BLOCK_ROWS, foldRows, newTriangle, type RowWriter, type Triangle } from "./householder.js";
import type { ModelKind } from "./model-kind.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";

/** `ridge` in the list of models. */
export const ridge: ModelKind<"alpha"> = {
  doc: "scikit-learn's Ridge",
  parameters: { alpha: positiveParameter(1, "penalty on the squares of the coefficients") },
  create: ({ alpha }, dimensions) => createRidge(alpha, dimensions),
};

function createRidge(alpha: number, { features, trainLength }: Dimensions): Regressor {
  const size = Math.min(features, trainLength);
  const folded = features + trainLength;
  const penalty = Math.sqrt(alpha);
  const means = new Float64Array(features);
  const b = new Float64Array(trainLength);
  const right = new Float64Array(folded);
  const block = new Float64Array(Math.min(folded, BLOCK_ROWS) * size);
  const triangle = newTriangle(size);
  const coefficients = new Float64Array(features);

  let x: Float64Array = new Float64Array(0);
  const writePenalty = (k: number, target: Float64Array, at: number, stride: number) => {
    for (let j = 0; j < size; j++) target[at + j * stride] = j === k ? penalty : 0;
  };
  const writeRow: RowWriter = (i, target, at, stride) => {
    if (i >= trainLength) writePenalty(i - trainLength, target, at, stride);
    else for (let j = 0; j < features; j++) target[at + j * stride] = x[i * features + j] - means[j];
  };
  const writeColumn: RowWriter = (j, target, at, stride) => {
    if (j >= features) writePenalty(j - features, target, at, stride);
    else for (let i = 0; i < trainLength; i++) target[at + i * stride] = x[i * features + j] - means[j];
  };

  function solve(): void {
    right.fill(0);
    if (features <= trainLength) {
      right.set(b);
      foldRows(writeRow, folded, size, right, block, triangle);
      solveUpper(triangle, triangle.d);
      for (let j = 0; j < features; j++) coefficients[j] = triangle.d[j];
      return;
    }
    foldRows(writeColumn, folded, size, right, block, triangle);
    solveLower(triangle, b);
    solveUpper(triangle, b);
    coefficients.fill(0);
    for (let i = 0; i < trainLength; i++)
      for (let j = 0; j < features; j++) coefficients[j] += (x[i * features + j] - means[j]) * b[i];
  }

  return {
    predict(training: TrainingSet, query: Float64Array): number {
      ({ x } = training);
      averageFeatures(training, means);
      const yMean = centreTargets(training.y, b);
      solve();
      let prediction = 0;
      let offset = 0;
      for (let j = 0; j < features; j++) {
        prediction += query[j] * coefficients[j];
        offset += means[j] * coefficients[j];
      }
      return prediction + (yMean - offset);
    },
    work: () => folded,
  };
}

/** v ← R⁻¹ v. A pivot of 0 is one of a penalty so small that its square is 0: what the data do not decide is 0. */
function solveUpper({ n, r }: Triangle, v: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    let sum = v[i];
    for (let j = i + 1; j < n; j++) sum -= r[i * n + j] * v[j];
    v[i] = quotient(sum, r[i * n + i]);
  }
}

/** v ← R⁻ᵀ v. */
function solveLower({ n, r }: Triangle, v: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = v[i];
    for (let j = 0; j < i; j++) sum -= r[j * n + i] * v[j];
    v[i] = quotient(sum, r[i * n + i]);
  }
}

function quotient(sum: number, pivot: number): number {
  return pivot === 0 ? 0 : sum / pivot;
}
