/** Late labels against the race without a ledger, through restarts: equal to the last bit, whatever comes in whatever order. */
import assert from "node:assert/strict";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { predictionSchema, rlsPredictionSchema } from "../../shared/contract/schemas.js";
import type { LabelBounds } from "../../shared/race/ledger/label-settings.js";
import { type DriverOutput, TopologyDriver } from "../driver/topology-driver.js";
import { askedAgainStream, lateStream } from "../support/data/late-stream.js";
import { observationRecord } from "../support/data/observations.js";
import { USUAL_PARAMETERS } from "../support/plain/judge.js";
import { type LateJudgement, lateJudge } from "../support/plain/late-judge.js";
import { type LateRecord, lateRace, rlsForecaster, windowForecaster } from "../support/plain/late-race.js";
import { seededRandom } from "../support/seed.js";

/** Streams that are compared; LATE_STREAMS asks for more. */
const STREAMS = Number(process.env.LATE_STREAMS ?? 12);
const LENGTH = 150;
const SERIES = "s/1";
const KEY = `dataLinearModel/${SERIES}`;
const OF = { topic: "dataLinearModel", series: SERIES };
const VERDICT_EVERY = 7;
/** So that champions fall within a stream. */
const PARAMETERS = { ...USUAL_PARAMETERS, alpha: 0.5 };
const JUDGE = { VERDICT_EVERY: String(VERDICT_EVERY), RACE_ALPHA: String(PARAMETERS.alpha) };
/** Forecasts of ml-racer come fewer records later than this. */
const HELD_MAX = 12;

