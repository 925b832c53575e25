import assert from "node:assert/strict";
import { parseModelList } from "../../services/ml-racer/model-list.js";
import { createRegressor } from "../../services/ml-racer/models/model-registry.js";
import { type GoldenRace, goldenRaces } from "../support/data/golden-race.js";
import { runRace } from "../support/data/model-replay.js";
import { assertBits, assertLinear, assertLinearScore } from "../support/judge/sklearn-tolerance.js";

function regressorOf(text: string, race: GoldenRace) {
  const list = parseModelList(text);
  assert.equal(list.kind, "models");
  return createRegressor(list.models[0], { features: race.n, trainLength: race.train });
}

describe("the race beside scikit-learn 1.9.1's golden files", () => {
  const races = goldenRaces();

  it("has fifteen streams: smooth, tied, constant, collinear, large, tiny and offset", () => {
    assert.equal(races.length, 15);
  });

  for (const race of races) {
    for (const model of ["rf", "gb"] as const) {
      it(`predicts and scores every record of ${race.name} with ${model} to the last bit`, () => {
        const { yhat, mse } = runRace(regressorOf(model, race), race);
        assertBits(yhat, race.yhat[model], `${race.name} yhat`);
        assertBits(mse, race.mse[model], `${race.name} mse`);
      });
    }

    it(`predicts and scores every record of ${race.name} with lin within the condition of the data`, () => {
      const { yhat, mse } = runRace(regressorOf("lin", race), race);
      assertLinear(yhat, race.yhat.lin, race);
      assertLinearScore(mse, race.mse.lin, race);
    });
  }
});
