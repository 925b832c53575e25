import assert from "node:assert/strict";
import {
  type CompleteObservation,
  estimateSchema,
  predictionSchema,
  rlsPredictionSchema,
} from "../../shared/contract/schemas.js";
import { goldenRaces } from "../support/data/golden-race.js";
import { assertClose, RLS_GOLDEN_STREAMS, readRlsGolden } from "../support/data/golden-rls.js";
import { statsGoldens, statsObservations } from "../support/data/golden-statistics.js";
import { assertGoldenPredictions, raceObservations } from "../support/data/race-observations.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

describe("golden files through the running topology", function () {
  this.timeout(300_000);
  const stack = stackFor({ container: true });

  before(async () => {
    for (const topic of ["dataLinearModel", "dataNonLinearModel"]) await createTopic(stack.brokers, topic, 4);
    stack.start("deserializer");
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
});

/** An observation as its raw record. */
function rawRecord({ topic, series, i, y, x }: CompleteObservation) {
  return { topic, key: series, value: `[${[i, y, ...x].join(", ")}]` };
}

async function valuesOf(brokers: string, topic: string): Promise<unknown[]> {
  return (await readTopic(brokers, topic)).map(({ value }) => JSON.parse(value?.toString() ?? ""));
}
