import assert from "node:assert/strict";
import { processObservation } from "../../../services/ml-racer/processor.js";
import { raceCodec } from "../../../services/ml-racer/race-codec.js";
import { mlRacer } from "../../../services/ml-racer/service.js";
import { predictionSchema } from "../../../shared/contract/schemas.js";
import { type Best, bestSchema, type Verdict, verdictSchema } from "../../../shared/contract/verdict-schemas.js";
import { ledgerCodec, questionCodec } from "../../../shared/race/ledger/ledger-codecs.js";
import { rowCodec } from "../../../shared/state/row-ring.js";
import { type ForwardedRecord, memoryContext, memoryStore } from "../../driver/task-context.js";
import { type DriverResult, TopologyDriver } from "../../driver/topology-driver.js";
import { observationRecord } from "../../support/data/observations.js";

const KEY = "dataNonLinearModel/s1";
/** One row of training: least squares has nothing but its mean, so it forecasts the y learned last. */
const LAST = { ML_MODELS: "lin", WINDOW_LENGTH: "3", TRAIN_LENGTH: "1" };
/** The first is no good at a line; the second is exact once it is trained on one. */
const TWO = { ML_MODELS: "rf:n_estimators=1:max_depth=1,lin", WINDOW_LENGTH: "5", TRAIN_LENGTH: "5" };

function record(timestamp: number, i: number, y: number | null, x?: number[]) {
  return observationRecord({ topic: "dataNonLinearModel", series: "s1", i, y, ...(x && { x }) }, { timestamp });
}

/** On a line, with features in no order. */
const onLine = (i: number) => record(i, i, 3 * ((i * 7) % 11), [(i * 7) % 11]);

const newDriver = (environment = {}) => new TopologyDriver(mlRacer, environment);

function bestIn({ outputs }: DriverResult): Best[] {
  const best = outputs.filter(({ topic }) => topic === "ml-best");
  return best.map(({ value }) => bestSchema.parse(JSON.parse(value.toString())));
}

function verdictsIn({ outputs }: DriverResult): Verdict[] {
  const verdicts = outputs.filter(({ topic }) => topic === "ml-verdicts");
  return verdicts.map(({ value }) => verdictSchema.parse(JSON.parse(value.toString())));
}

