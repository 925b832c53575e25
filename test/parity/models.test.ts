import assert from "node:assert/strict";
import { goldenModels, REFERENCE_TOLERANCE, type ReferenceModel } from "../support/data/golden-models.js";
import { observation } from "../support/data/observations.js";
import { predictionsOf } from "../support/data/race-observations.js";
import { assertNear } from "../support/judge/sklearn-tolerance.js";

const MODELS = Object.keys(REFERENCE_TOLERANCE) as ReferenceModel[];

describe("the models beside rf, lin and gb forecast what the libraries they follow do, from the first record on", () => {
  const goldens = goldenModels();

  it("have three streams: one that is not linear, one with a season, one full of ties", () => {
    assert.equal(goldens.length, 3);
  });

  for (const golden of goldens) {
    it(`in ml-racer, on ${golden.name}, when its state passes its codec at every record`, () => {
      const observations = golden.y.map((y, i) =>
        observation({ topic: "dataNonLinearModel", series: golden.name, i, y, x: [...golden.x[i]] }),
      );
      const predictions = predictionsOf(observations, { ML_MODELS: MODELS.join() }, { roundTrip: true });
      for (const model of MODELS) {
        const yhat = predictions
          .filter((prediction) => prediction.model === model)
          .map(({ yhat }) => yhat ?? Number.NaN);
        assertNear(yhat, golden.yhat[model], REFERENCE_TOLERANCE[model], `${golden.name} ${model}`);
      }
    });
  }
});
