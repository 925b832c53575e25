import assert from "node:assert/strict";
import { estimateSchema, type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
import { linearTolerance } from "../support/judge/sklearn-tolerance.js";
import { createTopic, headersOf, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";

const RAW = "dataNonLinearModel";
const MODELS = ["rf", "lin", "gb"] as const;

/**
 * What scikit-learn 1.9.1's LinearRegression forecasts for these series, in the race of 25 rows, by number of features. Least squares
 * are well conditioned there, and the terms of a forecast add up to at most 62.
 */
const LIN: Readonly<Record<number, readonly number[]>> = {
  10: [
    0, 0, -0.4846542137402318, 4.341202931644755, -5.440072159529709, 6.375, -15.553173002031405, -40.65146779960464,
    19.284492382984617, 18.50000000000001, 15.750000000000046, 23.29789096130343,
  ],
  40: [
    0, 0, 0.041332384136147315, -0.3921335840987724, -3.1923966855260337, 1.8359241690475638, -1.7914195989625827,
    -1.3847740608954586, -1.0943535393098713, 4.148089008037898, 2.4068505121984676, 2.932618542157978,
  ],
  300: [0, 0, 0.5183443223120064, -0.0033560725299457434, 0.11061308245730422, 1.06612732606428],
  2000: [0, 0, 0.1028143558004738, 0.1304752895519726],
};
const CONDITION = 11;
const TERMS = 62;

const SERIES = [
  { name: "ordinary", features: 10 },
  { name: "of forty", features: 40 },
  { name: "of three hundred", features: 300 },
  { name: "of two thousand", features: 2000 },
  { name: "ordinary too", features: 10 },
] as const;

/** Features and target are sixty-fourths and eighths, so that text, doubles and Python have the same numbers. */
function rowOf(i: number, features: number): { y: number; x: number[] } {
  const x = Array.from({ length: features }, (_, k) => {
    const j = k + 1;
    return ((((i + 1) * 7919 + j * 104_729 + (i + 1) * j * j * 31) % 1009) - 504) / 64;
  });
  return { y: ((i * i * 37 + i * 11) % 101) / 8, x };
}

/** The series' records, one of each in turn. */
function rawRecords() {
  const all = SERIES.flatMap(({ name, features }) =>
    LIN[features].map((_, i) => {
      const { y, x } = rowOf(i, features);
      return { i, record: { topic: RAW, key: name, value: `[${[i, y, ...x].join(", ")}]` } };
    }),
  );
  return all.sort((a, b) => a.i - b.i).map(({ record }) => record);
}

async function valuesOf(brokers: string, topic: string): Promise<unknown[]> {
  return (await readTopic(brokers, topic)).map(({ value }) => JSON.parse(value?.toString() ?? ""));
}

function predictionsOf(all: readonly Prediction[], series: string, model: string): readonly Prediction[] {
  return all.filter((prediction) => prediction.series === series && prediction.model === model);
}

describe("series of 40, 300 and 2,000 features beside ordinary ones", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const records = rawRecords();

  before(async () => {
    await createTopic(stack.brokers, RAW, 2);
    await writeRecords(stack.brokers, records);
    const inputs = { INPUT_TOPICS: `${RAW}.observations` };
    stack.start("deserializer", { INPUT_TOPICS: RAW, FEATURES_MAX: "2000" });
    for (const name of ["stateful-estimator", "rls-racer", "ml-racer"]) stack.start(name, inputs);
  });

  it("are forecast by every model of ml-racer at every observation, by lin as scikit-learn does", async () => {
    await waitForRecords(stack.brokers, "ml-predictions", MODELS.length * records.length);
    const all = (await valuesOf(stack.brokers, "ml-predictions")).map((value) => predictionSchema.parse(value));
    assert.equal(all.length, MODELS.length * records.length);
    for (const { name, features } of SERIES) {
      for (const model of MODELS) {
        const own = predictionsOf(all, name, model);
        assert.deepEqual(
          own.map(({ i, reason }) => [i, reason]),
          LIN[features].map((_, i) => [i, undefined]),
        );
        for (const { i, y, yhat } of own) {
          assert.equal(y, rowOf(i, features).y);
          assert.ok(Number.isFinite(yhat));
          if (model !== "lin") continue;
          const expected = LIN[features][i];
          assert.ok(
            Math.abs((yhat ?? Number.NaN) - expected) <=
              linearTolerance(CONDITION) * Math.abs(expected) + 1e-13 * TERMS,
            `${name}, record ${i}: expected ${expected}, got ${yhat}`,
          );
        }
      }
    }
  });

  it("are estimated at every observation", async () => {
    await waitForRecords(stack.brokers, "estimates", records.length);
    const all = (await valuesOf(stack.brokers, "estimates")).map((value) => estimateSchema.parse(value));
    for (const { name, features } of SERIES) {
      const own = all.filter(({ series }) => series === name);
      assert.deepEqual(
        own.map(({ i, mu }) => [i, mu.length]),
        LIN[features].map((_, i) => [i, features + 1]),
      );
    }
  });

  it("are forecast by both models of rls-racer up to the 308 features that it takes; what has more is dead-lettered", async () => {
    const taken = records.length - LIN[2000].length;
    await waitForRecords(stack.brokers, "rls-predictions", 2 * taken);
    await waitForRecords(stack.brokers, "dead-letters", LIN[2000].length);
    const all = (await valuesOf(stack.brokers, "rls-predictions")).map((value) => predictionSchema.parse(value));
    assert.equal(all.length, 2 * taken);
    for (const { name, features } of SERIES) {
      for (const model of ["rls1", "rls2"]) {
        const own = predictionsOf(all, name, model);
        assert.equal(own.length, features === 2000 ? 0 : LIN[features].length);
        assert.ok(own.every(({ yhat }) => Number.isFinite(yhat)));
      }
    }
    const letters = (await readTopic(stack.brokers, "dead-letters")).map((record) => ({
      key: record.key?.toString(),
      ...headersOf(record),
    }));
    assert.equal(letters.length, LIN[2000].length);
    for (const letter of letters) {
      const { key, ...headers } = letter as Record<string, string | undefined>;
      assert.equal(key, "of two thousand");
      assert.deepEqual([headers.service, headers.reason], ["rls-racer", "too-many-features"]);
    }
  });
});
