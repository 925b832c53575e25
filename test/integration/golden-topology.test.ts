import assert from "node:assert/strict";
import {
  type CompleteObservation,
  estimateSchema,
  predictionSchema,
  rlsPredictionSchema,
} from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { COUNTED } from "../../shared/race/ledger/ledger.js";
import { ContractCheck } from "../support/contract/contract-check.js";
import { counterOf, type LateGolden, latePredictions, readLateGolden } from "../support/data/golden-late.js";
import { goldenRaces } from "../support/data/golden-race.js";
import { assertClose, RLS_GOLDEN_STREAMS, readRlsGolden } from "../support/data/golden-rls.js";
import { statsGoldens, statsObservations } from "../support/data/golden-statistics.js";
import { assertGoldenPredictions, raceObservations } from "../support/data/race-observations.js";
import { assertBits } from "../support/judge/sklearn-tolerance.js";
import { createTopic, type RawRecord, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { assertNear } from "../support/near.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** Each is a raw topic of its own, since the settings of its race are its own. */
const LATE = [
  { racer: "rls-racer", name: "late_rls_delays" },
  { racer: "rls-racer", name: "late_rls_bounds" },
  { racer: "rls-racer", name: "late_rls_swap" },
  { racer: "ml-racer", name: "late_ml" },
] as const;
const RAW_TOPICS = ["dataLinearModel", "dataNonLinearModel", ...LATE.map(({ name }) => name)];
/** Of forecasts of least squares; trees are compared bit for bit. */
const LATE_TOLERANCE = 1e-9;

describe("golden files through the running topology", function () {
  this.timeout(300_000);
  const stack = stackFor({ container: true });

  before(async () => {
    for (const topic of RAW_TOPICS) await createTopic(stack.brokers, topic, 4);
    stack.start("deserializer", { INPUT_TOPICS: RAW_TOPICS.join(",") });
  });

  it("gives Python's RLS numbers to 1e-9 on the predictions topic for what was written to the raw topic", async () => {
    let expected = 0;
    for (const stream of RLS_GOLDEN_STREAMS) {
      const { x, y } = readRlsGolden(stream, "1.0");
      expected += 2 * y.length;
      const text = (i: number) => `[${[i, y[i], ...x[i]].join(", ")}]`;
      await writeRecords(
        stack.brokers,
        y.map((_, i) => ({ topic: "dataLinearModel", key: stream, value: text(i) })),
      );
    }
    const racer = stack.start("rls-racer");
    const records = await waitFor(`${expected} predictions`, async () => {
      const found = await readTopic(stack.brokers, "rls-predictions");
      return found.length >= expected && found;
    });
    assert.equal(records.length, expected);
    const predictions = records.map(({ value }) => rlsPredictionSchema.parse(JSON.parse(value?.toString() ?? "")));
    for (const stream of RLS_GOLDEN_STREAMS) {
      for (const [model, nu] of [
        ["rls1", "1.0"],
        ["rls2", "0.99"],
      ] as const) {
        const golden = readRlsGolden(stream, nu);
        const own = predictions.filter((p) => p.series === stream && p.model === model);
        assert.deepEqual(
          own.map(({ i }) => i),
          golden.y.map((_, i) => i),
        );
        for (const [i, { yhat, error, mse, beta, y }] of own.entries()) {
          const what = `${stream}, ${model}, record ${i}`;
          assert.equal(y, golden.y[i]);
          assertClose(yhat, golden.yhat[i], `${what}, yhat`);
          assertClose(error, golden.error[i], `${what}, error`);
          assertClose(mse, golden.mse[i], `${what}, mse`);
          for (const [j, coefficient] of golden.beta[i].entries())
            assertClose(beta?.[j] ?? null, coefficient, `${what}, beta ${j}`);
        }
      }
    }
    assert.equal(await racer.stop(), 0);
  });

  it("gives Python's statistics, double for double, on the estimates topic", async () => {
    const goldens = statsGoldens();
    const written = goldens.flatMap(statsObservations);
    await writeRecords(stack.brokers, written.map(rawRecord));
    const estimator = stack.start("stateful-estimator");
    const series = new Set(goldens.map(({ name }) => name));
    const estimates = await waitFor(`${written.length} estimates`, async () => {
      const all = await valuesOf(stack.brokers, "estimates");
      const own = all.map((value) => estimateSchema.parse(value)).filter((estimate) => series.has(estimate.series));
      return own.length >= written.length && own;
    });
    assert.equal(estimates.length, written.length);
    for (const golden of goldens) {
      const own = estimates.filter((estimate) => estimate.series === golden.name);
      for (const [k, at] of golden.at.entries()) {
        const { n, mu, variance, absSum, abs } = own[at - 1];
        assert.deepEqual(
          { n, mu, variance, absSum, abs },
          { n: at, mu: golden.mean[k], variance: golden.var[k], absSum: golden.sum_abs[k], abs: golden.last_abs[k] },
        );
      }
    }
    assert.equal(await estimator.stop(), 0);
  });

  it("gives scikit-learn's forecasts and scores on the predictions topic: trees to the last bit, over three threads", async () => {
    const races = goldenRaces();
    const written = races.flatMap(raceObservations);
    await writeRecords(stack.brokers, written.map(rawRecord));
    const racer = stack.start("ml-racer", { ML_THREADS: "3" });
    assert.equal((await racer.logged("running")).threads, 3);
    const predictions = await waitFor(`${3 * written.length} predictions`, async () => {
      const found = await valuesOf(stack.brokers, "ml-predictions");
      return found.length >= 3 * written.length && found.map((value) => predictionSchema.parse(value));
    });
    assert.equal(predictions.length, 3 * written.length);
    for (const race of races) {
      const own = predictions.filter(({ series }) => series === race.name);
      assertGoldenPredictions(own, race);
    }
    assert.equal(await racer.stop(), 0);
  });

  for (const { racer: name, name: topic } of LATE) {
    it(`gives the forecasts, errors and scores of ${topic} on the predictions topic of ${name}, its questions and labels counted`, async () => {
      const golden = readLateGolden(topic);
      const begun = Date.now() - 3_600_000;
      await writeRecords(stack.brokers, lateRawRecords(golden, topic, begun));
      const isRls = name === "rls-racer";
      const racer = stack.start(name, {
        LABEL_QUESTIONS_MAX: String(golden.open_max),
        LABEL_WAIT_MS: String(golden.wait),
        LABEL_DONE_MAX: String(golden.done_max),
        [isRls ? "RLS_MODELS" : "ML_MODELS"]: golden.models.join(","),
        INPUT_TOPICS: `${topic}.observations`,
        APPLICATION_ID: topic,
      });
      const expected = golden.models.map((model) => latePredictions(golden, model, begun));
      const count = expected.flat().length;
      const predictions = await waitFor(`${count} predictions`, async () => {
        const all = await valuesOf(stack.brokers, isRls ? "rls-predictions" : "ml-predictions");
        const own = all.map((value) => predictionSchema.parse(value)).filter((one) => one.topic === topic);
        return own.length >= count && own;
      });
      assert.equal(predictions.length, count);
      for (const [m, text] of golden.models.entries()) {
        const [model] = text.split(":");
        const own = predictions.filter((one) => one.model === model);
        const said = own.map(({ i, n, y, yhat, error, mse, asked, corrected }) =>
          // As JSON has them: what is not there is no member.
          JSON.parse(JSON.stringify({ i, n, y, yhat, error, mse, asked, corrected })),
        );
        assertNear(said, expected[m], LATE_TOLERANCE, `${topic}, ${model}`);
        if (model === "rf" || model === "gb")
          assertBits(
            own.map(({ yhat }) => yhat ?? Number.NaN),
            expected[m].map(({ yhat }) => yhat),
            `${topic}, ${model}`,
          );
      }
      const ledger = (await racer.json(`/state/ledger/${topic}/${golden.name}`)) as {
        open: readonly { i: number }[];
        counts: Readonly<Record<string, number>>;
      };
      for (const outcome of COUNTED) assert.equal(ledger.counts[outcome], golden.counters[counterOf(outcome)], outcome);
      assert.deepEqual(
        ledger.open.map(({ i }) => i),
        golden.open,
      );
      assert.equal(await racer.stop(), 0);
    });
  }

  it("has nothing on any topic but what the contract says", async () => {
    const check = new ContractCheck();
    const named = [...Object.values(topics).map(({ name }) => name), ...RAW_TOPICS.map((raw) => `${raw}.observations`)];
    for (const topic of named) {
      const records = await readTopic(stack.brokers, topic);
      assert.ok(records.length > 0, topic);
      for (const { value } of records) assert.deepEqual(check.faults(topic, value ?? Buffer.alloc(0)), []);
    }
  });
});

/** The records of a golden file as senders write them: questions without y, labels without x. */
function lateRawRecords({ name, records }: LateGolden, topic: string, begun: number): RawRecord[] {
  return records.map(([time, i, y, x]) => {
    const value = x === null ? `{"i":${i},"y":${y}}` : `[${[i, y, ...x].map(String).join(", ")}]`;
    return { topic, key: name, value, timestamp: begun + time };
  });
}

/** An observation as its raw record. */
function rawRecord({ topic, series, i, y, x }: CompleteObservation) {
  return { topic, key: series, value: `[${[i, y, ...x].join(", ")}]` };
}

async function valuesOf(brokers: string, topic: string): Promise<unknown[]> {
  return (await readTopic(brokers, topic)).map(({ value }) => JSON.parse(value?.toString() ?? ""));
}
