/** How the bytes of a race are checked, read from older formats and shown. What they are: packed-race.ts. */

import { betaAt } from "../../shared/models/rls.js";
import { mixtureScores } from "../../shared/race/judge/records.js";
import { shownChampion, shownModel } from "../../shared/race/judge/shown-judge.js";
import { raceHead } from "../../shared/race/race.js";
import type { PackedCodec, PackedValue } from "../../shared/service-definition.js";
import { covarianceOf } from "./covariance.js";
import { raceOfFormat3, raceOfFormat4, raceOfFormat5 } from "./older-packed-races.js";
import { raceOfFormat1, raceOfFormat2 } from "./older-races.js";
import { isMark, shownOther } from "./other-models.js";
import { closedToJson } from "./packed-closed.js";
import {
  COUNT,
  checkRace,
  ERRORS,
  featuresOf,
  judgeAt,
  MSE,
  modelAt,
  N,
  namesOf,
  RECENT,
  RLS,
  ROWS,
} from "./packed-race.js";
import { contestantsOf, rankingOf } from "./race-order.js";
import { raceSteps } from "./race-steps.js";

/** See packed-race.ts. */
export const raceCodec: PackedCodec = {
  packed: true,
  format: 6,
  check: checkRace,
  older: { 1: raceOfFormat1, 2: raceOfFormat2, 3: raceOfFormat3, 4: raceOfFormat4, 5: raceOfFormat5 },
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
  const models = contestantsOf(race, names);
  const judge = judgeAt(race);
  const numbers = (from: number, length: number) => Array.from(doubles.subarray(from, from + length));
  return {
    ...raceHead({ features, count, models: [], ranking: rankingOf(race, names) }),
    ...shownChampion(doubles, judge, models),
    rows: newestFirst(count, (slot) => numbers(at + ROWS + slot * p, p)),
    models: names.map((name, m) => {
      const model = modelAt(race, m);
      const n = doubles[model + N];
      const isOther = isMark(doubles[model + RLS]);
      return {
        name,
        ...(isOther ? shownOther(doubles, model + RLS) : { nu: doubles[model + RLS] }),
        N: n,
        mse: n === 0 ? null : doubles[model + MSE],
        ...shownModel(doubles, judge, m, models[m]),
        ...(isOther ? {} : { beta: numbers(betaAt(model + RLS), p), V: covarianceOf(doubles, model + RLS, p) }),
        errors: newestFirst(n, (slot) => doubles[model + ERRORS + slot]),
      };
    }),
    done: closedToJson(race),
    mix: mixtureScores(doubles, judge),
  };
}

function newestFirst<T>(count: number, at: (slot: number) => T): T[] {
  const length = Math.min(count, RECENT);
  return Array.from({ length }, (_, age) => at((count - 1 - age) % RECENT));
}
