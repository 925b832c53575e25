/**
 * The race of one series: several models are trained on the newest observations, forecast the one at hand, are scored on it.
 * A forecast depends on nothing but the window, the window on nothing but the observations: so an observation may enter the
 * window as soon as what its forecast needs is copied, and be scored later. Pure: nothing but what is passed in changes.
 */

import type { Observation, Prediction, Standings } from "../../shared/contract/schemas.js";
import { prequentialMse, type Ranking, rank, standingsOf } from "../../shared/race/score.js";
import type { JobResult } from "../../shared/service-definition.js";
import type { RowRing } from "../../shared/state/row-ring.js";
import { newForecastJob } from "./forecast-job.js";
import type { ModelSpecification } from "./models/model-registry.js";
import { isFiniteInFloat32 } from "./models/regressor.js";
import { copyNewest, pushRow, type Window } from "./window.js";

/** The score of one model in one series; a model itself keeps nothing, it is trained anew for every forecast. */
export interface RaceModel {
  readonly name: string;
  /** Prequential mean squared error over `n` forecasts; 0 while `n` is 0. */
  mse: number;
  /** Observations scored: those of the series but the ones the model refused. */
  n: number;
  /** Observations of the series, one after another up to the newest it was asked for, that it did not forecast in time. */
  lateInRow: number;
}

/** State of one series of one input topic. */
export interface Race {
  /** Number of features, the same for every observation of a series. */
  readonly features: number;
  /** Observations so far. */
  count: number;
  /** As configured. */
  readonly models: readonly RaceModel[];
  /** The order last decided; undefined before the first observation. */
  ranking: Ranking | undefined;
  /** Where the stored window stands; its rows are in a store of their own. */
  readonly ring: RowRing;
  /** The window as models read it. Not stored: undefined in a race that was read from bytes, until its rows are read too. */
  window: Window | undefined;
}

/**
 * Why a model refused an observation. A closed set: it becomes a metric label. With `features-beyond-float32` every model
 * refuses, also one that would take doubles, and the observation does not enter the window: tree models could not be trained
 * on it, and what a model forecasts must not depend on who else races. `left-out`: see {@link LATE_IN_ROW_MAX}.
 */
export type Refusal =
  | "features-beyond-float32"
  | "forecast-not-finite"
  | "score-not-finite"
  | "took-too-long"
  | "left-out";

/**
 * Forecasts in a row that a model may be late with in a series. Each holds the series' partition up for MODEL_TIMEOUT_MS, so
 * then the model is left out of that series until it is configured anew: taken off the list and put back on it, or under another
 * name.
 */
export const LATE_IN_ROW_MAX = 3;

/** What an observation leads to. */
export interface RaceResult {
  /** One per model, in their order. */
  readonly predictions: readonly Prediction[];
  /** Where the order has changed. */
  readonly standings: Standings | undefined;
  /** Models that are left out of the series from now on. */
  readonly leftOut: readonly string[];
}

const NO_JOB = new Float64Array(0);

/** The race of a series of which nothing was seen. */
export function newRace(models: readonly ModelSpecification[], features: number, ring: RowRing): Race {
  return { features, count: 0, models: models.map(newModel), ranking: undefined, ring, window: undefined };
}

/**
 * The race with the models that are configured now. A model whose name is new starts with no score; other hyper-parameters
 * are another name. One that is no longer listed is dropped; the others go on. The last ranking stays, so that a leader who
 * still leads does so since then.
 * @returns `race` itself where nothing changed
 */
export function withModels(race: Race, models: readonly ModelSpecification[]): Race {
  const racing = race.models;
  if (racing.length === models.length && racing.every(({ name }, m) => name === models[m].name)) return race;
  return { ...race, models: models.map((model) => racing.find(({ name }) => name === model.name) ?? newModel(model)) };
}

/**
 * An observation meets its race: what the models need to forecast it is copied, then it enters the window.
 * @param window      of this race, in place
 * @param trainLength rows that models are trained on, at most those of the window
 * @returns the models' job, see forecast-job.ts; an empty one where all of them refuse the observation, which then does not
 *   enter the window
 * @throws {RangeError} before anything has changed: the shapes do not fit
 */
export function enterWindow(window: Window, { y, x }: Observation, trainLength: number): Float64Array {
  const { numbers, training, query } = newForecastJob({ features: x.length, trainLength });
  query.set(x);
  if (!isFiniteInFloat32(query)) return NO_JOB;
  copyNewest(window, training);
  pushRow(window, y, query);
  return numbers;
}

/** The models that forecast a series' next observation, by their numbers in the list: all but those that are left out. */
export function racingModels({ models }: Race): readonly number[] {
  const racing: number[] = [];
  for (let m = 0; m < models.length; m++) if (!isLeftOut(models[m])) racing.push(m);
  return racing;
}

/**
 * The forecasts of an observation are there: every model is scored on its own, and the order is decided. Observations of a
 * series come here in the order in which they entered its window.
 * @param forecasts one per model of `racing`, in their order; undefined where all refuse
 * @param racing    {@link racingModels} when the observation entered
 */
export function scoreForecasts(
  race: Race,
  observation: Observation,
  forecasts: JobResult | undefined,
  racing: readonly number[],
): RaceResult {
  const leftOut: string[] = [];
  const predictions = race.models.map((model, m) => {
    if (forecasts === undefined) return refused(model, observation, "features-beyond-float32");
    const asked = racing.indexOf(m);
    if (asked === -1) return refused(model, observation, "left-out");
    if (forecasts.late.includes(m)) {
      if (++model.lateInRow === LATE_IN_ROW_MAX) leftOut.push(model.name);
      return refused(model, observation, "took-too-long");
    }
    model.lateInRow = 0;
    return scored(model, observation, forecasts.numbers[asked]);
  });
  race.count++;
  const contestants = race.models.some(isLeftOut) ? race.models.map(asContestant) : race.models;
  const ranking = rank(race.ranking, contestants, observation.i);
  if (ranking === race.ranking) return { predictions, standings: undefined, leftOut };
  race.ranking = ranking;
  return { predictions, standings: standingsOf(observation, race.count, ranking, contestants), leftOut };
}

const isLeftOut = ({ lateInRow }: RaceModel): boolean => lateInRow >= LATE_IN_ROW_MAX;

/** As the order sees a model: one that is left out comes after those that forecast, as if it had no score. */
function asContestant(model: RaceModel): RaceModel {
  return isLeftOut(model) ? { ...model, n: 0 } : model;
}

function scored(model: RaceModel, observation: Observation, yhat: number): Prediction {
  const { topic, series, i, y } = observation;
  const error = y - yhat;
  const mse = prequentialMse(model.mse, error, model.n + 1);
  if (!Number.isFinite(yhat)) return refused(model, observation, "forecast-not-finite");
  if (!Number.isFinite(mse)) return refused(model, observation, "score-not-finite");
  model.mse = mse;
  model.n++;
  return { topic, series, model: model.name, i, n: model.n, y, yhat, error, mse };
}

function refused({ name, n }: RaceModel, { topic, series, i, y }: Observation, reason: Refusal): Prediction {
  return { topic, series, model: name, i, n, y, yhat: null, error: null, mse: null, reason };
}

function newModel({ name }: ModelSpecification): RaceModel {
  return { name, mse: 0, n: 0, lateInRow: 0 };
}
