/**
 * The race of one series: several RLS models forecast each observation, are scored on it, then learn from it. Pure: nothing
 * but the race that is passed in changes.
 */

import type { Observation, RlsPrediction, Standings } from "../../shared/contract/schemas.js";
import { RecordError } from "../../shared/errors.js";
import { prequentialMse, type Ranking, rank, standingsOf } from "../../shared/race/score.js";
import type { RlsModel } from "./model-list.js";
import { isPositiveDefinite, learn, newRls, packedLength, predict, type Rls } from "./rls.js";

/** Rows and errors that a race keeps for reading: the last ones, as in the notebook. */
export const RECENT = 10;

/**
 * Most doubles in one race: 800 kB, so that its changelog record stays below Kafka's usual 1 MB. Two models may have
 * about 310 features.
 */
export const RACE_DOUBLES_MAX = 100_000;

/** A model that refused as many observations in a row, each of which a new model would learn from, begins anew. */
export const REFUSALS_MAX = 10;

/** One model in one series. */
export interface RaceModel {
  readonly name: string;
  /** Replaced only where the model begins anew. */
  rls: Rls;
  /** Prequential mean squared error over `n` forecasts; 0 while `n` is 0. */
  mse: number;
  /** Observations scored: those of the series but the ones the model refused. */
  n: number;
  /** A ring of the last {@link RECENT} errors y − ŷ: number k, from 0, is at k mod RECENT. */
  readonly errors: Float64Array;
  /** Observations refused since one was learned from, those not counted that no model could learn from. */
  refusals: number;
}

/** State of one series of one input topic. */
export interface Race {
  /** Number of features, the same for every observation of a series. */
  readonly features: number;
  /** Observations so far. */
  count: number;
  /** A ring of the last {@link RECENT} rows [y, x1, ..., xn]: row k, from 0, begins at (k mod RECENT)(n + 1). */
  readonly rows: Float64Array;
  /** As configured. */
  readonly models: readonly RaceModel[];
  /** The order last decided; undefined before the first observation. */
  ranking: Ranking | undefined;
}

/** Why a model refused an observation; its state is then as it was. A closed set: it becomes a metric label. */
export type Refusal = "forecast-not-finite" | "score-not-finite" | "update-not-finite";

/**
 * Why a model began anew, from the prior; its score goes on, since its forecasts were made. A closed set: it becomes a metric
 * label. `covariance-not-positive`: its V, read from a state of format 1, had lost its positive definiteness.
 * `refusals-in-a-row`: {@link REFUSALS_MAX}, because its coefficients have diverged.
 */
export type Reset = "covariance-not-positive" | "refusals-in-a-row";

/** What an observation leads to: one prediction per model, in their order, and standings where the order has changed. */
export interface RaceResult {
  readonly predictions: readonly RlsPrediction[];
  /** Models that began anew, empty but for very few observations. */
  readonly resets: readonly { readonly model: string; readonly reason: Reset }[];
  readonly standings: Standings | undefined;
}

/**
 * The race of a series of which nothing was seen.
 * @throws {RecordError} `too-many-features`: the race would pass {@link RACE_DOUBLES_MAX}
 */
export function newRace(models: readonly RlsModel[], features: number): Race {
  checkSize(models.length, features);
  return {
    features,
    count: 0,
    rows: new Float64Array(RECENT * (features + 1)),
    models: models.map((model) => newModel(model, features)),
    ranking: undefined,
  };
}

/**
 * The race with the models that are configured now. A model whose name is new, or whose nu is not the one of the state,
 * starts from the prior, with no score; one that is no longer listed is dropped; the others go on. The last ranking stays, so
 * that a leader who still leads does so since then.
 * @returns `race` itself where nothing changed
 * @throws {RecordError} `too-many-features`: with more models the race would pass {@link RACE_DOUBLES_MAX}
 */
export function withModels(race: Race, models: readonly RlsModel[]): Race {
  if (isListed(race.models, models)) return race;
  checkSize(models.length, race.features);
  const kept = (model: RlsModel) => race.models.find(({ name, rls }) => name === model.name && rls.nu === model.nu);
  return { ...race, models: models.map((model) => kept(model) ?? newModel(model, race.features)) };
}

