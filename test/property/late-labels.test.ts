/** Late labels against the race without a ledger, through restarts: equal to the last bit, whatever comes in whatever order. */
import assert from "node:assert/strict";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { rlsPredictionSchema } from "../../shared/contract/schemas.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { observationRecord } from "../support/data/observations.js";
import { type LateRecord, lateRace } from "../support/plain/late-race.js";
import { seededRandom } from "../support/seed.js";

/** Streams that are compared; LATE_STREAMS asks for more. */
const STREAMS = Number(process.env.LATE_STREAMS ?? 12);
const LENGTH = 150;
const FEATURES = 2;
const SERIES = "s/1";
const KEY = `dataLinearModel/${SERIES}`;

describe(`${STREAMS} streams of late labels`, function () {
  this.timeout(600_000);
  const { seed, random } = seededRandom();
  const below = (count: number) => Math.floor(random() * count);
  before(() => console.log(`      seed ${seed}`));

  /** Questions and labels up to `delay` records apart, with records that come twice, corrections, and some that never come. */
  function stream(delay: number): LateRecord[] {
    const records: { readonly at: number; readonly of: Omit<LateRecord, "timestamp"> }[] = [];
    for (let i = 0; i < LENGTH; i++) {
      const x = Array.from({ length: FEATURES }, () => 4 * random() - 2);
      const y = 1 + x[0] - 2 * x[1] + random();
      const withX = () => (random() < 0.5 ? x : undefined);
      const isQuestion = random() < 0.7;
      const answered = i + delay * random();
      if (isQuestion) records.push({ at: i, of: { i, y: null, x } });
      if (!isQuestion) records.push({ at: i, of: { i, y, x } });
      else if (random() < 0.92) records.push({ at: answered, of: { i, y, x: withX() } });
      const later = () => answered + delay * random();
      if (random() < 0.05) records.push({ at: later(), of: { i, y: null, x } });
      if (random() < 0.05) records.push({ at: later(), of: { i, y, x: withX() } });
      if (random() < 0.05) records.push({ at: later(), of: { i, y: y + 1, x: withX() } });
      if (random() < 0.02) records.push({ at: later(), of: { i: i - 2 * LENGTH, y, x: undefined } });
    }
    records.sort((a, b) => a.at - b.at);
    // Records without features may not begin a series.
    records.unshift({ at: 0, of: { i: -1, y: 0.5, x: [1, 1] } });
    return records.map(({ at, of }) => ({
      ...of,
      timestamp: Math.round(1000 * at) - (random() < 0.05 ? below(5000) : 0),
    }));
  }

  it("give the events, forecasts, errors and scores of models that are trained from nothing for each of them", async () => {
    const seen = new Map<string, number>();
    for (let k = 0; k < STREAMS; k++) {
      const delay = [0, 5, 30][k % 3];
      const bounds = {
        labelQuestionsMax: [256, 8][below(2)],
        labelDoneMax: [16, 64, 3][below(3)],
        labelWaitMs: [1e9, 20_000][below(2)],
      };
      const environment = {
        LABEL_QUESTIONS_MAX: String(bounds.labelQuestionsMax),
        LABEL_DONE_MAX: String(bounds.labelDoneMax),
        LABEL_WAIT_MS: String(bounds.labelWaitMs),
      };
      const log = stream(delay);
      let driver = new TopologyDriver(rlsRacer, environment, { roundTrip: random() < 0.5 });
      const expected = lateRace(log, bounds, driver.settings.models);
      for (const [at, { timestamp, i, y, x }] of log.entries()) {
        if (random() < 0.03) driver = driver.restarted(environment);
        const of = { topic: "dataLinearModel", series: SERIES, i, y, ...(x === undefined ? {} : { x: [...x] }) };
        const { outputs } = driver.pipe(observationRecord(of, { timestamp, offset: at }));
        const where = `record ${at} of stream ${k}, seed ${seed}`;
        const { event, asked, predictions } = expected[at];
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
  });
});
