import assert from "node:assert/strict";
import { mlRacer } from "../../../services/ml-racer/service.js";
import { type Prediction, predictionSchema, standingsSchema } from "../../../shared/contract/schemas.js";
import { type DriverResult, TopologyDriver } from "../../driver/topology-driver.js";
import { observationRecord } from "../../support/data/observations.js";
import { LOOPS_AT } from "../../support/programs/looping-model.js";

const KEY = "dataNonLinearModel/s1";
/** One row of training: least squares has nothing but its mean, so the forecast is the y learned last. */
const LAST = { ML_MODELS: "lin", WINDOW_LENGTH: "3", TRAIN_LENGTH: "1" };

/** A record of s1 at a time. */
function record(timestamp: number, i: number, y: number | null, x?: number[]) {
  return observationRecord({ topic: "dataNonLinearModel", series: "s1", i, y, ...(x && { x }) }, { timestamp });
}

function predictionsIn({ outputs, deadLetters }: DriverResult): Prediction[] {
  assert.deepEqual(deadLetters, []);
  const predictions = outputs.filter(({ topic }) => topic === "ml-predictions");
  return predictions.map(({ value }) => predictionSchema.parse(JSON.parse(value.toString())));
}

const predictionsOf = (driver: TopologyDriver, ...of: Parameters<typeof record>) =>
  predictionsIn(driver.pipe(record(...of)));

const newDriver = (environment = {}, options = {}) => new TopologyDriver(mlRacer, environment, options);

