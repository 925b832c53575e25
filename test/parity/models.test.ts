import assert from "node:assert/strict";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { type Prediction, rlsPredictionSchema } from "../../shared/contract/schemas.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { goldenModels, modelsOf, RECURSIVE_TOLERANCE, WINDOW_TOLERANCE } from "../support/data/golden-models.js";
import { observation, observationRecord } from "../support/data/observations.js";
import { predictionsOf } from "../support/data/race-observations.js";
import { replayRecursive } from "../support/data/recursive-replay.js";
import { assertNear } from "../support/judge/sklearn-tolerance.js";

const yhatOf = (predictions: readonly Prediction[], model: string) =>
  predictions.filter((prediction) => prediction.model === model).map(({ yhat }) => yhat ?? Number.NaN);

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

    it(`in rls-racer, on ${golden.name}, beside RLS, when its state lies elsewhere at every record`, () => {
      const models = modelsOf(RECURSIVE_TOLERANCE);
      const RLS_MODELS = ["rls1:1", ...models.map(([model]) => model), "rls2:0.99"].join();
      const driver = new TopologyDriver(rlsRacer, { RLS_MODELS }, { roundTrip: true });
      const predictions = golden.y.flatMap((y, i) =>
        driver
          .pipe(observationRecord(observation({ series: golden.name, i, y, x: [...golden.x[i]] })))
          .outputs.filter(({ topic }) => topic === "rls-predictions")
          .map(({ value }) => rlsPredictionSchema.parse(JSON.parse(value.toString()))),
      );
      for (const [model, tolerance] of models)
        assertNear(yhatOf(predictions, model), golden.yhat[model], tolerance, model);
    });

    it(`in ml-racer, on ${golden.name}, when its state passes its codec at every record`, () => {
      const models = [...modelsOf(WINDOW_TOLERANCE), ...modelsOf(RECURSIVE_TOLERANCE)];
      const observations = golden.y.map((y, i) =>
        observation({ topic: "dataNonLinearModel", series: golden.name, i, y, x: [...golden.x[i]] }),
      );
      const environment = { ML_MODELS: models.map(([model]) => model).join() };
      const predictions = predictionsOf(observations, environment, { roundTrip: true });
      for (const [model, tolerance] of models) {
        assertNear(yhatOf(predictions, model), golden.yhat[model], tolerance, model);
      }
    });
  }
});
