import assert from "node:assert/strict";
import { linearRegression } from "../../services/ml-racer/models/linear-regression.js";
import { goldenLinears } from "../support/data/golden-linear.js";
import { runRace } from "../support/data/model-replay.js";
import { assertLinear } from "../support/judge/sklearn-tolerance.js";

describe("least squares beside scikit-learn 1.9.1 where features outnumber rows or depend on one another", () => {
  const goldens = goldenLinears();

  it("have seven streams: 26 to 200 features, copied, constant, summed, graded, tiny and huge", () => {
    assert.equal(goldens.length, 7);
  });

  for (const golden of goldens) {
    it(`predict every record of ${golden.name}, from the first on, within the condition of the data`, () => {
      const regressor = linearRegression.create({}, { features: golden.n, trainLength: golden.train });
      assertLinear(runRace(regressor, golden).yhat, golden.yhat, golden);
    });
  }
});