describe(`${STREAMS} streams of late labels`, function () {
  this.timeout(600_000);
  const { seed, random } = seededRandom();
  const below = (count: number) => Math.floor(random() * count);
  before(() => console.log(`      seed ${seed}`));

  it("give the events, forecasts, errors, scores and judgements of models that are trained from nothing for each of them", async () => {
    const seen = new Map<string, number>();
    let switches = 0;
    for (let k = 0; k < STREAMS; k++) {
      const delay = [0, 5, 30][k % 3];
      const bounds = {
        labelQuestionsMax: [256, 8][below(2)],
        labelDoneMax: [16, 64, 3][below(3)],
        labelWaitMs: [1e9, 20_000][below(2)],
      };
      const environment = {
        ...JUDGE,
        RLS_MODELS: "rls2:0.8,rls1:1.0",
        LABEL_QUESTIONS_MAX: String(bounds.labelQuestionsMax),
        LABEL_DONE_MAX: String(bounds.labelDoneMax),
        LABEL_WAIT_MS: String(bounds.labelWaitMs),
      };
      const log = lateStream(random, LENGTH, delay);
      let driver = new TopologyDriver(rlsRacer, environment, { roundTrip: random() < 0.5 });
      const { models } = driver.settings;
      const expected = lateRace(log, bounds, models.map(rlsForecaster));
      const names = models.map(({ name }) => name);
      const judged = lateJudge(OF, log, expected, names, VERDICT_EVERY, PARAMETERS);
      for (const [at, { timestamp, i, y, x }] of log.entries()) {
        if (random() < 0.03) driver = driver.restarted(environment);
        const of = { topic: "dataLinearModel", series: SERIES, i, y, ...(x === undefined ? {} : { x: [...x] }) };
        const { outputs } = driver.pipe(observationRecord(of, { timestamp, offset: at }));
        const where = `record ${at} of stream ${k}, seed ${seed}`;
        const { event, asked, predictions } = expected[at];
        assertJudged("rls", outputs, judged[at], where);
        switches += judged[at].verdict?.decision === "switch" ? 1 : 0;
        const said = outputs
          .filter(({ topic }) => topic === "rls-predictions")
          .map(({ value }) => rlsPredictionSchema.parse(JSON.parse(value.toString())));
        assert.deepEqual(
          said.map(({ yhat, error, mse, n }) => ({ yhat, error, mse, n })),
          predictions,
          where,
        );
        for (const one of said) {
          assert.equal(one.asked, event === "question" ? undefined : asked, where);
          assert.equal(one.corrected === true, event === "correction", where);
        }
        seen.set(event, (seen.get(event) ?? 0) + 1);
      }
      const { open } = driver.json("ledger", KEY) as { open: readonly { i: number }[] };
      assert.deepEqual(driver.keys("questions"), open.map(({ i }) => `${KEY}/${i}`).sort(), `stream ${k}`);
    }
    assert.deepEqual(
      [...seen.keys()].sort(),
      [
        "correction",
        "duplicate",
        "expired-label",
        "label",
        "late-question",
        "no-question",
        "plain",
        "question",
        "repeated-question",
      ],
      "all that a record can be was there",
    );
    assert.ok(switches > STREAMS / 4, `${switches} champions fell`);
  });

  it("give the same in ml-racer, whose forecasts come some records later, through restarts and with few questions and closed ones", () => {
    for (let k = 0; k < STREAMS; k++) {
      const bounds = {
        labelQuestionsMax: [256, 3, 1][below(3)],
        labelDoneMax: [16, 2, 0][below(3)],
        labelWaitMs: [1e9, 4000][below(2)],
      };
      assertWindowRace(lateStream(random, LENGTH, [0, 5, 30][k % 3]), bounds, k);
    }
  });

  it("give the same in ml-racer where a question is forgotten and asked again while its forecast is under way", () => {
    let underWay = 0;
    for (let k = 0; k < STREAMS; k++) {
      const bounds = { labelQuestionsMax: 1 + below(3), labelDoneMax: below(2), labelWaitMs: [1e9, 2000][below(2)] };
      const log = askedAgainStream(random, LENGTH);
      const events = assertWindowRace(log, bounds, k);
      const askedAt = new Map<number, number>();
      const labelled = new Set(events.flatMap(({ event, of }) => (event === "label" ? [of] : [])));
      for (const [at, { event }] of events.entries()) {
        if (event !== "question") continue;
        const { i } = log[at];
        if (labelled.has(at) && at - (askedAt.get(i) ?? -LENGTH) <= HELD_MAX / 2) underWay++;
        askedAt.set(i, at);
      }
    }
    assert.ok(underWay >= STREAMS, `${underWay} questions were forgotten, asked again in time and answered`);
  });

  /** Compares ml-racer's predictions, through restarts and with forecasts that come later. @returns what each record was */
  function assertWindowRace(log: readonly LateRecord[], bounds: LabelBounds, stream: number) {
    const environment = {
      ...JUDGE,
      ML_MODELS: "rf:n_estimators=2,lin",
      WINDOW_LENGTH: "9",
      TRAIN_LENGTH: "6",
      LABEL_QUESTIONS_MAX: String(bounds.labelQuestionsMax),
      LABEL_DONE_MAX: String(bounds.labelDoneMax),
      LABEL_WAIT_MS: String(bounds.labelWaitMs),
    };
    let driver = new TopologyDriver(mlRacer, environment, { heldJobs: below(HELD_MAX) });
    const { models, trainLength } = driver.settings;
    const expected = lateRace(
      log,
      bounds,
      models.map((model) => windowForecaster(model, trainLength)),
    );
    const names = models.map(({ name }) => name);
    const judged = lateJudge(OF, log, expected, names, VERDICT_EVERY, PARAMETERS);
    const results = log.map(({ timestamp, i, y, x }, at) => {
      if (random() < 0.03) {
        driver.settle();
        driver = driver.restarted(environment, { heldJobs: below(HELD_MAX) });
      }
      const of = { topic: "dataLinearModel", series: SERIES, i, y, ...(x === undefined ? {} : { x: [...x] }) };
      return driver.pipe(observationRecord(of, { timestamp, offset: at }));
    });
    driver.settle();
    for (const [at, { outputs }] of results.entries()) {
      const said = outputs
        .filter(({ topic }) => topic === "ml-predictions")
        .map(({ value }) => predictionSchema.parse(JSON.parse(value.toString())));
      const where = `record ${at} of stream ${stream}, seed ${seed}`;
      const { event, asked, predictions } = expected[at];
      assertJudged("ml", outputs, judged[at], where);
      assert.deepEqual(
        said.map(({ yhat, error, mse, n }) => ({ yhat, error, mse, n })),
        predictions,
        where,
      );
      for (const one of said) {
        assert.equal(one.asked, event === "question" ? undefined : asked, where);
        assert.equal(one.corrected === true, event === "correction", where);
      }
    }
    const { open } = driver.json("ledger", KEY) as { open: readonly { i: number }[] };
    assert.deepEqual(driver.keys("questions"), open.map(({ i }) => `${KEY}/${i}`).sort(), `stream ${stream}`);
    return expected;
  }
});

/** Compares what the judge of a racer published of a record. */
function assertJudged(racer: "rls" | "ml", outputs: readonly DriverOutput[], of: LateJudgement, where: string): void {
  for (const [topic, expected] of [
    [`${racer}-best`, of.best],
    [`${racer}-verdicts`, of.verdict],
  ] as const) {
    const said = outputs.filter((output) => output.topic === topic).map(({ value }) => JSON.parse(value.toString()));
    assert.deepEqual(said, expected === undefined ? [] : [expected], `${topic} of ${where}`);
  }
}
