import assert from "node:assert/strict";
import { goldenModels, modelsOf, RECURSIVE_TOLERANCE, WINDOW_TOLERANCE } from "../support/data/golden-models.js";
import { observation } from "../support/data/observations.js";
import { predictionsOf } from "../support/data/race-observations.js";
import { replayRecursive } from "../support/data/recursive-replay.js";
import { assertNear } from "../support/judge/sklearn-tolerance.js";

describe("the models beside rf, lin, gb and rls forecast what the libraries they follow do, from the first record on", () => {
  const goldens = goldenModels();

  it("have three streams: one that is not linear, one with a season, one full of ties", () => {
    assert.equal(goldens.length, 3);
  });

  for (const golden of goldens) {
    for (const [model, tolerance] of modelsOf(RECURSIVE_TOLERANCE)) {
      it(`${model} on ${golden.name}`, () => {
        assertNear(replayRecursive(model, golden), golden.yhat[model], tolerance, model);
      });
    }

    it(`in ml-racer, on ${golden.name}, when its state passes its codec at every record`, () => {
      const models = modelsOf(WINDOW_TOLERANCE);
      const observations = golden.y.map((y, i) =>
        observation({ topic: "dataNonLinearModel", series: golden.name, i, y, x: [...golden.x[i]] }),
      );
      const environment = { ML_MODELS: models.map(([model]) => model).join() };
      const predictions = predictionsOf(observations, environment, { roundTrip: true });
      for (const [model, tolerance] of models) {
        const own = predictions.filter((prediction) => prediction.model === model);
        const yhat = own.map((prediction) => prediction.yhat ?? Number.NaN);
        assertNear(yhat, golden.yhat[model], tolerance, model);
      }
    });
  }
});
