/**
 * The race of one series: several models forecast each observation and are scored on it, most of them trained on the newest ones.
 * A forecast of those depends on the window alone, and the window on the observations alone. So an observation may enter the window as
 * soon as what its forecast needs is copied, and be scored later, see scores.ts. Pure: nothing but what is passed in changes.
 */
import { RecordError } from "../../shared/errors.js";
import type { ModelSpecification } from "../../shared/models/kind.js";
import { moveJudge } from "../../shared/race/judge/configured.js";
import { judgeLength, newJudge } from "../../shared/race/judge/places.js";
import { ClosedList } from "../../shared/race/ledger/closed-list.js";
import type { Question } from "../../shared/race/ledger/ledger.js";
import { areConfigured, configuredModels, type Racer, type RaceState } from "../../shared/race/race.js";
import type { RowRing } from "../../shared/state/row-ring.js";
import { newForecastJob } from "./forecast-job.js";
import { isFiniteInFloat32 } from "./models/regressor.js";
import { isRecursive, newState, stateLength } from "./recursive-models.js";
import { copyNewest, pushRow, type Window } from "./window.js";

/** The score of one model in one series. */
export interface RaceModel extends Racer {
  /** Consecutive observations, up to the newest that it was asked for, that it did not forecast in time. */
  lateInRow: number;
  /** What the model itself keeps, see recursive-models.ts: nothing where it is trained for every forecast. */
  readonly state: Float64Array;
}

/** State of one series of one input topic. */
export interface Race extends RaceState<RaceModel> {
  /** Scores, intervals, mixture and verdict: see shared/race/judge/places.ts. */
  readonly judge: Float64Array;
  /** Where the stored window stands; its rows are in a store of their own. */
  readonly ring: RowRing;
  /** Largest timestamp of the series' records, ms since the epoch; -Infinity at first. */
  time: number;
  /** Questions that are open; they are in stores of their own, see shared/race/ledger. */
  open: number;
  /** The last i's that are closed. The forecasts of one are filled in when it is scored. */
  readonly closed: ClosedList;
  /** By i, questions whose forecasts are not there yet, and that may be closed already. Not stored: no commit comes between. */
  readonly asking: Map<number, Question>;
  /** The window as models read it. Not stored: undefined in a race that was read from bytes, until its rows are read too. */
  window: Window | undefined;
}

/**
 * Late forecasts in a row after which a model is left out of a series, since each of them holds the partition up for
 * MODEL_TIMEOUT_MS. It stays left out until it is taken off the list and put back on it, or is listed under another name.
 */
export const LATE_IN_ROW_MAX = 3;

/** Most doubles that the models of a race keep: 800 kB, so that its changelog record stays below Kafka's usual 1 MB. */
export const STATE_DOUBLES_MAX = 100_000;

const NO_JOB = new Float64Array(0);

/**
 * The race of a series that has no observation yet.
 * @throws {RecordError} `too-many-features`: its models would keep more than {@link STATE_DOUBLES_MAX} doubles
 */
export function newRace(models: readonly ModelSpecification[], features: number, ring: RowRing): Race {
  checkState(models, features);
  return {
    features,
    count: 0,
    models: models.map((model) => newModel(model, features)),
    judge: judgeOf(models.length),
    ranking: undefined,
    ring,
    time: Number.NEGATIVE_INFINITY,
    open: 0,
    closed: new ClosedList(),
    asking: new Map(),
    window: undefined,
  };
}

function checkState(models: readonly ModelSpecification[], features: number): void {
  const doubles = stateLength(models, features);
  if (doubles <= STATE_DOUBLES_MAX) return;
  throw new RecordError(
    "too-many-features",
    `expected models that keep at most ${STATE_DOUBLES_MAX} numbers, got ${doubles} (${features} features): ` +
      "send fewer features or race fewer recursive models",
  );
}

/** The judge of so many models, who has seen nothing. */
export function judgeOf(models: number): Float64Array {
  const judge = new Float64Array(judgeLength(models));
  newJudge(judge, 0, models);
  return judge;
}

/** See {@link withModels}. */
export interface ConfiguredRace {
  /** The race that was given, where nothing has changed. */
  readonly race: Race;
  /** Whether its champion is listed no longer, and the first of the standings has followed. */
  readonly isChampionGone: boolean;
}

/**
 * The race with the models that are configured now. A model whose name is new starts with no score; other hyper-parameters
 * are another name. One that is no longer listed is dropped; the others keep their score. The last ranking stays, so that a
 * leader who still leads keeps its `since`. Forecasts of closed questions follow; those of open ones are to, see
 * {@link formerPlaces}.
 * @param i of the observation at hand
 * @throws {RecordError} as {@link newRace}; nothing has changed then
 */
export function withModels(race: Race, models: readonly ModelSpecification[], i: number): ConfiguredRace {
  if (areConfigured(race.models, models, isSame)) return { race, isChampionGone: false };
  checkState(models, race.features);
  const judge = new Float64Array(judgeLength(models.length));
  const begin = (model: ModelSpecification) => newModel(model, race.features);
  const next: Race = { ...race, models: configuredModels(race.models, models, isSame, begin), judge };
  const places = formerPlaces(race, next);
  next.closed.map(places);
  const best = race.ranking?.order.find((name) => models.some((model) => model.name === name));
  const first = Math.max(
    models.findIndex(({ name }) => name === best),
    0,
  );
  return { race: next, isChampionGone: moveJudge(race.judge, 0, judge, 0, places, first, i) };
}

/** The place that each model of a race had in an earlier one of its series, -1 where it is new. */
export function formerPlaces(before: Race, { models }: Race): readonly number[] {
  return models.map(({ name }) => before.models.findIndex((model) => model.name === name));
}

/**
 * Copies what the models need to forecast an observation.
 * @param x           n finite features
 * @param trainLength rows that models are trained on, at most those of the window
 * @returns the models' job, see forecast-job.ts; an empty one where all of them refuse the observation
 * @throws {RangeError} the shapes do not fit
 */
export function forecastJob(window: Window, x: Float64Array, trainLength: number): Float64Array {
  if (!isFiniteInFloat32(x)) return NO_JOB;
  const { numbers, training, query } = newForecastJob({ features: x.length, trainLength });
  query.set(x);
  copyNewest(window, training);
  return numbers;
}

/**
 * Puts an observation into the window, unless its features are beyond float32.
 * @param row y, x1, ..., xn
 * @returns whether it has entered
 * @throws {RangeError} the shapes do not fit; nothing has changed then
 */
export function enterWindow(window: Window, row: Float64Array): boolean {
  const x = row.subarray(1);
  if (!isFiniteInFloat32(x)) return false;
  pushRow(window, row[0], x);
  return true;
}

/** The models that are trained for the next observation, by their numbers in the list: those of a window that are not left out. */
export function racingModels({ models }: Race): readonly number[] {
  const racing: number[] = [];
  for (let m = 0; m < models.length; m++) if (!isLeftOut(models[m]) && !isRecursive(models[m])) racing.push(m);
  return racing;
}

/** Whether a model forecasts no more in its series. */
export function isLeftOut({ lateInRow }: RaceModel): boolean {
  return lateInRow >= LATE_IN_ROW_MAX;
}

function isSame(racing: RaceModel, { name }: ModelSpecification): boolean {
  return racing.name === name;
}

function newModel(model: ModelSpecification, features: number): RaceModel {
  return { name: model.name, mse: 0, n: 0, lateInRow: 0, state: newState(model, features) };
}
