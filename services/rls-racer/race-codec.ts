/** How the bytes of a race are checked, read from older formats and shown. What they are: packed-race.ts. */
import { raceHead } from "../../shared/race/race.js";
import type { PackedCodec, PackedValue } from "../../shared/service-definition.js";
import { covarianceOf } from "./covariance.js";
import { raceOfFormat1, raceOfFormat2, raceOfFormat3 } from "./older-races.js";
import { closedToJson } from "./packed-closed.js";
import { COUNT, checkRace, ERRORS, featuresOf, MSE, modelAt, N, namesOf, RECENT, RLS, ROWS } from "./packed-race.js";
import { rankingOf } from "./race.js";
import { raceSteps } from "./race-steps.js";
import { betaAt } from "./rls.js";

/** See packed-race.ts. */
export const raceCodec: PackedCodec = {
  packed: true,
  format: 4,
  check: checkRace,
  older: { 1: raceOfFormat1, 2: raceOfFormat2, 3: raceOfFormat3 },
  steps: raceSteps,
  toJson: raceToJson,
};

/** The state as `/state/race/<key>` shows it, under the notebook's names; rows and errors newest first. */
function raceToJson(race: PackedValue): unknown {
  const { doubles, at } = race;
  const features = featuresOf(race);
  const p = features + 1;
  const count = doubles[at + COUNT];
  const names = namesOf(race);
  const numbers = (from: number, length: number) => Array.from(doubles.subarray(from, from + length));
  return {
    ...raceHead({ features, count, models: [], ranking: rankingOf(race, names) }),
    rows: newestFirst(count, (slot) => numbers(at + ROWS + slot * p, p)),
    models: names.map((name, m) => {
      const model = modelAt(race, m);
      const n = doubles[model + N];
      return {
        name,
        nu: doubles[model + RLS],
        N: n,
        mse: n === 0 ? null : doubles[model + MSE],
        beta: numbers(betaAt(model + RLS), p),
        V: covarianceOf(doubles, model + RLS, p),
        errors: newestFirst(n, (slot) => doubles[model + ERRORS + slot]),
      };
    }),
    done: closedToJson(race),
  };
}

function newestFirst<T>(count: number, at: (slot: number) => T): T[] {
  const length = Math.min(count, RECENT);
  return Array.from({ length }, (_, age) => at((count - 1 - age) % RECENT));
}
