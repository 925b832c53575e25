/**
 * The race of one series as live objects: the oracle of services/rls-racer/race.ts, which works on stored bytes where they lie
 * and must give the same results and the same numbers to the last bit.
 */

import type { RlsModel } from "../../../services/rls-racer/model-list.js";
import { refuseOtherFeatures } from "../../../shared/contract/features.js";
import type { CompleteObservation, RlsPrediction } from "../../../shared/contract/schemas.js";
import { RecordError } from "../../../shared/errors.js";
import { packedLength } from "../../../shared/models/rls.js";
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
} from "../../../shared/race/race.js";
import { isPositiveDefinite, learn, newRls, predict, type Rls } from "./rls.js";

/** Rows and errors that a race keeps for reading: the last ones, as in the notebook. */
export const RECENT = 10;

/**
 * Most doubles in one race: 800 kB, so that its changelog record stays below Kafka's usual 1 MB. Two models may have
 * about 310 features.
 */
export const RACE_DOUBLES_MAX = 100_000;

/** Refusals in a row, each of an observation that a new model would learn from, after which a model is reset to the prior. */
export const REFUSALS_MAX = 10;

/** One model in one series. */
export interface RaceModel extends Racer {
  /** Replaced only where the model is reset. */
  rls: Rls;
  /** A ring of the last {@link RECENT} errors y − ŷ: number k, from 0, is at k mod RECENT. */
  readonly errors: Float64Array;
  /** Consecutive refusals that are the model's own fault, not the observation's. */
  refusals: number;
  /** Sum S of squared errors in which older ones fade, S ← e² + 0.99 S: an error with which it would overflow is refused. */
  fading?: number;
}

/** State of one series of one input topic. */
export interface Race extends RaceState<RaceModel> {
  /** A ring of the last {@link RECENT} rows [y, x1, ..., xn]: row k, from 0, begins at (k mod RECENT)(n + 1). */
  readonly rows: Float64Array;
}

/** Why a model refused an observation; its state is then as it was. A closed set: it becomes a metric label. */
export type Refusal = ForecastRefusal | "update-not-finite";

/**
 * Why a model was reset to the prior. It keeps its score, since its forecasts were made. A closed set: it becomes a metric
 * label. `covariance-not-positive`: its V was read from a state of format 1 and was no longer positive definite.
 * `refusals-in-a-row`: it refused {@link REFUSALS_MAX} observations, because its coefficients have diverged.
 */
export type Reset = "covariance-not-positive" | "refusals-in-a-row";

/** What an observation leads to. */
export interface RlsRaceResult extends RaceResult<RlsPrediction> {
  /** Models that were reset; nearly always none. */
  readonly resets: readonly { readonly model: string; readonly reason: Reset }[];
}

/**
 * The race of a series that has no observation yet.
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
 * starts from the prior, with no score; one that is no longer listed is dropped; the others keep what they have. The last
 * ranking stays, so that a leader who still leads keeps its `since`.
 * @returns `race` itself where nothing changed
 * @throws {RecordError} `too-many-features`: with more models the race would pass {@link RACE_DOUBLES_MAX}
 */
export function withModels(race: Race, models: readonly RlsModel[]): Race {
  if (areConfigured(race.models, models, isSame)) return race;
  checkSize(models.length, race.features);
  const listed = configuredModels(race.models, models, isSame, (model) => newModel(model, race.features));
  return { ...race, models: listed };
}

/**
 * One observation: every model forecasts, is scored, learns; then the order is decided. `race` is changed in place, after
 * everything was checked.
 * @throws {RecordError} `features-changed`: the series had another number of features
 */
export function raceStep(race: Race, observation: CompleteObservation): RlsRaceResult {
  const { y, x } = observation;
  refuseOtherFeatures(race.features, x.length);
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
  return { predictions, resets, standings: countAndRank(race, race.models, observation) };
}

function modelStep(model: RaceModel, observation: CompleteObservation): RlsPrediction {
  const { y, x } = observation;
  const { rls, errors } = model;
  const yhat = predict(rls, x);
  const error = y - yhat;
  const mse = nextMse(model, error);
  const reason = refusalOf(yhat, mse);
  if (reason !== undefined) return refused(model, observation, reason);
  const fading = error * error + 0.99 * (model.fading ?? 0);
  if (!Number.isFinite(fading)) return refused(model, observation, "score-not-finite");
  if (!learn(rls, x, error)) return refused(model, observation, "update-not-finite");
  errors[model.n % RECENT] = error;
  model.mse = mse;
  model.fading = fading;
  model.n++;
  model.refusals = 0;
  const { topic, series, i } = observation;
  return { topic, series, model: model.name, i, n: model.n, y, yhat, error, mse, nu: rls.nu, beta: listOf(rls.beta) };
}

function refused(model: RaceModel, observation: CompleteObservation, reason: Refusal): RlsPrediction {
  const { nu } = model.rls;
  if (canBeLearned(observation, nu)) model.refusals++;
  return { ...refusedPrediction(model, observation, reason), nu, beta: null };
}

/** Whether a model that has seen nothing would be scored on an observation and learn from it: its forecast is 0. */
function canBeLearned({ y, x }: CompleteObservation, nu: number): boolean {
  return Number.isFinite(y * y) && learn(newRls(x.length, nu), x, y);
}

function reset(model: RaceModel, reason: Reset): { model: string; reason: Reset } {
  model.rls = newRls(model.rls.beta.length - 1, model.rls.nu);
  model.refusals = 0;
  return { model: model.name, reason };
}

/** As Array.from, which takes several times as long, since it uses the iterator. */
function listOf(numbers: Float64Array): number[] {
  const list: number[] = [];
  for (let j = 0; j < numbers.length; j++) list.push(numbers[j]);
  return list;
}

function newModel({ name, nu }: RlsModel, features: number): RaceModel {
  return { name, rls: newRls(features, nu), mse: 0, n: 0, errors: new Float64Array(RECENT), refusals: 0 };
}

function isSame(racing: RaceModel, { name, nu }: RlsModel): boolean {
  return racing.name === name && racing.rls.nu === nu;
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
