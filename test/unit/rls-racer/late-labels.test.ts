import assert from "node:assert/strict";
import { rlsRacer } from "../../../services/rls-racer/service.js";
import { type RlsPrediction, rlsPredictionSchema, standingsSchema } from "../../../shared/contract/schemas.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { observationRecord } from "../../support/data/observations.js";

const KEY = "dataLinearModel/s1";
const MODELS = { RLS_MODELS: "a:1" };

/** A record of s1 at a time. */
function record(timestamp: number, i: number, y: number | null, x?: number[]) {
  return observationRecord({ topic: "dataLinearModel", series: "s1", i, y, ...(x && { x }) }, { timestamp });
}

function predictionsOf(driver: TopologyDriver, ...of: Parameters<typeof record>): RlsPrediction[] {
  const { outputs, deadLetters } = driver.pipe(record(...of));
  assert.deepEqual(deadLetters, []);
  const predictions = outputs.filter(({ topic }) => topic === "rls-predictions");
  return predictions.map(({ value }) => rlsPredictionSchema.parse(JSON.parse(value.toString())));
}

async function countsOf(driver: TopologyDriver): Promise<Record<string, number>> {
  const metric = await driver.registry.getSingleMetric("regatta_labels_total")?.get();
  return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels.outcome, value]));
}

