/** Means as numpy makes them, which linear models subtract: their last bits depend on the order of the sum. */
import { pairwiseSum } from "./pairwise-sum.js";
import type { TrainingSet } from "./regressor.js";

/**
 * The mean of each feature. numpy adds the rows of a matrix one by one, but a single column pairwise, since that is contiguous.
 * @param means one a feature; written
 */
export function averageFeatures({ features, rows, x }: TrainingSet, means: Float64Array): void {
  if (features === 1) means[0] = pairwiseSum(x, 0, rows);
  else {
    means.fill(0);
    for (let i = 0; i < rows; i++) for (let j = 0; j < features; j++) means[j] += x[i * features + j];
  }
  for (let j = 0; j < features; j++) means[j] /= rows;
}

/**
 * Subtracts the mean of the targets.
 * @param b one a row; written
 * @returns the mean
 */
export function centreTargets(y: Float64Array, b: Float64Array): number {
  const mean = pairwiseSum(y, 0, y.length) / y.length;
  for (let i = 0; i < y.length; i++) b[i] = y[i] - mean;
  return mean;
}
