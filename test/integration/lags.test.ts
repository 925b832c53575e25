import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type RlsPrediction, rlsPredictionSchema } from "../../shared/contract/schemas.js";
import { createTopic, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";

const CALM = "calm";
const KILLED = "killed";
const KEY = "series";
const RECORDS = 4000;
/** y_t = 0.3 y_{t-1} - 0.2 y_{t-2} + ... + e_t, with e standard normal. The absolute values add up to 0.97: it is stationary. */
const PHI = [0.3, -0.2, 0.1, 0.05, -0.05, 0.04, -0.06, 0.05, 0.02, 0.1];
/** So many standard errors: a coefficient is farther from its limit once in 150,000 series, were the normal law exact. */
const ERRORS = 4.5;

/** The series, always the same: mulberry32 and Box-Muller. */
function autoregressive(): number[] {
  let state = 20_261_130;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const y: number[] = [];
  // The first 500 are for the series to forget its beginning.
  for (let t = 0; t < RECORDS + 500; t++)
    y.push(PHI.reduce((sum, phi, k) => sum + phi * (y[t - 1 - k] ?? 0), 0) + normal());
  return y.slice(500);
}

/**
 * Standard errors of the coefficients of lags 1 to p. Least squares of n values have the covariance sigma^2 inverse(Gamma) / n in
 * the limit (Mann and Wald 1943), with Gamma the covariance of p neighbours. With a_0 = 1 and a_k = -phi_k the diagonal is
 *   sigma^2 inverse(Gamma)_{kk} = a_0^2 + ... + a_{k-1}^2 - a_p^2 - ... - a_{p-k+1}^2        (Siddiqui 1958)
 */
function standardErrors(n: number): number[] {
  const a = [1, ...PHI.map((phi) => -phi)];
  let diagonal = 0;
  return PHI.map((_, k) => {
    diagonal += a[k] ** 2 - a[PHI.length - k] ** 2;
    return Math.sqrt(diagonal / n);
  });
}

/** Each record is y alone. */
const recordsOf = (topic: string, y: readonly number[]) =>
  y.map((value) => ({ topic, key: KEY, value: String(value) }));

describe("a stream of one number per record, with LAGS=10", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const y = autoregressive();
  const forecast = RECORDS - PHI.length;
  const startDeserializer = () => stack.start("deserializer", { INPUT_TOPICS: `${CALM},${KILLED}`, LAGS: "10" });
  const textsOf = async (topic: string, of: string): Promise<string[]> =>
    (await readTopic(stack.brokers, topic))
      .map(({ value }) => value?.toString() ?? "")
      .filter((text) => text.startsWith(`{"topic":"${of}"`));
  let deserializer: ReturnType<typeof startDeserializer>;

  before(async () => {
    await createTopic(stack.brokers, CALM, 1);
    await createTopic(stack.brokers, KILLED, 1);
    deserializer = startDeserializer();
    stack.start("rls-racer", { INPUT_TOPICS: `${CALM}.observations,${KILLED}.observations`, RLS_MODELS: "rls1:1.0" });
    await writeRecords(stack.brokers, recordsOf(CALM, y));
    await waitForRecords(stack.brokers, "rls-predictions", forecast);
  });

  it("is forecast from the eleventh record on; the ten before it are told as warming up, and none is a dead letter", async () => {
    const predictions = (await textsOf("rls-predictions", CALM)).map((text) =>
      rlsPredictionSchema.parse(JSON.parse(text)),
    );
    assert.deepEqual(
      predictions.map(({ i, y: target, n }) => [i, target, n]),
      y.slice(10).map((target, k) => [k + 10, target, k + 1]),
    );
    assert.equal(await deserializer.metric("regatta_warming_up_total", { topic: CALM }), 10);
    assert.equal(await deserializer.metric("regatta_series_gaps_total"), 0);
    assert.deepEqual(await readTopic(stack.brokers, "dead-letters"), []);
  });

  it(`leads rls to the true coefficients within ${ERRORS} standard errors, whose covariance is sigma² inverse(Γ) / n`, async () => {
    const last = JSON.parse((await textsOf("rls-predictions", CALM)).at(-1) ?? "") as RlsPrediction;
    const [intercept, ...lags] = last.beta ?? [];
    assert.equal(lags.length, PHI.length);
    // A regressor of ones is orthogonal to values of mean 0.
    assert.ok(Math.abs(intercept) <= ERRORS / Math.sqrt(forecast), `intercept ${intercept}`);
    for (const [k, error] of standardErrors(forecast).entries()) {
      const off = (lags[k] - PHI[k]) / error;
      assert.ok(Math.abs(off) <= ERRORS, `lag ${k + 1}: ${lags[k]}, ${off} standard errors from ${PHI[k]}`);
    }
    // The variance of e is 1; its mean over n squares has the standard error sqrt(2 / n), and learning costs 11 / n and what was
    // paid before much was learned.
    assert.ok(Math.abs((last.mse ?? 0) - 1) <= ERRORS * Math.sqrt(2 / forecast) + 0.05, `mse ${last.mse}`);
  });

  it("is the same to the last byte where the deserializer was killed, twice, once with its state folder deleted", async () => {
    const seen = (count: number) => waitForRecords(stack.brokers, "rls-predictions", forecast + count);
    await writeRecords(stack.brokers, recordsOf(KILLED, y.slice(0, 1500)));
    await seen(1);
    await deserializer.kill();
    deserializer = startDeserializer();
    await seen(1490);
    await writeRecords(stack.brokers, recordsOf(KILLED, y.slice(1500)));
    await seen(1491);
    await deserializer.kill();
    rmSync(join(stack.stateDirectory, "regatta-deserializer"), { recursive: true });
    deserializer = startDeserializer();
    await seen(forecast);
    for (const topic of ["rls-predictions", "observations"]) {
      const name = (of: string) => (topic === "observations" ? `${of}.observations` : topic);
      const calm = await textsOf(name(CALM), CALM);
      const killed = await textsOf(name(KILLED), KILLED);
      assert.equal(calm.length, forecast);
      assert.deepEqual(
        killed,
        calm.map((text) => text.replace(`{"topic":"${CALM}"`, `{"topic":"${KILLED}"`)),
      );
    }
    assert.deepEqual(await readTopic(stack.brokers, "dead-letters"), []);
  });
});
