import assert from "node:assert/strict";
import { mlRacer } from "../../services/ml-racer/service.js";
import { predictionSchema } from "../../shared/contract/schemas.js";
import { COUNTED, type Counted } from "../../shared/race/ledger/ledger.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { boundsOf, counterOf, eventOf, lateRecords, readLateGolden } from "../support/data/golden-late.js";
import { assertJudged, assertShownScores, EVERY_VERDICT, type ShownScores } from "../support/judge/golden-judge.js";
import { assertNear } from "../support/near.js";

/** Of least squares; trees are compared bit for bit. */
const TOLERANCE = 1e-9;

interface ShownRace extends ShownScores {
  readonly N: number;
  readonly models: readonly (ShownScores["models"][number] & { readonly mse: number })[];
  readonly done: readonly { readonly i: number }[];
}

describe("late labels and scikit-learn 1.9.1's golden file", () => {
  const golden = readLateGolden("late_ml");
  const key = `dataLinearModel/${golden.name}`;
  const ways = [
    { kept: "stays in memory", options: {} },
    { kept: "passes its codecs", options: { roundTrip: true } },
    { kept: "waits for forecasts that come some records later", options: { heldJobs: 7 } },
  ];
  for (const { kept, options } of ways) {
    it(`ml-racer publishes its forecasts, errors and scores when its state ${kept}`, () => {
      const environment = { ...boundsOf(golden), ...EVERY_VERDICT, ML_MODELS: golden.models.join(",") };
      const driver = new TopologyDriver(mlRacer, environment, options);
      const results = lateRecords(golden).map((record) => driver.pipe(record));
      driver.settle();
      const counts: Record<string, number> = {};
      for (const [k, { outputs, deadLetters }] of results.entries()) {
        const where = `record ${k}`;
        assert.deepEqual(deadLetters, [], where);
        const { event, ...expected } = golden.outputs[k];
        const said = outputs
          .filter(({ topic }) => topic === "ml-predictions")
          .map(({ value }) => predictionSchema.parse(JSON.parse(value.toString())));
        assert.equal(said.length, expected.yhat === undefined ? 0 : golden.models.length, where);
        assertJudged(outputs, golden, k);
        for (const [m, { model, yhat, error, mse, n, asked, corrected }] of said.entries()) {
          assert.equal(model, golden.models[m]);
          assert.equal(corrected === true, event === "correction", where);
          // The asked time of a question's own predictions is not sent: it has no label yet.
          assert.equal(asked, event === "question" ? undefined : expected.asked, where);
          if (expected.n !== undefined) assert.equal(n, expected.n[m], where);
          const numbers = { yhat, error, mse };
          const wanted = {
            yhat: expected.yhat?.[m],
            error: expected.error?.[m] ?? null,
            mse: expected.mse?.[m] ?? null,
          };
          if (model !== "lin") assert.equal(yhat, wanted.yhat, `${where}: ${model}`);
          assertNear(numbers, wanted, TOLERANCE, `${where}: ${model}`);
        }
        counts[eventOf({ event })] = (counts[eventOf({ event })] ?? 0) + 1;
      }

      const ledger = driver.json("ledger", key) as {
        open: readonly { i: number }[];
        counts: Readonly<Record<Counted, number>>;
      };
      for (const outcome of COUNTED) {
        assert.equal(ledger.counts[outcome], golden.counters[counterOf(outcome)], outcome);
        if (outcome !== "expired") assert.equal(counts[outcome] ?? 0, golden.counters[counterOf(outcome)], outcome);
      }
      assert.deepEqual(
        ledger.open.map(({ i }) => i),
        golden.open,
      );
      assert.deepEqual(driver.keys("questions"), golden.open.map((i) => `${key}/${i}`).sort());
      const race = driver.json("race", key) as ShownRace;
      assert.deepEqual(race.done.map(({ i }) => i).reverse(), golden.done);
      assert.equal(race.N, golden.counters.plain + golden.counters.labels);
      assertNear(
        race.models.map(({ N, mse }) => [N, mse]),
        golden.scores,
        TOLERANCE,
      );
      assertShownScores(race, golden);
    });
  }
});
