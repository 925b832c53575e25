import assert from "node:assert/strict";
import fc from "fast-check";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { linearRegression } from "../../services/ml-racer/models/linear-regression.js";
import { newTrainingSet, type TrainingSet } from "../../services/ml-racer/models/regressor.js";
import { integer, normal, seededRandom } from "../support/data/random-stream.js";

const SEED = Math.floor(Math.random() * 2 ** 31);

/** The prediction from all singular values, from ml-matrix, for data of full rank with more rows than features: ŷ = ȳ + (q − x̄)·c. */
function predictBySingularValues({ features, rows, x, y }: TrainingSet, query: Float64Array): number {
  const a = Matrix.from1DArray(rows, features, x);
  const means = a.mean("column");
  const yMean = y.reduce((sum, value) => sum + value, 0) / rows;
  const b = Matrix.columnVector(y.map((value) => value - yMean));
  const c = new SingularValueDecomposition(a.subRowVector(means)).solve(b).to1DArray();
  return c.reduce((sum, value, j) => sum + (query[j] - means[j]) * value, yMean);
}

function predict(rows: readonly (readonly number[])[], y: readonly number[], query: readonly number[]): number {
  const dimensions = { features: query.length, trainLength: y.length };
  const training = newTrainingSet(dimensions);
  training.x.set(rows.flat());
  training.y.set(y);
  return linearRegression.create({}, dimensions).predict(training, Float64Array.from(query));
}

describe(`least squares (seed ${SEED})`, () => {
  it("agree on the fast path with the singular value decomposition, on data of full rank", () => {
    fc.assert(
      fc.property(fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (seed) => {
        const random = seededRandom(seed);
        const features = integer(random, 1, 12);
        const dimensions = { features, trainLength: features + integer(random, 3, 30) };
        const training = newTrainingSet(dimensions);
        const scales = Array.from({ length: features }, () => 10 ** integer(random, -1, 1));
        training.x.forEach((_, at) => {
          training.x[at] = scales[at % features] * (3 + normal(random));
        });
        training.y.forEach((_, i) => {
          training.y[i] = 5 + normal(random);
        });
        const query = Float64Array.from(scales, (scale) => scale * normal(random));
        const expected = predictBySingularValues(training, query);
        const actual = linearRegression.create({}, dimensions).predict(training, query);
        assert.ok(Math.abs(actual - expected) <= 1e-7 * Math.max(1, Math.abs(expected)), `${actual}, ${expected}`);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("share the coefficient of a column among its copies, which is the shortest solution", () => {
    const rows = [0, 1, 2, 3, 5].map((x) => [x, x]);
    // y = 1 + 2x: coefficients (1, 1), so the query (3, 1) gives 1 + 3 + 1.
    assert.ok(Math.abs(predict(rows, [1, 3, 5, 7, 11], [3, 1]) - 5) < 1e-12);
  });

  it("take a direction of up to a millionth of the largest for none, and one above it for real", () => {
    const rowsWith = (spread: number) => [
      [1, spread],
      [-1, spread],
      [1, -spread],
      [-1, -spread],
    ];
    // y is the second column over its spread; its singular value is `spread` of the first's.
    const y = [1, 1, -1, -1];
    assert.equal(predict(rowsWith(0.9e-6), y, [0, 0.9e-6]), 0);
    assert.ok(Math.abs(predict(rowsWith(1.1e-6), y, [0, 1.1e-6]) - 1) < 1e-9);
  });

  it("predict the mean where no feature varies", () => {
    assert.equal(predict([[4], [4], [4]], [1, 2, 6], [9]), 3);
  });

  it("keep their precision where squares of features would overflow or vanish", () => {
    for (const scale of [1e-200, 1e200]) {
      const rows = [1, 2, 3, 4].map((x) => [x * scale]);
      assert.ok(Math.abs(predict(rows, [3, 5, 7, 9], [10 * scale]) - 21) < 1e-9);
    }
  });

  it("predict no number, rather than a wrong one, where differences of features overflow", () => {
    assert.ok(Number.isNaN(predict([[1.7e308], [-1.7e308], [1.7e308]], [1, 2, 3], [0])));
  });
});
