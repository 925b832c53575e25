/** The judge of a race, see shared/race/judge, on the race's stored bytes. Pure: nothing but the race that is passed in changes. */
import { ask, correctJudge, isScorable, type Told, tell } from "../../shared/race/judge/judge.js";
import { askedLength, forgetAsked } from "../../shared/race/judge/places.js";
import type { Question } from "../../shared/race/ledger/ledger.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { MODELS_MAX } from "./model-list.js";
import { companionsAt, forecastsAt } from "./packed-closed.js";
import { judgeAt, modelsOf, parametersOf } from "./packed-race.js";

/** What the judge says of an observation. */
export interface Judged {
  /** By model: the forecasts that were asked; NaN where a model has none. */
  readonly forecasts: Float64Array;
  /** What was frozen with them, see shared/race/judge/places.ts. */
  readonly asked: Float64Array;
}

/** Of the observation at hand: each has them anew. */
const judged = { forecasts: new Float64Array(MODELS_MAX), asked: new Float64Array(askedLength(MODELS_MAX)) };
/** Of {@link judged}, the forecasts that are scored. */
const scored = new Float64Array(MODELS_MAX);

/**
 * What the judge says of an observation that is told at once.
 * @param yhat by model; not finite where one has no forecast
 * @returns it, until the next call
 */
export function askNow(race: PackedValue, yhat: Float64Array): Judged {
  const models = modelsOf(race);
  const { forecasts, asked } = judged;
  for (let m = 0; m < models; m++) forecasts[m] = Number.isFinite(yhat[m]) ? yhat[m] : Number.NaN;
  ask(race.doubles, judgeAt(race), models, forecasts, 0, asked, 0);
  return judged;
}

/** What the judge says of a question, to be kept with it. @param forecasts by model; NaN where one has none */
export function askLater(race: PackedValue, forecasts: Float64Array): Float64Array {
  const asked = new Float64Array(askedLength(modelsOf(race)));
  ask(race.doubles, judgeAt(race), modelsOf(race), forecasts, 0, asked, 0);
  return asked;
}

/** What the judge said of a question; of one from before there was a judge it is not known. */
export function askedThen(race: PackedValue, question: Question): Judged {
  if (question.judged.length > 0) return { forecasts: question.forecasts, asked: question.judged };
  forgetAsked(judged.asked, 0, modelsOf(race));
  return { forecasts: question.forecasts, asked: judged.asked };
}

/** Whether model `m` can be scored on an error. */
export function canBeScored(race: PackedValue, m: number, error: number): boolean {
  return isScorable(race.doubles, judgeAt(race), m, error, parametersOf(race));
}

/**
 * Judges an observation that the models have learned from.
 * @param isScored whether a model was scored
 * @returns what it leads to, until the next call
 */
export function tellOf(
  race: PackedValue,
  { forecasts, asked }: Judged,
  refusals: readonly (string | undefined)[],
  i: number,
  y: number,
): Told {
  const models = modelsOf(race);
  for (let m = 0; m < models; m++) scored[m] = refusals[m] === undefined ? forecasts[m] : Number.NaN;
  return tell(race.doubles, judgeAt(race), models, parametersOf(race), asked, 0, scored, 0, i, y);
}

/** The y of a closed i is another: plain means follow. @param place of the i among the closed ones */
export function correctJudged(race: PackedValue, place: number, from: number, to: number): void {
  const { doubles } = race;
  const scoredAt = forecastsAt(race, place);
  correctJudge(doubles, judgeAt(race), modelsOf(race), doubles, scoredAt, doubles, companionsAt(race, place), from, to);
}
