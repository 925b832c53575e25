/** What every race has, whatever its models are: their list, their predictions and their order. Pure. */
import type { Observation, Prediction, Standings } from "../contract/schemas.js";
import type { Best, Verdict } from "../contract/verdict-schemas.js";
import { type Contestant, prequentialMse, type Ranking, rank, standingsOf } from "./score.js";

/** What results need of the observation that they are of. */
export type ObservationHead = Pick<Observation, "topic" | "series" | "i" | "y">;

/** One model in one series. */
export interface Racer extends Contestant {
  /** Prequential mean squared error over `n` forecasts; 0 while `n` is 0. */
  mse: number;
  /** Observations scored: those of the series but the ones that the model refused. */
  n: number;
}

/** State of the race of one series. */
export interface RaceState<M extends Racer> {
  /** Number of features, the same for every observation of a series. */
  readonly features: number;
  /** Observations so far. */
  count: number;
  /** As configured. */
  readonly models: readonly M[];
  /** The order decided last; undefined before the first observation. */
  ranking: Ranking | undefined;
}

/** What an observation leads to in every race. */
export interface RaceResult<P extends Prediction = Prediction> {
  /** One per model, in their order. */
  readonly predictions: readonly P[];
  /** Undefined where the order has not changed. */
  readonly standings: Standings | undefined;
  /** Undefined where none is asked for. */
  readonly best?: Best | undefined;
  /** Undefined where none is due. */
  readonly verdict?: Verdict | undefined;
  /** Models that start from nothing after refusals in a row that were their own fault. */
  readonly modelsReset?: readonly string[];
}

/** Why a forecast cannot be scored: it is not finite, or the mean of the squared errors would not be. */
export type ForecastRefusal = "forecast-not-finite" | "score-not-finite";

/** The score that a model would have with this forecast. Not finite where {@link refusalOf} refuses it. */
export function nextMse({ mse, n }: Racer, error: number): number {
  return prequentialMse(mse, error, n + 1);
}

/**
 * Why a forecast is refused; undefined where it can be scored.
 * @param mse {@link nextMse} of its error
 */
export function refusalOf(yhat: number, mse: number): ForecastRefusal | undefined {
  if (!Number.isFinite(yhat)) return "forecast-not-finite";
  return Number.isFinite(mse) ? undefined : "score-not-finite";
}

/** The prediction of a model that refuses an observation. The model is not changed. */
export function refusedPrediction(
  { name, n }: Racer,
  { topic, series, i, y }: ObservationHead,
  reason: string,
): Prediction {
  return { topic, series, model: name, i, n, y, yhat: null, error: null, mse: null, reason };
}

/**
 * Whether the models of a race are those that are configured, in that order. Asked at every record, so it allocates nothing.
 * @param isSame whether a model in the race is the configured one; names alone may not say so
 */
export function areConfigured<M, C>(
  racing: readonly M[],
  configured: readonly C[],
  isSame: (racing: M, configured: C) => boolean,
): boolean {
  if (racing.length !== configured.length) return false;
  for (let m = 0; m < configured.length; m++) if (!isSame(racing[m], configured[m])) return false;
  return true;
}

/**
 * The models that are configured, in their order: those of them that race already keep their score, the others are new. A model
 * that is configured no longer is dropped.
 */
export function configuredModels<M, C>(
  racing: readonly M[],
  configured: readonly C[],
  isSame: (racing: M, configured: C) => boolean,
  newModel: (configured: C) => M,
): readonly M[] {
  return configured.map((wanted) => racing.find((model) => isSame(model, wanted)) ?? newModel(wanted));
}

/**
 * Counts an observation and decides the order after it.
 * @param contestants the race's models, as the order is to see them
 * @returns standings where the order has changed
 */
export function countAndRank<M extends Racer>(
  race: RaceState<M>,
  contestants: readonly Contestant[],
  observation: ObservationHead,
): Standings | undefined {
  race.count++;
  const ranking = rank(race.ranking, contestants, observation.i);
  if (ranking === race.ranking) return undefined;
  race.ranking = ranking;
  return standingsOf(observation, race.count, ranking, contestants);
}

/** How `/state/race/<key>` shows a race, under the notebook's names. What a service has besides follows it. */
export function raceHead<M extends Racer>({ features, count, ranking }: RaceState<M>) {
  return {
    features,
    N: count,
    leader: ranking?.order[0] ?? null,
    since: ranking?.since ?? null,
    order: ranking?.order ?? [],
  };
}
