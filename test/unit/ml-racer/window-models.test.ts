import assert from "node:assert/strict";
import { parseModelList } from "../../../services/ml-racer/model-list.js";
import { createRegressor } from "../../../services/ml-racer/models/model-registry.js";

/** What a model forecasts after rows of features and their targets, the newest first. */
function forecast(text: string, x: readonly (readonly number[])[], y: readonly number[], query: readonly number[]) {
  const list = parseModelList(text);
  assert.equal(list.kind, "models");
  const dimensions = { features: query.length, trainLength: y.length };
  const training = {
    features: query.length,
    rows: y.length,
    x: Float64Array.from(x.flat()),
    y: Float64Array.from(y),
  };
  return createRegressor(list.models[0], dimensions).predict(training, Float64Array.from(query));
}

describe("ridge", () => {
  it("shrinks the slope of least squares by the penalty: 2/(2 + 2) in place of 2/2", () => {
    assert.ok(Math.abs(forecast("ridge:alpha=2", [[1], [-1]], [3, 1], [4]) - 4) < 1e-15);
  });

  it("does so too where features outnumber rows: with a = (1, 0, 2) the coefficients are 2 a/(2 a·a + 10)", () => {
    const rows = [
      [1, 0, 2],
      [-1, 0, -2],
    ];
    assert.ok(Math.abs(forecast("ridge:alpha=10", rows, [3, 1], [10, 7, 5]) - 4) < 1e-14);
  });

  it("forecasts the mean where no feature varies, and with a penalty that has no square", () => {
    assert.equal(forecast("ridge", [[5], [5]], [3, 1], [7]), 2);
    assert.equal(forecast("ridge:alpha=1e-320", [[5], [5]], [3, 1], [7]), 2);
  });

  it("takes no penalty of 0, which would be another model", () => {
    assert.deepEqual(parseModelList("ridge:alpha=0"), {
      kind: "faults",
      faults: ['ridge: expected alpha to be a number above 0, got "0"'],
    });
  });
});

describe("nearest neighbours", () => {
  const x = [[0], [1], [3], [10]];
  const y = [1, 2, 6, 100];

  it("forecast the mean target of the rows nearest to the query", () => {
    assert.equal(forecast("knn:n_neighbors=2", x, y, [0.4]), 1.5);
    assert.equal(forecast("knn:n_neighbors=2", x, y, [8]), 53);
  });

  it("average all rows where there are fewer than neighbours", () => {
    assert.equal(forecast("knn", x, y, [0]), 27.25);
  });

  it("take the newer of rows that are equally distant", () => {
    assert.equal(forecast("knn:n_neighbors=2", [[7], [7], [7], [7]], y, [0]), 1.5);
    // Distances 1, 4, 4, 0: the second row leaves for the fourth, the third has never entered.
    assert.equal(forecast("knn:n_neighbors=2", [[1], [2], [-2], [0]], y, [0]), 50.5);
  });
});

describe("a single tree", () => {
  const x = [[1], [2], [3], [4]];
  const y = [1, 1, 5, 5];

  it("splits half way between the rows where the targets change", () => {
    assert.equal(forecast("tree", x, y, [2.5]), 1);
    assert.equal(forecast("tree", x, y, [2.6]), 5);
  });

  it("has the limits that its hyper-parameters set", () => {
    assert.equal(forecast("tree:min_samples_leaf=3", x, y, [1]), 3);
    assert.equal(forecast("tree:max_depth=1", x, [1, 1, 5, 9], [9]), 7);
  });
});