/**
 * One observation: every model forecasts, is scored, learns; then the order is decided. `race` is changed in place, but not
 * before everything was checked.
 * @throws {RecordError} `features-changed`: the series had another number of features
 */
export function raceStep(race: Race, observation: Observation): RaceResult {
  const { y, x } = observation;
  if (x.length !== race.features) {
    throw new RecordError("features-changed", `expected ${race.features} features as before, got ${x.length}`);
  }
  const predictions = new Array<RlsPrediction>(race.models.length);
  const resets: { model: string; reason: Reset }[] = [];
  for (let m = 0; m < predictions.length; m++) {
    const model = race.models[m];
    if (!isPositiveDefinite(model.rls)) resets.push(reset(model, "covariance-not-positive"));
    predictions[m] = modelStep(model, observation);
    if (model.refusals >= REFUSALS_MAX) resets.push(reset(model, "refusals-in-a-row"));
  }

  const start = (race.count % RECENT) * (race.features + 1);
  race.rows[start] = y;
  for (let j = 0; j < x.length; j++) race.rows[start + 1 + j] = x[j];
  race.count++;

  const ranking = rank(race.ranking, race.models, observation.i);
  if (ranking === race.ranking) return { predictions, resets, standings: undefined };
  race.ranking = ranking;
  return { predictions, resets, standings: standingsOf(observation, race.count, ranking, race.models) };
}

function modelStep(model: RaceModel, observation: Observation): RlsPrediction {
  const { y, x } = observation;
  const { rls, errors } = model;
  const yhat = predict(rls, x);
  const error = y - yhat;
  const mse = prequentialMse(model.mse, error, model.n + 1);
  if (!Number.isFinite(yhat)) return refused(model, observation, "forecast-not-finite");
  if (!Number.isFinite(mse)) return refused(model, observation, "score-not-finite");
  if (!learn(rls, x, error)) return refused(model, observation, "update-not-finite");
  errors[model.n % RECENT] = error;
  model.mse = mse;
  model.n++;
  model.refusals = 0;
  const { topic, series, i } = observation;
  return { topic, series, model: model.name, i, n: model.n, y, yhat, error, mse, nu: rls.nu, beta: listOf(rls.beta) };
}

function refused(model: RaceModel, observation: Observation, reason: Refusal): RlsPrediction {
  const { name, n, rls } = model;
  const { topic, series, i, y } = observation;
  if (canBeLearned(observation, rls.nu)) model.refusals++;
  return { topic, series, model: name, i, n, y, yhat: null, error: null, mse: null, reason, nu: rls.nu, beta: null };
}

/** Whether a model that has seen nothing would be scored on an observation and learn from it: its forecast is 0. */
function canBeLearned({ y, x }: Observation, nu: number): boolean {
  return Number.isFinite(y * y) && learn(newRls(x.length, nu), x, y);
}

function reset(model: RaceModel, reason: Reset): { model: string; reason: Reset } {
  model.rls = newRls(model.rls.beta.length - 1, model.rls.nu);
  model.refusals = 0;
  return { model: model.name, reason };
}

/** As Array.from, which takes several times as long: it goes through the iterator. */
function listOf(numbers: Float64Array): number[] {
  const list: number[] = [];
  for (let j = 0; j < numbers.length; j++) list.push(numbers[j]);
  return list;
}

function newModel({ name, nu }: RlsModel, features: number): RaceModel {
  return { name, rls: newRls(features, nu), mse: 0, n: 0, errors: new Float64Array(RECENT), refusals: 0 };
}

function isListed(racing: readonly RaceModel[], models: readonly RlsModel[]): boolean {
  if (racing.length !== models.length) return false;
  for (let m = 0; m < models.length; m++) {
    if (racing[m].name !== models[m].name || racing[m].rls.nu !== models[m].nu) return false;
  }
  return true;
}

function checkSize(models: number, features: number): void {
  const p = features + 1;
  const doubles = RECENT * p + models * (p + packedLength(p) + RECENT);
  if (doubles <= RACE_DOUBLES_MAX) return;
  throw new RecordError(
    "too-many-features",
    `expected a race of at most ${RACE_DOUBLES_MAX} numbers, got ${doubles} (${features} features, ${models} models): ` +
      "send fewer features or race fewer models",
  );
}