describe("ml-racer with labels that come later", () => {
  it("forecasts a question from the labels before it, scores that when its label comes, and learns the question's x", () => {
    const driver = newDriver(LAST);
    predictionsOf(driver, 1, 0, 5, [1]);
    const [asked] = predictionsOf(driver, 2, 1, null, [7]);
    const at = { topic: "dataNonLinearModel", series: "s1", model: "lin" };
    assert.deepEqual(asked, { ...at, i: 1, n: 1, y: null, yhat: 5, error: null, mse: null });
    const [between] = predictionsOf(driver, 3, 2, 9, [2]);
    assert.deepEqual(between, { ...at, i: 2, n: 2, y: 9, yhat: 5, error: 4, mse: 20.5 });
    const [label] = predictionsOf(driver, 1, 1, 8, [99]);
    assert.deepEqual(label, { ...at, i: 1, n: 3, y: 8, yhat: 5, error: 3, mse: (25 + 16 + 9) / 3, asked: 2 });
    assert.deepEqual(
      driver.keys("window").map((key) => driver.json("window", key)),
      [
        [5, 1],
        [9, 2],
        [8, 7],
      ],
    );
    assert.deepEqual(driver.keys("questions"), []);
    assert.equal(predictionsOf(driver, 4, 3, null, [0])[0].yhat, 8);
  });

  it("scores the forecast of a question whose label is read before the forecast is there", () => {
    for (const heldJobs of [0, 1, 5]) {
      const driver = newDriver(LAST, { heldJobs });
      const results = [record(1, 0, 5, [1]), record(1, 1, null, [1]), record(1, 1, 7), record(1, 1, 6)].map((each) =>
        driver.pipe(each),
      );
      driver.settle();
      const [, , [label], [corrected]] = results.map(predictionsIn);
      assert.deepEqual([label.yhat, label.error, label.mse], [5, 2, 14.5], `${heldJobs}`);
      assert.deepEqual([corrected.yhat, corrected.error, corrected.mse], [5, 1, 13], `${heldJobs}`);
    }
  });

  it("keeps the forecast of the question that is asked now apart from one of the same i that was forgotten", () => {
    // No i is remembered, and one question is open: the second gives up the first, the third asks the first one's i again.
    const environment = { ...LAST, LABEL_DONE_MAX: "0", LABEL_QUESTIONS_MAX: "1" };
    const records = [
      record(1, 0, 5, [1]),
      record(1, 1, null, [1]),
      record(1, 2, null, [1]),
      record(1, 9, 6, [1]),
      record(1, 1, null, [1]),
      record(1, 1, 8),
    ];
    for (const heldJobs of [0, 1, 2, 3, 9]) {
      const driver = newDriver(environment, { heldJobs });
      const results = records.map((each) => driver.pipe(each));
      driver.settle();
      const [label] = predictionsIn(results[5]);
      assert.deepEqual([label.yhat, label.error], [6, 2], `${heldJobs}`);
      assert.deepEqual(driver.keys("questions"), [], `${heldJobs}`);
    }
  });

  it("leaves no entry of a question that is given up before its forecast is there", () => {
    const driver = newDriver({ ...LAST, LABEL_WAIT_MS: "0" }, { heldJobs: 9 });
    for (const each of [record(1, 1, null, [1]), record(2, 2, 5, [1])]) driver.pipe(each);
    driver.settle();
    assert.deepEqual(driver.keys("questions"), []);
  });

  it("corrects the mean squared error and the order, not what was learned", () => {
    const driver = newDriver({ ...LAST, ML_MODELS: "lin,rf:n_estimators=1:max_depth=1" });
    predictionsOf(driver, 1, 0, 4, [1]);
    const [before] = predictionsOf(driver, 1, 1, 10, [1]);
    const rows = driver.keys("window").map((key) => driver.json("window", key));
    const { outputs } = driver.pipe(record(1, 1, 4));
    const [lin] = outputs.slice(0, 1).map(({ value }) => predictionSchema.parse(JSON.parse(value.toString())));
    assert.deepEqual([before.mse, lin.y, lin.yhat, lin.error, lin.mse, lin.n], [(16 + 36) / 2, 4, 4, 0, 8, 2]);
    assert.deepEqual([lin.corrected, lin.asked], [true, undefined]);
    assert.deepEqual(
      driver.keys("window").map((key) => driver.json("window", key)),
      rows,
    );
    assert.deepEqual(predictionsOf(driver, 1, 1, 4), [], "the corrected y is the one that is known now");
  });

  it("decides the order again after a correction", () => {
    const driver = newDriver({ ML_MODELS: "lin,gb:n_estimators=1", WINDOW_LENGTH: "4", TRAIN_LENGTH: "4" });
    for (const [i, y] of [8, 1, 5, 2].entries()) predictionsOf(driver, 1, i, y, [i * i]);
    const [lin, gb] = predictionsOf(driver, 1, 4, null, [3]).map(({ yhat }) => yhat ?? Number.NaN);
    assert.notEqual(lin, gb);
    const before = driver.json("race", KEY) as { order: string[] };
    const loser = before.order[1] === "lin" ? lin : gb;
    const winner = before.order[1] === "lin" ? gb : lin;
    predictionsOf(driver, 1, 4, winner);
    // Far on the loser's side: both are far off, and the loser is less so by enough to make up for all before.
    const { outputs } = driver.pipe(record(1, 4, loser + 1e6 * (loser - winner)));
    const standings = outputs.slice(2).map(({ value }) => standingsSchema.parse(JSON.parse(value.toString())));
    assert.deepEqual(
      standings.map(({ i, n, leader }) => [i, n, leader]),
      [[4, 5, before.order[1]]],
    );
  });

  it("refuses a question and its label where features are beyond float32, and keeps them out of the window", () => {
    const driver = newDriver({ ...LAST, ML_MODELS: "lin,rf:n_estimators=1" });
    predictionsOf(driver, 1, 0, 5, [1]);
    const said = [
      predictionsOf(driver, 1, 1, null, [1e39]),
      predictionsOf(driver, 1, 1, 3),
      predictionsOf(driver, 1, 1, 4),
    ];
    assert.deepEqual(
      said.map((all) => all.map(({ yhat, n, reason }) => [yhat, n, reason])),
      ["features-beyond-float32", "not-scored", "not-scored"].map((reason) => new Array(2).fill([null, 1, reason])),
    );
    assert.equal(driver.keys("window").length, 1);
  });

  it("counts a model that is late with questions, leaves it out after three in a row, and scores what it has forecast", () => {
    const driver = newDriver({ ML_MODELS: "rf:n_estimators=1,lin" });
    predictionsOf(driver, 1, 0, 5, [1]);
    predictionsOf(driver, 1, 1, null, [2]);
    const late = [2, 3, 4].map((i) => predictionsOf(driver, 1, i, null, [LOOPS_AT])[1].reason);
    assert.deepEqual(late, new Array(3).fill("took-too-long"));
    assert.equal(driver.warnings.length, 1);
    assert.equal(predictionsOf(driver, 1, 5, null, [2])[1].reason, "left-out");
    const [, label] = predictionsOf(driver, 1, 1, 7);
    assert.deepEqual([label.reason, label.n], [undefined, 2]);
    assert.equal(predictionsOf(driver, 1, 2, 7)[1].reason, "not-scored");
  });

  it("goes on with its questions after a restart, with the models configured then", () => {
    const before = newDriver({ ML_MODELS: "lin,rf:n_estimators=1" });
    predictionsOf(before, 1, 0, 5, [1]);
    predictionsOf(before, 1, 9, null, [1]);
    const [, asked] = predictionsOf(before, 2, 1, null, [2]);
    predictionsOf(before, 2, 2, null, [2]);
    const environment = { ML_MODELS: "gb:n_estimators=1,rf:n_estimators=1", LABEL_QUESTIONS_MAX: "3" };
    const driver = before.restarted(environment);
    predictionsOf(driver, 3, 3, null, [2]);
    const [gb, rf] = predictionsOf(driver, 3, 1, 6);
    assert.deepEqual([gb.yhat, gb.reason, gb.n, gb.asked], [null, "not-scored", 0, 2]);
    assert.deepEqual([rf.yhat, rf.error, rf.n, rf.asked], [asked.yhat, 6 - (asked.yhat ?? 0), 2, 2]);
    const last = driver.restarted({ ...environment, ML_MODELS: "rf:n_estimators=1" });
    assert.deepEqual(predictionsOf(last, 3, 9, 6), [], "it was given up");
    const [corrected] = predictionsOf(last, 3, 1, 7);
    assert.deepEqual([corrected.model, corrected.yhat, corrected.asked], ["rf:n_estimators=1", asked.yhat, 2]);
  });

  it("keeps what it gave up last when fewer models are configured", () => {
    const before = newDriver({ ML_MODELS: "lin,rf:n_estimators=1", LABEL_WAIT_MS: "0" });
    predictionsOf(before, 1, 1, null, [1]);
    predictionsOf(before, 2, 2, 3, [1]);
    const again = before.restarted({ ML_MODELS: "lin,rf:n_estimators=1" });
    predictionsOf(again, 2, 3, null, [1]);
    const driver = again.restarted({ ML_MODELS: "lin" });
    assert.deepEqual(predictionsOf(driver, 2, 1, 5), []);
    const { done } = driver.restarted({ ML_MODELS: "lin" }).json("race", KEY) as { done: unknown[] };
    assert.deepEqual(done, [
      { i: 2, y: 3, asked: null, forecasts: [0] },
      { i: 1, y: null, asked: null, forecasts: [null] },
    ]);
  });

  const refused = [
    { what: "a series that begins with a label", of: record(0, 1, 1), environment: {}, reason: "no-features" },
    {
      what: "a question where there may be none",
      of: record(0, 1, null, [1]),
      environment: { LABEL_QUESTIONS_MAX: "0" },
      reason: "questions-off",
    },
  ];
  for (const { what, of, environment, reason } of refused) {
    it(`dead-letters ${what}`, () => {
      const driver = newDriver(environment);
      assert.deepEqual(
        driver.pipe(of).deadLetters.map((letter) => letter.reason),
        [reason],
      );
      assert.deepEqual(driver.keys("race"), []);
    });
  }

  it("dead-letters a question of another number of features, and leaves its time alone", () => {
    const driver = newDriver(LAST);
    predictionsOf(driver, 1, 0, 3, [1]);
    const before = driver.bytes("race", KEY);
    assert.equal(driver.pipe(record(99, 1, null, [1, 2])).deadLetters[0].reason, "features-changed");
    assert.deepEqual(driver.bytes("race", KEY), before);
  });

  it("shows how many questions are open, also after one was given up by a record that leads to nothing else", async () => {
    const driver = newDriver({ ...LAST, LABEL_WAIT_MS: "10" });
    const value = async (name: string) => (await driver.registry.getSingleMetric(name)?.get())?.values[0]?.value;
    for (const i of [1, 2]) predictionsOf(driver, 1, i, null, [1]);
    assert.equal(await value("regatta_open_questions"), 2);
    assert.equal(await value("regatta_series_target"), undefined, "none has a target");
    predictionsOf(driver, 1, 1, 7);
    assert.deepEqual([await value("regatta_open_questions"), await value("regatta_series_target")], [1, 7]);
    assert.deepEqual(predictionsOf(driver, 20, 1, 7), []);
    assert.deepEqual([await value("regatta_open_questions"), await value("regatta_series_target")], [0, 7]);
    const counts = (await driver.registry.getSingleMetric("regatta_labels_total")?.get())?.values ?? [];
    assert.deepEqual(
      counts.filter((each) => each.value > 0).map((each) => [each.labels.outcome, each.value]),
      [
        ["question", 2],
        ["label", 1],
        ["duplicate", 1],
        ["expired", 1],
      ],
    );
  });
});
