/** The judge of a race whose models are configured anew. Pure: the doubles that are passed in change. */
import { forgetPair } from "./evidence.js";
import {
  ASKED_CHAMPION,
  ASKED_WEIGHTS,
  askedWidthAt,
  BASELINES,
  CHAMPION,
  MODEL_LENGTH,
  modelAt,
  NONE,
  newJudge,
  PAIR,
  SINCE,
} from "./places.js";
import { crown } from "./verdict.js";

/**
 * Makes the judge of the models of today from the one before. A model that is listed no longer goes with its pair; a new one begins
 * at this record. Where the champion goes, the first of the standings that is still listed follows, and all pairs begin anew.
 * @param from   the judge before, of `before` models from `fromAt`; it does not overlap with `to`
 * @param places by model of today the place it had before, {@link NONE} of a new one
 * @param first  place, among the models of today, of the first of the standings that is still listed; 0 where there is none
 * @param i      of the record at hand
 * @returns whether the champion has gone
 */
export function moveJudge(
  from: Float64Array,
  fromAt: number,
  to: Float64Array,
  toAt: number,
  places: readonly number[],
  first: number,
  i: number,
): boolean {
  const models = places.length;
  newJudge(to, toAt, models);
  copy(from, fromAt + BASELINES, to, toAt + BASELINES, modelAt(0, 0) - BASELINES);
  for (const [m, place] of places.entries())
    if (place !== NONE) copy(from, modelAt(fromAt, place), to, modelAt(toAt, m), MODEL_LENGTH);
  // Before the first scored observation nobody was crowned: the first model of today is champion.
  if (Number.isNaN(from[fromAt + SINCE])) return false;
  const champion = places.indexOf(from[fromAt + CHAMPION]);
  if (champion === NONE) {
    crown(to, toAt, models, first, i);
    return true;
  }
  to[toAt + CHAMPION] = champion;
  to[toAt + SINCE] = from[fromAt + SINCE];
  forgetPair(to, modelAt(toAt, champion) + PAIR);
  return false;
}

/**
 * What was frozen of an open question, as it stands for the models of today. A model that is new has a weight of NaN.
 * @param before models before
 * @param places see {@link moveJudge}
 */
export function moveAsked(
  from: Float64Array,
  fromAt: number,
  before: number,
  to: Float64Array,
  toAt: number,
  places: readonly number[],
): void {
  copy(from, fromAt, to, toAt, ASKED_WEIGHTS);
  const champion = from[fromAt + ASKED_CHAMPION];
  to[toAt + ASKED_CHAMPION] = champion === NONE ? NONE : places.indexOf(champion);
  for (const [m, place] of places.entries()) {
    to[toAt + ASKED_WEIGHTS + m] = place === NONE ? Number.NaN : from[fromAt + ASKED_WEIGHTS + place];
    to[askedWidthAt(toAt, places.length, m)] = place === NONE ? Number.NaN : from[askedWidthAt(fromAt, before, place)];
  }
}

function copy(from: Float64Array, fromAt: number, to: Float64Array, toAt: number, length: number): void {
  for (let k = 0; k < length; k++) to[toAt + k] = from[fromAt + k];
}