describe("rls-racer with labels that come later", () => {
  it("forecasts a question at once, scores that forecast when its label comes, and learns the question's x", () => {
    const driver = new TopologyDriver(rlsRacer, MODELS);
    predictionsOf(driver, 1, 0, 3, [0]);
    // Intercept only so far: V00 = 10, so β0 = 3·10/11.
    const [asked] = predictionsOf(driver, 2, 1, null, [2]);
    assert.ok(Math.abs((asked.yhat ?? 0) - 30 / 11) < 1e-12);
    const unscored = { y: null, error: null, mse: null, n: 1, beta: null };
    assert.deepEqual(asked, { ...asked, ...unscored });
    const [between] = predictionsOf(driver, 3, 2, 5, [0]);
    assert.equal(between.asked, undefined);
    const [label] = predictionsOf(driver, 1, 1, 7);
    assert.deepEqual([label.yhat, label.error, label.n, label.asked], [asked.yhat, 7 - (asked.yhat ?? 0), 3, 2]);
    assert.deepEqual(label.beta?.length, 2);
    assert.notEqual(label.beta?.[1], 0, "the slope has learned from the question's x");
  });

  it("gives a question up when it has waited longer than LABEL_WAIT_MS, by the records' time, and not at that time", async () => {
    const driver = new TopologyDriver(rlsRacer, { ...MODELS, LABEL_WAIT_MS: "10" });
    predictionsOf(driver, 100, 1, null, [1]);
    predictionsOf(driver, 100, 2, null, [1]);
    assert.equal(predictionsOf(driver, 110, 1, 1).length, 1);
    predictionsOf(driver, 111, 3, 1, [1]);
    assert.deepEqual(predictionsOf(driver, 0, 2, 1), [], "time never falls");
    assert.deepEqual(predictionsOf(driver, 111, 2, null, [1]), []);
    const counts = await countsOf(driver);
    assert.deepEqual(counts, {
      plain: 1,
      question: 2,
      label: 1,
      duplicate: 0,
      correction: 0,
      expired: 1,
      "expired-label": 1,
      "repeated-question": 0,
      "late-question": 1,
      "no-question": 0,
    });
  });

  it("gives the oldest question up for one more than LABEL_QUESTIONS_MAX", () => {
    const driver = new TopologyDriver(rlsRacer, { ...MODELS, LABEL_QUESTIONS_MAX: "2" });
    for (const i of [5, 3, 4]) assert.equal(predictionsOf(driver, 0, i, null, [1]).length, 1);
    assert.deepEqual(driver.keys("questions"), [`${KEY}/3`, `${KEY}/4`]);
    assert.deepEqual(predictionsOf(driver, 0, 5, 1), []);
  });

  it("corrects the mean squared error, not what was learned, and decides the order again", () => {
    const driver = new TopologyDriver(rlsRacer, { RLS_MODELS: "a:1,b:0.5" });
    predictionsOf(driver, 1, 0, 3, [0]);
    predictionsOf(driver, 1, 1, 30, [0]);
    const [a, b] = predictionsOf(driver, 1, 2, null, [0]).map(({ yhat }) => yhat ?? 0);
    const learned = predictionsOf(driver, 1, 2, 20);
    // From far from both to the better one's forecast.
    const { outputs } = driver.pipe(record(1, 2, a));
    const corrected = outputs.slice(0, 2).map(({ value }) => rlsPredictionSchema.parse(JSON.parse(value.toString())));
    for (const [m, yhat] of [a, b].entries()) {
      const { error, mse, asked, beta, n } = corrected[m];
      assert.deepEqual([corrected[m].yhat, error, asked, beta, n], [yhat, a - yhat, 1, null, 3]);
      const expected = (learned[m].mse ?? 0) + ((a - yhat) ** 2 - (20 - yhat) ** 2) / 3;
      assert.ok(Math.abs((mse ?? 0) - expected) < 1e-9 * expected);
      assert.equal(corrected[m].corrected, true);
    }
    const standings = outputs.slice(2).map(({ value }) => standingsSchema.parse(JSON.parse(value.toString())));
    const order = corrected.map(({ mse }) => mse ?? 0);
    const before = learned.map(({ mse }) => mse ?? 0);
    assert.equal(standings.length, Number(order[0] < order[1] !== before[0] < before[1]));
    assert.deepEqual(predictionsOf(driver, 1, 2, a), [], "the same again is a duplicate");
  });

  it("goes on with its open questions when models are added and dropped: a new one has no forecast to be scored", () => {
    const before = new TopologyDriver(rlsRacer, { RLS_MODELS: "gone:0.9,a:1" });
    predictionsOf(before, 1, 0, 3, [1]);
    const asked = predictionsOf(before, 2, 1, null, [1]);
    const driver = before.restarted({ RLS_MODELS: "a:1,new:0.8" });
    const [a, late] = predictionsOf(driver, 3, 1, 5);
    assert.deepEqual([a.model, a.yhat, a.n], ["a", asked[1].yhat, 2]);
    assert.deepEqual([late.model, late.yhat, late.reason, late.n, late.asked], ["new", null, "not-scored", 0, 2]);
    const [again, none] = predictionsOf(driver, 3, 1, 6);
    assert.deepEqual([again.yhat, again.error], [a.yhat, 6 - (a.yhat ?? 0)]);
    assert.deepEqual([none.yhat, none.reason, none.corrected], [null, "not-scored", true]);
  });

  it("remembers as many closed ones as LABEL_DONE_MAX says, the newest where it is lowered", () => {
    const before = new TopologyDriver(rlsRacer, MODELS);
    for (let i = 0; i < 5; i++) predictionsOf(before, 1, i, i, [1]);
    const driver = before.restarted({ ...MODELS, LABEL_DONE_MAX: "2" });
    assert.equal(predictionsOf(driver, 1, 3, 3, [1]).length, 0);
    assert.equal(predictionsOf(driver, 1, 2, 2, [1]).length, 1, "an i that is forgotten is a new one");
    const raised = driver.restarted({ ...MODELS, LABEL_DONE_MAX: "3" });
    assert.equal(predictionsOf(raised, 1, 4, 4, [1]).length, 0);
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
      const driver = new TopologyDriver(rlsRacer, environment);
      assert.deepEqual(
        driver.pipe(of).deadLetters.map((letter) => letter.reason),
        [reason],
      );
      assert.deepEqual(driver.keys("race"), []);
    });
  }

  it("dead-letters a question of another number of features, and leaves its time alone", () => {
    const driver = new TopologyDriver(rlsRacer, MODELS);
    predictionsOf(driver, 1, 0, 3, [1]);
    const before = driver.bytes("race", KEY);
    assert.equal(driver.pipe(record(99, 1, null, [1, 2])).deadLetters[0].reason, "features-changed");
    assert.deepEqual(driver.bytes("race", KEY), before);
  });

  it("tells a question that a model cannot forecast, and its label, with a reason each", () => {
    const driver = new TopologyDriver(rlsRacer, MODELS);
    predictionsOf(driver, 1, 0, 1e150, [1]);
    const [asked] = predictionsOf(driver, 1, 1, null, [1.7e308]);
    const [label] = predictionsOf(driver, 1, 1, 1);
    assert.deepEqual([asked.yhat, asked.reason], [null, "forecast-not-finite"]);
    assert.deepEqual([label.yhat, label.error, label.reason], [null, null, "not-scored"]);
  });

  it("shows how many questions are open", async () => {
    const driver = new TopologyDriver(rlsRacer, MODELS);
    const open = async () => (await driver.registry.getSingleMetric("regatta_open_questions")?.get())?.values[0].value;
    for (const i of [1, 2]) predictionsOf(driver, 1, i, null, [1]);
    assert.equal(await open(), 2);
    predictionsOf(driver, 1, 1, 1);
    assert.equal(await open(), 1);
  });
});
