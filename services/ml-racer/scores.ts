/**
 * What the forecasts of a race lead to: predictions, scores, and the order of the models. Must be called for the observations of
 * a series in the order in which they came. Pure: nothing but the race and the closed entry that are passed in changes.
 */
import type { Prediction, Standings } from "../../shared/contract/schemas.js";
import type { JobResult } from "../../shared/heavy-work.js";
import { correctJudge, isScorable, tell } from "../../shared/race/judge/judge.js";
import type { JudgeOutputs, JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { isVerdictDue, verdictOf } from "../../shared/race/judge/records.js";
import type { ClosedEntry } from "../../shared/race/ledger/closed-list.js";
import {
  countAndRank,
  type ForecastRefusal,
  nextMse,
  type ObservationHead,
  type RaceResult,
  refusalOf,
  refusedPrediction,
} from "../../shared/race/race.js";
import { correctedMse, rank, standingsOf } from "../../shared/race/score.js";
import { isLeftOut, LATE_IN_ROW_MAX, type Race, type RaceModel } from "./race.js";
import { countRefusal, forecastRecursive, isRecursive, learnRecursive } from "./recursive-models.js";

/**
 * Why a model refused an observation. A closed set: it becomes a metric label. With `features-beyond-float32` every model
 * refuses, also one that would take doubles, and the observation does not enter the window: tree models could not be trained
 * on it, and what a model forecasts must not depend on who else races. `left-out`: see {@link LATE_IN_ROW_MAX}. `not-scored`:
 * there is no forecast of the question, since the model refused it or joined later.
 */
export type Refusal =
  | ForecastRefusal
  | "update-not-finite"
  | "features-beyond-float32"
  | "took-too-long"
  | "left-out"
  | "not-scored";

/** The forecasts of one observation, by model of the race. */
export interface Forecasts {
  /** NaN where the model refuses. */
  readonly yhat: Float64Array;
  /** Undefined where it does not. */
  readonly refusals: readonly (Refusal | undefined)[];
}

/** An observation that has its target. */
export type ScoredHead = ObservationHead & { readonly y: number };

/** Forecasts that are not there, of so many models. */
export function noForecasts(models: number): Float64Array {
  return new Float64Array(models).fill(Number.NaN);
}

/**
 * Takes what the models answered, and counts who was late.
 * @param result one number per model of `racing`, in their order; undefined where all refuse
 * @param racing racingModels when the observation came
 * @param x      features, which recursive models forecast now
 * @returns the forecasts, and the models that are left out of the series from now on
 */
export function takeForecasts(
  { models }: Race,
  result: JobResult | undefined,
  racing: readonly number[],
  x: Float64Array,
): Forecasts & { readonly leftOut: readonly string[] } {
  const yhat = noForecasts(models.length);
  const leftOut: string[] = [];
  const refusals = models.map((model, m): Refusal | undefined => {
    if (result === undefined) return "features-beyond-float32";
    const asked = racing.indexOf(m);
    if (asked === -1 && !isRecursive(model)) return "left-out";
    if (result.late.includes(m)) {
      if (++model.lateInRow === LATE_IN_ROW_MAX) leftOut.push(model.name);
      return "took-too-long";
    }
    model.lateInRow = 0;
    const forecast = isRecursive(model) ? forecastRecursive(model, x) : result.numbers[asked];
    if (!Number.isFinite(forecast)) return "forecast-not-finite";
    yhat[m] = forecast;
    return undefined;
  });
  return { yhat, refusals, leftOut };
}

/** The forecasts of a question, for its label. @param yhat as it keeps them: NaN where there is none */
export function askedForecasts(yhat: Float64Array): Forecasts {
  return { yhat, refusals: Array.from(yhat, (forecast) => (Number.isNaN(forecast) ? "not-scored" : undefined)) };
}

/** The predictions of a question: nothing is scored yet. */
export function questionPredictions(
  { models }: Race,
  of: ObservationHead,
  { yhat, refusals }: Forecasts,
): Prediction[] {
  const { topic, series, i, y } = of;
  return models.map((model, m) => {
    const reason = refusals[m];
    if (reason !== undefined) return refusedPrediction(model, of, reason);
    return { topic, series, model: model.name, i, n: model.n, y, yhat: yhat[m], error: null, mse: null };
  });
}

/**
 * Scores every model on its forecast of an observation, decides the order, then tells the judge.
 * @param x      features, which recursive models learn from
 * @param entry  the observation's place among the closed ones: what is scored is filled in
 * @param judged what the judge said when it was asked
 */
export function scoreForecasts(
  race: Race,
  of: ScoredHead,
  x: Float64Array,
  forecasts: Forecasts,
  entry: ClosedEntry,
  judged: Float64Array,
  settings: JudgeParameters & JudgeOutputs,
): RaceResult {
  const { models, judge } = race;
  const modelsReset: string[] = [];
  const predictions = models.map((model, m) => {
    const reason = forecasts.refusals[m] ?? score(race, m, x, of.y, forecasts.yhat[m], settings);
    if (reason !== undefined) {
      if (isOwnFault(model, reason) && countRefusal(model, x, of.y)) modelsReset.push(model.name);
      return { ...refusedPrediction(model, of, reason), ...askedOf(entry) };
    }
    entry.forecasts[m] = forecasts.yhat[m];
    return scoredPrediction(model, of, entry, m);
  });
  const standings = countAndRank(race, contestantsOf(race), of);
  const told = tell(judge, 0, models.length, settings, judged, 0, entry.forecasts, 0, of.i, of.y);
  entry.forecasts.set(told.companions, models.length);
  const isDue = isVerdictDue(told, race.count, settings.verdictEvery);
  const verdict = isDue ? verdictOf(of, race.count, told, models, settings) : undefined;
  return { predictions, standings, verdict, modelsReset };
}

/**
 * Corrects the y of a closed observation, see {@link correctedMse}; the order is decided again.
 * @param before y
 * @param of     with y'
 */
export function correctScores(race: Race, of: ScoredHead, entry: ClosedEntry, before: number): RaceResult {
  const { models, judge } = race;
  const predictions = models.map((model, m): Prediction => {
    const yhat = entry.forecasts[m];
    if (Number.isNaN(yhat))
      return { ...refusedPrediction(model, of, "not-scored"), ...askedOf(entry), corrected: true };
    model.mse = correctedMse(model.mse, model.n, before - yhat, of.y - yhat);
    return { ...scoredPrediction(model, of, entry, m), corrected: true };
  });
  correctJudge(judge, 0, models.length, entry.forecasts, 0, entry.forecasts, models.length, before, of.y);
  return { predictions, standings: rankAgain(race, of) };
}

function isOwnFault(model: RaceModel, reason: Refusal): boolean {
  return isRecursive(model) && reason !== "not-scored" && reason !== "features-beyond-float32";
}

/** A recursive model learns, since what it cannot learn is not scored. @returns why the model refuses; undefined where it is scored */
function score(
  race: Race,
  m: number,
  x: Float64Array,
  y: number,
  yhat: number,
  parameters: JudgeParameters,
): Refusal | undefined {
  const model = race.models[m];
  const mse = nextMse(model, y - yhat);
  const reason = refusalOf(yhat, mse);
  if (reason !== undefined) return reason;
  if (!isScorable(race.judge, 0, m, y - yhat, parameters)) return "score-not-finite";
  if (isRecursive(model) && !learnRecursive(model, x, y)) return "update-not-finite";
  model.mse = mse;
  model.n++;
  return undefined;
}

function scoredPrediction({ name, n, mse }: RaceModel, of: ScoredHead, entry: ClosedEntry, m: number): Prediction {
  const { topic, series, i, y } = of;
  const yhat = entry.forecasts[m];
  return { topic, series, model: name, i, n, y, yhat, error: y - yhat, mse, ...askedOf(entry) };
}

/** A member that only a label's prediction has. */
function askedOf({ asked }: ClosedEntry): { asked?: number } {
  return Number.isNaN(asked) ? {} : { asked };
}

function rankAgain(race: Race, of: ObservationHead): Standings | undefined {
  const contestants = contestantsOf(race);
  const ranking = rank(race.ranking, contestants, of.i);
  if (ranking === race.ranking) return undefined;
  race.ranking = ranking;
  return standingsOf(of, race.count, ranking, contestants);
}

/** The models as the order sees them: one that is left out comes after those that forecast, as if it had no score. */
function contestantsOf({ models }: Race): readonly RaceModel[] {
  return models.some(isLeftOut) ? models.map((model) => (isLeftOut(model) ? { ...model, n: 0 } : model)) : models;
}
