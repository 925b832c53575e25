import assert from "node:assert/strict";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { rlsPredictionSchema } from "../../shared/contract/schemas.js";
import { prequentialMse } from "../../shared/race/score.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { assertClose, RLS_GOLDEN_NUS, RLS_GOLDEN_STREAMS, readRlsGolden } from "../support/data/golden-rls.js";
import { observation, observationRecord } from "../support/data/observations.js";
import { RlsModel } from "../support/data/rls-model.js";

describe("RLS and the golden files", () => {
  for (const stream of RLS_GOLDEN_STREAMS) {
    for (const nu of RLS_GOLDEN_NUS) {
      it(`gives the forecasts, errors, coefficients and scores of ${stream} with nu ${nu} to 1e-9`, () => {
        const golden = readRlsGolden(stream, nu);
        const rls = new RlsModel(golden.x[0].length, golden.nu);
        let mse = 0;
        for (let k = 0; k < golden.y.length; k++) {
          const at = `${golden.name}, record ${k}`;
          const yhat = rls.predict(golden.x[k]);
          const error = golden.y[k] - yhat;
          mse = prequentialMse(mse, error, k + 1);
          assert.ok(rls.learn(golden.x[k], error), at);
          assertClose(yhat, golden.yhat[k], `${at}, yhat`);
          assertClose(error, golden.error[k], `${at}, error`);
          assertClose(mse, golden.mse[k], `${at}, mse`);
          for (const [j, beta] of rls.beta.entries()) assertClose(beta, golden.beta[k][j], `${at}, beta[${j}]`);
        }
        assert.ok(golden.y.length >= 120, "the golden file has its records");
      });
    }

    it(`publishes those numbers for both models when rls-racer reads ${stream}, the state passing its codec each time`, () => {
      const goldens = RLS_GOLDEN_NUS.map((nu) => readRlsGolden(stream, nu));
      const driver = new TopologyDriver(rlsRacer, {}, { roundTrip: true });
      for (let k = 0; k < goldens[0].y.length; k++) {
        const of = observation({ series: stream, i: k, y: goldens[0].y[k], x: [...goldens[0].x[k]] });
        const { outputs } = driver.pipe(observationRecord(of, { offset: k }));
        const predictions = outputs.filter(({ topic }) => topic === "rls-predictions");
        assert.equal(predictions.length, 2);
        for (const [m, golden] of goldens.entries()) {
          const prediction = rlsPredictionSchema.parse(JSON.parse(predictions[m].value.toString()));
          const at = `${golden.name}, record ${k}`;
          assert.deepEqual([prediction.nu, prediction.n, prediction.y], [golden.nu, k + 1, golden.y[k]]);
          assertClose(prediction.yhat, golden.yhat[k], `${at}, yhat`);
          assertClose(prediction.error, golden.error[k], `${at}, error`);
          assertClose(prediction.mse, golden.mse[k], `${at}, mse`);
          assert.equal(prediction.beta?.length, golden.beta[k].length);
          for (const [j, beta] of golden.beta[k].entries()) assertClose(prediction.beta[j], beta, `${at}, beta[${j}]`);
        }
      }
    });
  }
});
