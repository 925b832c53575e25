/** The judge on its doubles against the one of plain objects, whatever is asked and told in whatever order: equal to the last bit. */
import assert from "node:assert/strict";
import { ask, correctJudge, isScorable, tell } from "../../shared/race/judge/judge.js";
import type { JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { askedLength, COMPANIONS, judgeLength, newJudge } from "../../shared/race/judge/places.js";
import { bestOf, verdictOf } from "../../shared/race/judge/records.js";
import { correctedMse, prequentialMse } from "../../shared/race/score.js";
import { type PlainAsked, PlainJudge, type PlainTold } from "../support/plain/judge.js";
import { seededRandom } from "../support/seed.js";

/** Streams that are compared; JUDGE_STREAMS asks for more. */
const STREAMS = Number(process.env.JUDGE_STREAMS ?? 20);
const LENGTH = 300;

/** An observation on its way, in both judges. */
interface Open {
  readonly i: number;
  y: number;
  readonly forecasts: Float64Array;
  readonly asked: Float64Array;
  readonly plain: PlainAsked;
}

/** One that was told. */
interface Closed extends Open {
  readonly scored: Float64Array;
  readonly companions: Float64Array;
  readonly told: PlainTold;
}

describe(`${STREAMS} streams of forecasts`, function () {
  this.timeout(120_000);
  const { seed, random } = seededRandom();
  const below = (count: number) => Math.floor(random() * count);
  before(() => console.log(`      seed ${seed}`));

  it("lead to the bests and verdicts of plain objects, asked and told in any order, corrected, refused and beyond all bounds", () => {
    const seen = { switches: 0, intervals: 0, refused: 0, corrected: 0 };
    for (let stream = 0; stream < STREAMS; stream++) {
      const where = `stream ${stream}, seed ${seed}`;
      const names = ["a", "b", "c", "d"].slice(0, 1 + (stream % 4));
      const parameters: JudgeParameters = {
        raceAlpha: [0.05, 0.5][below(2)],
        raceCoverage: [0.9, 0.5][below(2)],
        raceFading: [0.99, 0.5][below(2)],
        racePhi: [0.999, 1][below(2)],
      };
      const { raceAlpha: alpha, raceCoverage, raceFading: fading, racePhi: phi } = parameters;
      const plain = new PlainJudge(names, { alpha, miss: raceCoverage === 0.9 ? 0.1 : 0.5, fading, phi });
      const race = new Race(names, parameters);
      const observations = streamOf(random, names.length);
      const open: Open[] = [];
      const closed: Closed[] = [];
      const delay = [0, 5, 30][below(3)];
      let n = 0;
      for (const [i, { y, forecasts }] of observations.entries()) {
        const asked = race.ask(forecasts);
        const of = { i, y, forecasts, asked, plain: plain.ask(Array.from(forecasts, orNull)) };
        const head = { topic: "t", series: "s", i, y: null };
        assertSame(bestOf(head, names, forecasts, 0, asked, 0), plain.best(head, of.plain), where);
        if (of.plain.mixEnds[0] !== null) seen.intervals++;
        if (of.plain.forecasts.includes(null)) seen.refused++;
        open.push(of);
        while (open.length > delay) {
          const [answered] = open.splice(below(open.length), 1);
          n++;
          const told = plain.tell(answered.plain, answered.i, answered.y);
          const place = { topic: "t", series: "s", i: answered.i };
          const { companions, scored, verdict } = race.tell(answered, n);
          assertSame(verdict, plain.verdict(place, n, told), `${where}, i ${answered.i}`);
          closed.push({ ...answered, companions, scored, told });
          if (told.decision === "switch") seen.switches++;
        }
        const wrong = closed[below(20 * closed.length)];
        if (wrong === undefined) continue;
        const y2 = wrong.y + below(3) - 1;
        race.correct(wrong, y2);
        plain.correct(wrong.told, y2, wrong.plain);
        wrong.y = y2;
        seen.corrected++;
      }
    }
    for (const [what, count] of Object.entries(seen)) assert.ok(count > STREAMS / 4, `${count} ${what}`);
  });
});

/** The race around the judge, as racers keep it: scores of the models beside the judge's doubles. */
class Race {
  readonly #names: readonly string[];
  readonly #parameters: JudgeParameters;
  readonly #judge: Float64Array;
  readonly #models: { readonly name: string; n: number; mse: number }[];

  constructor(names: readonly string[], parameters: JudgeParameters) {
    this.#names = names;
    this.#parameters = parameters;
    this.#judge = new Float64Array(judgeLength(names.length));
    newJudge(this.#judge, 0, names.length);
    this.#models = names.map((name) => ({ name, n: 0, mse: 0 }));
  }

  ask(forecasts: Float64Array): Float64Array {
    const asked = new Float64Array(askedLength(this.#names.length));
    ask(this.#judge, 0, this.#names.length, forecasts, 0, asked, 0);
    return asked;
  }

  tell({ i, y, forecasts, asked }: Open, n: number) {
    const scored = forecasts.map((forecast, m) => (this.#score(m, y - forecast) ? forecast : Number.NaN));
    const told = tell(this.#judge, 0, this.#names.length, this.#parameters, asked, 0, scored, 0, i, y);
    const of = { topic: "t", series: "s", i, y };
    const verdict = verdictOf(of, n, told, this.#models, this.#parameters);
    return { verdict, scored, companions: told.companions.slice(0, COMPANIONS) };
  }

  #score(m: number, error: number): boolean {
    const model = this.#models[m];
    const mse = prequentialMse(model.mse, error, model.n + 1);
    if (!Number.isFinite(mse) || !isScorable(this.#judge, 0, m, error, this.#parameters)) return false;
    model.n++;
    model.mse = mse;
    return true;
  }

  correct({ y: before, scored, companions }: Closed, y: number): void {
    for (const [m, model] of this.#models.entries())
      if (!Number.isNaN(scored[m])) model.mse = correctedMse(model.mse, model.n, before - scored[m], y - scored[m]);
    correctJudge(this.#judge, 0, this.#names.length, scored, 0, companions, 0, before, y);
  }
}

/** As deepEqual, which takes long: it looks where the texts are not the same. */
function assertSame(actual: unknown, expected: unknown, where: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) assert.deepEqual(actual, expected, where);
}

function orNull(forecast: number): number | null {
  return Number.isNaN(forecast) ? null : forecast;
}

/** Targets and forecasts, NaN where a model refuses: models change places, some are perfect, some beyond all bounds. */
function streamOf(random: () => number, models: number) {
  const scales = Array.from({ length: models }, () => [0, 0.1, 1, 1][Math.floor(4 * random())]);
  const extreme = random() < 0.2;
  return Array.from({ length: LENGTH }, (_, i) => {
    if (i % 150 === 149) scales.push(scales.shift() ?? 1);
    const y = Math.round(8 * random()) / 4 + Math.sin(i / 9);
    const forecasts = Float64Array.from(scales, (scale) => {
      if (random() < 0.03) return Number.NaN;
      const off = scale * (random() + random() - 1);
      return extreme && random() < 0.02 ? off * 10 ** (300 * random()) : y + off;
    });
    return { y, forecasts };
  });
}
