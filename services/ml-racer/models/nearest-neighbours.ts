/**
 * scikit-learn 1.9.1's KNeighborsRegressor: the mean target of the rows nearest to the query.
 *   v_i = Σ_j (x_ij − q_j)²,  ŷ = mean of y over the k rows of least v
 * E. Fix, J. Hodges: Discriminatory analysis, 1951. Which of equally distant rows count is decided as scikit-learn's heap of k
 * distances does it, rows taken newest first. That holds for up to 15 features; with more, scikit-learn computes distances by
 * products, whose rounding may order nearly equal ones otherwise.
 */
import { integerParameter } from "../../../shared/models/parameters.js";
import type { ModelKind } from "./model-kind.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";

const NEIGHBOURS_MAX = 10_000;

/** `knn` in the list of models. */
export const nearestNeighbours: ModelKind<"n_neighbors"> = {
  doc: "scikit-learn's KNeighborsRegressor",
  parameters: {
    n_neighbors: integerParameter(5, 1, NEIGHBOURS_MAX, "rows that are averaged; all where there are fewer"),
  },
  create: (parameters, dimensions) => createNearestNeighbours(parameters.n_neighbors, dimensions),
};

function createNearestNeighbours(neighbours: number, { features, trainLength }: Dimensions): Regressor {
  const k = Math.min(neighbours, trainLength);
  // A heap with the largest distance at its front: the children of place i are at 2 i + 1 and 2 i + 2.
  const distances = new Float64Array(k);
  const rows = new Int32Array(k);

  /** Puts a row in the place of the most distant one. */
  function replaceFirst(distance: number, row: number): void {
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= k) break;
      const larger = left + 1 < k && distances[left + 1] > distances[left] ? left + 1 : left;
      if (!(distance < distances[larger])) break;
      distances[i] = distances[larger];
      rows[i] = rows[larger];
      i = larger;
    }
    distances[i] = distance;
    rows[i] = row;
  }

  return {
    predict({ x, y }: TrainingSet, query: Float64Array): number {
      distances.fill(Number.POSITIVE_INFINITY);
      for (let row = 0, at = 0; row < trainLength; row++) {
        let distance = 0;
        for (let j = 0; j < features; j++, at++) distance += (x[at] - query[j]) * (x[at] - query[j]);
        if (distance < distances[0]) replaceFirst(distance, row);
      }
      let sum = 0;
      for (let i = 0; i < k; i++) sum += y[rows[i]];
      return sum / k;
    },
    work: () => trainLength,
  };
}
