import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  askedWidthAt,
  BASELINES,
  HITS,
  LARGEST_REGRET,
  LAST_SCORE,
  MEAN_SCORE,
  MIXTURE,
  mixtureAt,
  modelAt,
  REGRET,
  SHOWN,
  VARIATION,
} from "../../shared/race/judge/places.js";
import { bestOf, verdictOf } from "../../shared/race/judge/records.js";
import { JudgedRace, USUAL } from "../support/judged-race.js";
import { assertNear } from "../support/near.js";

/** What a program in Python makes of forecasts by the definitions. A forecast is null where its model refused. */
interface JudgeGolden {
  readonly y: readonly number[];
  readonly yhat: readonly (readonly (number | null)[])[];
  readonly outputs: readonly JudgeOutput[];
  /** i, decision and champion. */
  readonly switches: readonly (readonly [number, string, number])[];
  /** Intervals shown and hits, by model and of the mixture. */
  readonly coverage: readonly (readonly [number, number])[];
  /** Forecasts scored and mse. */
  readonly baselines: { readonly last: readonly number[]; readonly mean: readonly number[] };
  readonly mixture: { readonly R: readonly number[]; readonly V: readonly number[]; readonly B: number };
}

type OrNull = number | null;

interface JudgeOutput {
  readonly i: number;
  /** As asked: weights, ŷ and ends of the mixture, place of the champion, ends by model. */
  readonly w: readonly number[] | null;
  readonly mix: readonly OrNull[];
  readonly champion: number;
  readonly intervals: readonly (readonly OrNull[])[];
  /** After the observation, of models and mixture: n, mse, fading, mae, r2, skill. */
  readonly scores: readonly (readonly OrNull[])[];
  /** n, gap, lower, upper, evidence, gapMse, runN, runGapMse; null of the champion. */
  readonly pairs: readonly (readonly OrNull[] | null)[];
  readonly decision: string;
}

const NAMES = ["equal", "gap", "swap", "heavy", "refuse", "perfect", "extreme", "one"];
/** lower and upper of a pair use a logarithm. */
const LOG_TOLERANCE = 1e-12;

function readGolden(name: string): JudgeGolden {
  const path = join(import.meta.dirname, "../../../test/parity/golden", `judge_${name}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as JudgeGolden;
}

describe("the judge and the golden files", () => {
  for (const name of NAMES)
    it(`makes of judge_${name} to the last bit what Python makes of it`, () => {
      const { y, yhat, outputs, switches, coverage, baselines, mixture } = readGolden(name);
      const models = yhat[0].length;
      const race = new JudgedRace(models);
      const { judge } = race;
      const decided: [number, string, number][] = [];
      const byI = new Map(outputs.map((output) => [output.i, output]));
      for (let i = 0; i < y.length; i++) {
        const forecasts = Float64Array.from(yhat[i], (forecast) => forecast ?? Number.NaN);
        const told = race.observe(i, y[i], forecasts);
        if (told.decision !== "keep") decided.push([i, told.decision, told.champion]);
        const expected = byI.get(i);
        if (expected === undefined) continue;
        const of = { topic: "t", series: "s", i, y: y[i] };
        const names = race.models.map((model) => model.name);
        const best = bestOf(of, names, forecasts, 0, race.asked, 0);
        const verdict = verdictOf(of, i + 1, told, race.models, USUAL);
        assert.deepEqual(saidBy(best, verdict), bareOf(expected), `record ${i}`);
        assert.equal(best.champion?.model, names[expected.champion]);
        assert.deepEqual(intervalsOf(race, forecasts), expected.intervals);
        const bounds = verdict.pairs.map(({ lower, upper }) => [lower, upper]);
        const expectedBounds = expected.pairs
          .filter((pair) => pair !== null)
          .map(([, , lower, upper]) => [lower, upper]);
        assertNear(bounds, expectedBounds, LOG_TOLERANCE, `record ${i}`);
      }
      assert.deepEqual(decided, switches);
      const places = [...race.models.keys()].map((m) => modelAt(0, m));
      const hits = [...places, mixtureAt(0)].map((at) => [judge[at + SHOWN], judge[at + HITS]]);
      assert.deepEqual(hits, coverage);
      const scoreAt = (at: number) => Array.from(judge.subarray(at, at + 2));
      assert.deepEqual({ last: scoreAt(BASELINES + LAST_SCORE), mean: scoreAt(BASELINES + MEAN_SCORE) }, baselines);
      const [R, V] = [REGRET, VARIATION].map((place) => places.map((at) => judge[at + place]));
      assert.deepEqual({ R, V, B: judge[MIXTURE + LARGEST_REGRET] }, mixture);
    });
});

type Best = ReturnType<typeof bestOf>;
type Verdict = ReturnType<typeof verdictOf>;

/** The ends of every model's interval as they were asked. */
function intervalsOf({ models, asked }: JudgedRace, forecasts: Float64Array): unknown {
  return models.map((_, m) => {
    const width = asked[askedWidthAt(0, models.length, m)];
    return Number.isNaN(width) ? [null, null] : [forecasts[m] - width, forecasts[m] + width];
  });
}

/** An output without what is compared to a tolerance. */
function bareOf(output: JudgeOutput): unknown {
  const { mix, champion, intervals, scores, pairs, decision } = output;
  // Where no model has a forecast, nobody has a weight.
  const w = output.w ?? intervals.map(() => 0);
  const bare = pairs.filter((pair) => pair !== null).map(([n, gap, , , ...rest]) => [n, gap, ...rest]);
  return { w, mix, champion: intervals[champion], pairs: bare, scores, decision };
}

/** What the records say, in the form of {@link bareOf}. */
function saidBy({ champion, mix }: Best, { pairs, models, mix: mixed, decision }: Verdict): unknown {
  return {
    w: mix.weights,
    mix: [mix.yhat, mix.lower, mix.upper],
    champion: [champion?.lower, champion?.upper],
    pairs: pairs.map(({ n, gap, evidence, gapMse, runN, runGapMse }) => [n, gap, evidence, gapMse, runN, runGapMse]),
    scores: [...models, mixed].map(({ n, mse, fading, mae, r2, skill }) => [n, mse, fading, mae, r2, skill]),
    decision,
  };
}
