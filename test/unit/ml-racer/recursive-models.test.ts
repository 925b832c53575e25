import assert from "node:assert/strict";
import { STATE_DOUBLES_MAX } from "../../../services/ml-racer/race.js";
import { mlRacer } from "../../../services/ml-racer/service.js";
import { type Prediction, predictionSchema } from "../../../shared/contract/schemas.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { observation, observationRecord } from "../../support/data/observations.js";

const KEY = "dataNonLinearModel/s1";

const newDriver = (ML_MODELS: string) => new TopologyDriver(mlRacer, { ML_MODELS }, { roundTrip: true });

function pipe(driver: TopologyDriver, i: number, y: number, x: number[] = [1]) {
  return driver.pipe(observationRecord(observation({ topic: "dataNonLinearModel", series: "s1", i, y, x })));
}

function step(driver: TopologyDriver, i: number, y: number, x: number[] = [1]): Prediction[] {
  const { outputs } = pipe(driver, i, y, x);
  const predictions = outputs.filter(({ topic }) => topic === "ml-predictions");
  return predictions.map(({ value }) => predictionSchema.parse(JSON.parse(value.toString())));
}

describe("recursive models in ml-racer", () => {
  it("have learned from every record, also from those that have left the window", () => {
    const driver = new TopologyDriver(
      mlRacer,
      { ML_MODELS: "mean,lin,last:lag=4", WINDOW_LENGTH: "2", TRAIN_LENGTH: "1" },
      { roundTrip: true },
    );
    const yhat = [4, 8, 6, 2, 5].map((y, i) => step(driver, i, y).map((prediction) => prediction.yhat));
    assert.deepEqual(yhat, [
      [0, 0, 0],
      [4, 4, 0],
      [6, 8, 0],
      [6, 6, 0],
      [5, 2, 4],
    ]);
  });

  it("show their kind and hyper-parameters beside their score", () => {
    const driver = newDriver("holt:beta=0,lin");
    step(driver, 0, 3);
    const { models } = driver.json("race", KEY) as { models: Record<string, unknown>[] };
    const [{ name, kind, alpha, beta, N, mse }, lin] = models;
    const shown = { name: "holt:beta=0", kind: "holt", alpha: 0.3, beta: 0, N: 1, mse: 9 };
    assert.deepEqual({ name, kind, alpha, beta, N, mse }, shown);
    assert.equal("kind" in lin, false);
  });

  it("keep what they have learned through another list", () => {
    const driver = newDriver("mean,lin");
    for (const [i, y] of [3, 5, 10].entries()) step(driver, i, y);
    const again = driver.restarted({ ML_MODELS: "last,mean" });
    assert.deepEqual(
      step(again, 3, 0).map(({ yhat }) => yhat),
      [0, 6],
    );
  });

  it("start from nothing after ten refusals in a row that are their own fault", async () => {
    const driver = newDriver("last,mean");
    step(driver, 0, -1e154);
    // The square of 1.5·10^154 is not finite; that of 0.5·10^154 is, so a new model would be scored.
    for (let i = 1; i <= 10; i++) assert.equal(step(driver, i, 0.5e154)[0].reason, "score-not-finite");
    const [last] = step(driver, 11, 0.5e154);
    assert.deepEqual([last.reason, last.yhat, last.n], [undefined, 0, 2]);
    assert.equal(step(driver, 12, 0)[0].yhat, 0.5e154);
    const resets = /regatta_model_resets_total\{topic="[^"]+",model="last",reason="refusals-in-a-row"[^}]*\} 1\n/;
    assert.match(await driver.registry.metrics(), resets);
  });

  it("refuse, as all models of ml-racer do, what is beyond float32", () => {
    const driver = newDriver("last,lin");
    step(driver, 0, 3);
    const refused = step(driver, 1, 7, [1e39]).map(({ reason }) => reason);
    assert.deepEqual(refused, ["features-beyond-float32", "features-beyond-float32"]);
    assert.equal(step(driver, 2, 1)[0].yhat, 3);
  });

  it("are refused where they would keep more than fits into a record of the changelog", () => {
    const driver = newDriver("rls,last");
    const features = 450;
    const { deadLetters } = pipe(driver, 0, 1, new Array(features).fill(1));
    assert.equal(deadLetters.length, 1);
    assert.match(
      JSON.stringify(deadLetters[0]),
      new RegExp(`at most ${STATE_DOUBLES_MAX} numbers, got 102381 \\(450 features\\)`),
    );
    assert.deepEqual(driver.keys("race"), []);
  });
});