describe("the judge of ml-racer", () => {
  it("says with a question what is known then, and with its label the same, when it was asked, and y", () => {
    const driver = newDriver(LAST);
    driver.pipe(record(1, 0, 5, [1]));
    const at = { topic: "dataNonLinearModel", series: "s1", i: 1 };
    const shown = { yhat: 5, lower: null, upper: null };
    const said = { champion: { model: "lin", ...shown }, mix: { ...shown, weights: [1] } };
    assert.deepEqual(bestIn(driver.pipe(record(2, 1, null, [7]))), [{ ...at, y: null, ...said }]);
    driver.pipe(record(3, 2, 9, [2]));
    const label = driver.restarted(LAST).pipe(record(4, 1, 8));
    assert.deepEqual(bestIn(label), [{ ...at, y: 8, ...said, asked: 2 }]);
    assert.deepEqual(bestIn(driver.pipe(record(5, 2, 10))), [], "a correction makes no forecast");
  });

  it("shows intervals after 20 errors, 2.06 times their scale wide at first", () => {
    const driver = newDriver(LAST);
    // Every forecast is off by 2, the first by 2 from 0.
    for (let i = 0; i < 20; i++) driver.pipe(record(1, i, 2 * (i + 1), [1]));
    const [{ champion, mix }] = bestIn(driver.pipe(record(1, 20, null, [1])));
    assert.deepEqual(champion, { model: "lin", yhat: 40, lower: 40 - 4.12, upper: 40 + 4.12 });
    assert.deepEqual(mix, { yhat: 40, lower: 40 - 4.12, upper: 40 + 4.12, weights: [1] });
  });

  it("writes no best forecast where none is asked for", () => {
    const driver = newDriver({ ...LAST, BEST: "off" });
    const topics = (environment: Record<string, string>) =>
      mlRacer.outputs(newDriver(environment).settings).map(({ name }) => name);
    const results = [record(1, 0, 5, [1]), record(1, 1, null, [1]), record(1, 1, 5)].map((each) => driver.pipe(each));
    assert.deepEqual(results.flatMap(bestIn), []);
    assert.deepEqual(
      topics({}).filter((name) => !topics({ BEST: "off" }).includes(name)),
      ["ml-best"],
    );
  });

  it("writes a verdict with the first score and with every VERDICT_EVERY-th, of questions none", () => {
    const driver = newDriver({ ...LAST, VERDICT_EVERY: "3" });
    const verdicts = [];
    for (let i = 0; i < 7; i++) {
      verdicts.push(...verdictsIn(driver.pipe(record(i, i, null, [1]))));
      verdicts.push(...verdictsIn(driver.pipe(record(i, i, i))));
    }
    assert.deepEqual(
      verdicts.map(({ i, n, decision, reason }) => [i, n, decision, reason]),
      [
        [0, 1, "start", "first-observation"],
        [2, 3, "keep", "periodic"],
        [5, 6, "keep", "periodic"],
      ],
    );
  });

  it("changes the champion once, when the evidence is 1/0.05, and counts it", async () => {
    const driver = newDriver(TWO);
    const verdicts = Array.from({ length: 99 }, (_, i) => verdictsIn(driver.pipe(onLine(i)))).flat();
    assert.deepEqual(
      verdicts.map(({ decision, champion, from, threshold }) => [decision, champion, from, threshold]),
      [
        ["start", "rf:n_estimators=1:max_depth=1", null, 20],
        ["switch", "lin", "rf:n_estimators=1:max_depth=1", 20],
      ],
    );
    const [, { i, evidence, challenger, since }] = verdicts;
    assert.ok(evidence !== null && evidence >= 20, `${evidence}`);
    assert.deepEqual([challenger, since], ["lin", i]);
    const counter = await driver.registry.getSingleMetric("regatta_verdict_switches_total")?.get();
    assert.deepEqual(
      counter?.values.map(({ labels, value }) => [labels, value]),
      [[{ topic: "dataNonLinearModel", model: "lin" }, 1]],
    );
    assert.equal((driver.json("race", KEY) as { champion: string }).champion, "lin");
    const champions = await driver.registry.getSingleMetric("regatta_model_champion")?.get();
    assert.deepEqual(
      champions?.values.map(({ labels, value }) => [labels.model, value]),
      [
        ["rf:n_estimators=1:max_depth=1", 0],
        ["lin", 1],
      ],
    );
  });

  it("goes on with its evidence after a restart, whichever order the models have then", () => {
    const whole = newDriver(TWO);
    let parts = newDriver(TWO);
    const evidenceOf = (driver: typeof whole) => {
      const { models } = driver.json("race", KEY) as { models: readonly { name: string; evidence: number | null }[] };
      return models.find(({ name }) => name === "lin")?.evidence;
    };
    for (let i = 0; i < 12; i++) {
      whole.pipe(onLine(i));
      parts.pipe(onLine(i));
      parts = parts.restarted({ ...TWO, ML_MODELS: TWO.ML_MODELS.split(",").reverse().join(",") });
      parts.pipe(record(0, i, null));
      parts = parts.restarted(TWO);
    }
    assert.notEqual(evidenceOf(whole), 1);
    assert.equal(evidenceOf(parts), evidenceOf(whole));
  });

  it("says at the next record that a champion is gone, whatever that record is", () => {
    const driver = newDriver(TWO);
    for (let i = 0; i < 4; i++) driver.pipe(onLine(i));
    const [asked] = bestIn(driver.pipe(record(4, 99, null, [1])));
    const after = driver.restarted({ ...TWO, ML_MODELS: "gb:n_estimators=1,lin" });
    const duplicate = after.pipe(onLine(3));
    const [gone] = verdictsIn(duplicate);
    assert.deepEqual(
      [gone.decision, gone.reason, gone.champion, gone.from, gone.i, gone.n],
      ["switch", "champion-gone", "lin", "rf:n_estimators=1:max_depth=1", 3, 4],
    );
    assert.deepEqual(
      gone.pairs.map(({ model, n, evidence }) => [model, n, evidence]),
      [["gb:n_estimators=1", 0, 1]],
    );
    assert.equal(duplicate.outputs.length, 1);
    assert.deepEqual(verdictsIn(after.pipe(onLine(4))), [], "it is said once");
    const [{ champion, mix }] = bestIn(after.pipe(record(5, 99, 1)));
    assert.equal(champion, null, "the champion of the question is configured no longer");
    assert.deepEqual(mix.weights, [0, asked.mix.weights[1]]);
  });

  it("scores the label of a question that was asked before there was a judge, and has no best forecast of it", () => {
    const driver = newDriver(LAST);
    driver.pipe(record(1, 0, 5, [1]));
    driver.pipe(record(2, 1, null, [7]));
    const stores = {
      race: memoryStore(raceCodec),
      window: memoryStore(rowCodec),
      ledger: memoryStore(ledgerCodec),
      questions: memoryStore(questionCodec),
    };
    const race = raceCodec.decode(driver.bytes("race", KEY));
    stores.race.put(KEY, race);
    stores.ledger.put(KEY, ledgerCodec.decode(driver.bytes("ledger", KEY)));
    for (const key of driver.keys("window")) stores.window.put(key, rowCodec.decode(driver.bytes("window", key)));
    const question = questionCodec.decode(driver.bytes("questions", `${KEY}/1`));
    stores.questions.put(`${KEY}/1`, { ...question, judged: new Float64Array(0) });
    const written: ForwardedRecord[] = [];
    const runner = mlRacer.work?.runner(driver.settings);
    const context = memoryContext(driver.settings, stores, driver.metrics, written, runner);
    processObservation(record(3, 1, 8), context);
    const [{ yhat, error, asked }] = written.map(({ value }) => predictionSchema.parse(JSON.parse(value)));
    assert.deepEqual([yhat, error, asked], [5, 3, 2]);
    assert.equal(written.length, 1);
    const shown = raceCodec.toJson(race) as { mix: { n: number }; models: { mae: number }[] };
    assert.deepEqual([shown.mix.n, shown.models[0].mae], [1, 4], "the model is scored, the mixture had no forecast");
  });
});
