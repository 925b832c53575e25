/** How good the mixture is beside the best of its models, and whether it keeps what it guarantees. */
import { LARGEST_REGRET, MIXTURE, modelAt, VARIATION } from "../../shared/race/judge/places.js";
import { bestOf } from "../../shared/race/judge/records.js";
import { JudgedRace, USUAL } from "../support/judged-race.js";
import { Noise } from "./noise.js";
import type { Case } from "./simulation.js";

const MODELS = 3;
const SERIES = 3;
/** Records of a series: a part of those of a long one. */
const PART = 5;

/** Puts the errors of the models at a record of the first half, 0, or the second, 1, into `errors`. */
type Errors = (half: number, errors: Float64Array, noise: Noise) => void;

/** Sums of squared errors in each half of a series. */
interface Halves {
  readonly mixture: readonly number[];
  readonly models: readonly (readonly number[])[];
}

function squaresOf(errorsAt: Errors, records: number, noise: Noise): Halves {
  const race = new JudgedRace(MODELS);
  const names = race.models.map(({ name }) => name);
  const errors = new Float64Array(MODELS);
  const mixture = [0, 0];
  const models = names.map(() => [0, 0]);
  for (let i = 0; i < records; i++) {
    const half = i < records / 2 ? 0 : 1;
    errorsAt(half, errors, noise);
    race.observe(i, 0, errors);
    const { yhat } = bestOf({ topic: "t", series: "s", i, y: 0 }, names, errors, 0, race.asked, 0).mix;
    mixture[half] += (yhat ?? 0) ** 2;
    for (let m = 0; m < MODELS; m++) models[m][half] += errors[m] ** 2;
  }
  return { mixture, models };
}

/** The mixture's mse over that of the best model of each half, mean of some series. */
function besideBest(what: string, expected: string, errorsAt: Errors, bar: number): Case {
  return {
    what,
    expected,
    bar: `<= ${bar}`,
    run({ long }, seed) {
      let sum = 0;
      for (let s = 0; s < SERIES; s++) {
        const { mixture, models } = squaresOf(errorsAt, long / PART, new Noise(seed + 7919 * s));
        const best = [0, 1].map((half) => Math.min(...models.map((squares) => squares[half])));
        sum += (mixture[0] + mixture[1]) / (best[0] + best[1]);
      }
      return { measured: (sum / SERIES).toFixed(3), holds: sum / SERIES <= bar };
    },
  };
}

/** Errors that have a part in common. @param own size of the rest by model, of each half; the part in common has `common` */
function correlated(common: number, own: readonly (readonly number[])[]): Errors {
  return (half, errors, noise) => {
    const shared = common * noise.normal();
    for (const [m, size] of own[half].entries()) errors[m] = shared + size * noise.normal();
  };
}

/** Largest linearised regret over its bound √(K (1 + ln(1 + T)) (B + V_k)), where nothing is forgotten. */
const regret: Case = {
  what: "largest regret / bound, phi 1",
  expected: "0.45",
  bar: "<= 1",
  run({ long }, seed) {
    let largest = 0;
    for (let s = 0; s < SERIES; s++) {
      const noise = new Noise(seed + 7919 * s);
      const race = new JudgedRace(MODELS, { ...USUAL, racePhi: 1 });
      const { judge } = race;
      const sums = new Float64Array(MODELS);
      const errors = new Float64Array(MODELS);
      const names = race.models.map(({ name }) => name);
      for (let i = 0; i < long / PART; i++) {
        // Bounded, so that no jump of scale comes.
        for (let m = 0; m < MODELS; m++) errors[m] = 2 * noise.uniform() - 1 + 0.1 * m;
        race.observe(i, 0, errors);
        const { yhat } = bestOf({ topic: "t", series: "s", i, y: 0 }, names, errors, 0, race.asked, 0).mix;
        for (let m = 0; m < MODELS; m++) {
          sums[m] += 2 * (yhat ?? 0) * ((yhat ?? 0) - errors[m]);
          const spread = judge[MIXTURE + LARGEST_REGRET] + judge[modelAt(0, m) + VARIATION];
          largest = Math.max(largest, sums[m] / Math.sqrt(MODELS * (1 + Math.log(2 + i)) * spread));
        }
      }
    }
    return { measured: largest.toFixed(2), holds: largest <= 1 };
  },
};

const FIRST = [0.3, 1, 1];
const SECOND = [1, 0.3, 1];
const EQUAL = [1, 1, 1];

/** In the order of the table. */
export const MIXTURE_CASES: readonly Case[] = [
  besideBest("one model clearly better", "0.991", correlated(1, [FIRST, FIRST]), 1.01),
  besideBest("the better model changes at half time", "0.994", correlated(1, [FIRST, SECOND]), 1.02),
  besideBest(
    "three equal models, 0.43 of the variance in common",
    "0.627",
    correlated(Math.sqrt(0.75), [EQUAL, EQUAL]),
    0.66,
  ),
  regret,
];
