/** Training rows and query as tree models read them: features as float32, feature after feature. */
import type { TrainingSet } from "./regressor.js";

/** Rounds the features of `training` to float32 (nearest even) into `target`, value of feature f in row i at `f * rows + i`. */
export function copyFeatures(training: TrainingSet, target: Float32Array): void {
  const { features, rows, x } = training;
  for (let f = 0; f < features; f++) {
    for (let i = 0; i < rows; i++) target[f * rows + i] = x[i * features + f];
  }
}
