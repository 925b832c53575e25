import assert from "node:assert/strict";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { rlsPredictionSchema } from "../../shared/contract/schemas.js";
import { COUNTED, type Counted } from "../../shared/race/ledger/ledger.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import {
  boundsOf,
  counterOf,
  eventOf,
  type LateOutput,
  lateRecords,
  readLateGolden,
} from "../support/data/golden-late.js";
import { assertJudged, assertShownScores, EVERY_VERDICT, type ShownScores } from "../support/judge/golden-judge.js";
import { assertNear } from "../support/near.js";

const TOLERANCE = 1e-9;

interface ShownLedger {
  readonly open: readonly { readonly i: number }[];
  readonly counts: Readonly<Record<Counted, number>>;
}

interface ShownRace extends ShownScores {
  readonly N: number;
  readonly models: readonly (ShownScores["models"][number] & {
    readonly mse: number;
    readonly beta: readonly number[];
  })[];
  readonly done: readonly { readonly i: number }[];
}

/** What the predictions of a record say, as a golden file has it. */
function saidBy(predictions: readonly unknown[]): Omit<LateOutput, "event"> {
  const all = predictions.map((prediction) => rlsPredictionSchema.parse(prediction));
  if (all.length === 0) return {};
  const yhat = all.map((one) => one.yhat ?? Number.NaN);
  const asked = all[0].asked === undefined ? {} : { asked: all[0].asked };
  if (all[0].y === null) return { yhat, ...asked };
  const error = all.map((one) => one.error ?? Number.NaN);
  const mse = all.map((one) => one.mse ?? Number.NaN);
  return { yhat, error, mse, n: all.map(({ n }) => n), ...asked };
}

describe("late labels and the golden files", () => {
  for (const name of ["late_rls_delays", "late_rls_bounds", "late_rls_swap"]) {
    for (const roundTrip of [false, true]) {
      const kept = roundTrip ? "pass their codecs" : "stay in memory";
      it(`rls-racer makes of ${name} what two passes in Python make of it, to 1e-9, when its states ${kept}`, () => {
        const golden = readLateGolden(name);
        const environment = { ...boundsOf(golden), ...EVERY_VERDICT, RLS_MODELS: golden.models.join(",") };
        const driver = new TopologyDriver(rlsRacer, environment, { roundTrip });
        const key = `dataLinearModel/${golden.name}`;
        const counts: Record<string, number> = {};
        for (const [k, record] of lateRecords(golden).entries()) {
          const where = `record ${k}`;
          const expected = golden.outputs[k];
          const { outputs, deadLetters } = driver.pipe(record);
          assert.deepEqual(deadLetters, [], where);
          const predictions = outputs.filter(({ topic }) => topic === "rls-predictions");
          const values = predictions.map(({ value }): { corrected?: true } => JSON.parse(value.toString()));
          const { event, ...numbers } = expected;
          assertNear(saidBy(values), numbers, TOLERANCE, where);
          assertJudged(outputs, golden, k);
          for (const { corrected } of values) assert.equal(corrected === true, event === "correction", where);

          const outcome = eventOf(expected);
          counts[outcome] = (counts[outcome] ?? 0) + 1;
          if (outcome !== "plain") {
            const { counts: shown } = driver.json("ledger", key) as ShownLedger;
            assert.equal(shown[outcome], counts[outcome], `${where} is a ${outcome}`);
          }
        }

        const ledger = driver.json("ledger", key) as ShownLedger;
        for (const outcome of COUNTED)
          assert.equal(ledger.counts[outcome], golden.counters[counterOf(outcome)], outcome);
        assert.equal(counts.plain, golden.counters.plain);
        assert.deepEqual(
          ledger.open.map(({ i }) => i),
          golden.open,
        );
        assert.deepEqual(
          driver.keys("questions"),
          golden.open.map((i) => `${key}/${i}`).sort(),
          "no entry is left of a question that is closed",
        );
        const race = driver.json("race", key) as ShownRace;
        assert.deepEqual(race.done.map(({ i }) => i).reverse(), golden.done);
        assert.equal(race.N, golden.counters.plain + golden.counters.labels);
        assertNear(
          race.models.map(({ N, mse }) => [N, mse]),
          golden.scores,
          TOLERANCE,
        );
        assertNear(
          race.models.map(({ beta }) => beta),
          golden.beta,
          TOLERANCE,
        );
        assertShownScores(race, golden);
      });
    }
  }
});
