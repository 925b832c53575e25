/**
 * The race of one series: several models are trained on the newest observations, forecast the next one and are scored on it.
 * A forecast depends on the window alone, and the window on the observations alone. So an observation may enter the window as
 * soon as what its forecast needs is copied, and be scored later. Pure: nothing but what is passed in changes.
 */
import type { CompleteObservation, Prediction } from "../../shared/contract/schemas.js";
import {
  areConfigured,
  configuredModels,
  countAndRank,
  type ForecastRefusal,
  nextMse,
  type RaceResult,
  type Racer,
  type RaceState,
  refusalOf,
  refusedPrediction,
} from "../../shared/race/race.js";
import type { JobResult } from "../../shared/service-definition.js";
import type { RowRing } from "../../shared/state/row-ring.js";
import { newForecastJob } from "./forecast-job.js";
import type { ModelSpecification } from "./models/model-registry.js";
import { isFiniteInFloat32 } from "./models/regressor.js";
import { copyNewest, pushRow, type Window } from "./window.js";

/** The score of one model in one series. The model itself keeps nothing: it is trained for every forecast. */
export interface RaceModel extends Racer {
  /** Consecutive observations, up to the newest that it was asked for, that it did not forecast in time. */
  lateInRow: number;
}

/** State of one series of one input topic. */
export interface Race extends RaceState<RaceModel> {
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
export type Refusal = ForecastRefusal | "features-beyond-float32" | "took-too-long" | "left-out";

/**
 * Late forecasts in a row after which a model is left out of a series, since each of them holds the partition up for
 * MODEL_TIMEOUT_MS. It stays left out until it is taken off the list and put back on it, or is listed under another name.
 */
export const LATE_IN_ROW_MAX = 3;

/** What an observation leads to. */
export interface MlRaceResult extends RaceResult {
  /** Models that are left out of the series from now on. */
  readonly leftOut: readonly string[];
}

const NO_JOB = new Float64Array(0);

/** The race of a series that has no observation yet. */
export function newRace(models: readonly ModelSpecification[], features: number, ring: RowRing): Race {
  return { features, count: 0, models: models.map(newModel), ranking: undefined, ring, window: undefined };
}

/**
 * The race with the models that are configured now. A model whose name is new starts with no score; other hyper-parameters
 * are another name. One that is no longer listed is dropped; the others keep their score. The last ranking stays, so that a
 * leader who still leads keeps its `since`.
 * @returns `race` itself where nothing changed
 */
export function withModels(race: Race, models: readonly ModelSpecification[]): Race {
  if (areConfigured(race.models, models, isSame)) return race;
  return { ...race, models: configuredModels(race.models, models, isSame, newModel) };
}

/**
 * Copies what the models need to forecast an observation, then puts the observation into the window.
 * @param window      of this race, changed in place
 * @param trainLength rows that models are trained on, at most those of the window
 * @returns the models' job, see forecast-job.ts; an empty one where all of them refuse the observation, which then does not
 *   enter the window
 * @throws {RangeError} the shapes do not fit; nothing has changed then
 */
export function enterWindow(window: Window, { y, x }: CompleteObservation, trainLength: number): Float64Array {
  const { numbers, training, query } = newForecastJob({ features: x.length, trainLength });
  query.set(x);
  if (!isFiniteInFloat32(query)) return NO_JOB;
  copyNewest(window, training);
  pushRow(window, y, query);
  return numbers;
}

/** The models that are not left out, by their numbers in the list: they forecast the next observation. */
export function racingModels({ models }: Race): readonly number[] {
  const racing: number[] = [];
  for (let m = 0; m < models.length; m++) if (!isLeftOut(models[m])) racing.push(m);
  return racing;
}

/**
 * Scores every model on its forecast of an observation, then decides the order. Must be called for the observations of a
 * series in the order in which they entered its window.
 * @param forecasts one per model of `racing`, in their order; undefined where all refuse
 * @param racing    {@link racingModels} when the observation entered
 */
export function scoreForecasts(
  race: Race,
  observation: CompleteObservation,
  forecasts: JobResult | undefined,
  racing: readonly number[],
): MlRaceResult {
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
  const contestants = race.models.some(isLeftOut) ? race.models.map(asContestant) : race.models;
  return { predictions, standings: countAndRank(race, contestants, observation), leftOut };
}

const isLeftOut = ({ lateInRow }: RaceModel): boolean => lateInRow >= LATE_IN_ROW_MAX;

/** A model as the order sees it: one that is left out comes after those that forecast, as if it had no score. */
function asContestant(model: RaceModel): RaceModel {
  return isLeftOut(model) ? { ...model, n: 0 } : model;
}

function scored(model: RaceModel, observation: CompleteObservation, yhat: number): Prediction {
  const { topic, series, i, y } = observation;
  const error = y - yhat;
  const mse = nextMse(model, error);
  const reason = refusalOf(yhat, mse);
  if (reason !== undefined) return refused(model, observation, reason);
  model.mse = mse;
  model.n++;
  return { topic, series, model: model.name, i, n: model.n, y, yhat, error, mse };
}

function refused(model: RaceModel, observation: CompleteObservation, reason: Refusal): Prediction {
  return refusedPrediction(model, observation, reason);
}

function isSame(racing: RaceModel, { name }: ModelSpecification): boolean {
  return racing.name === name;
}

function newModel({ name }: ModelSpecification): RaceModel {
  return { name, mse: 0, n: 0, lateInRow: 0 };
}
