/**
 * The score of a race: every model's mean squared error of the forecasts it made before it learned (test, then train),
 * and the order of the models that follows from it. Pure.
 */
import type { Standings } from "../contract/schemas.js";

/** A model in the race as its score sees it. */
export interface Contestant {
  readonly name: string;
  /** Prequential mean squared error over `n` forecasts, in the square of y's unit; meaningless while `n` is 0. */
  readonly mse: number;
  /** Forecasts scored so far. */
  readonly n: number;
}

/** The order of a series' models, as decided last. */
export interface Ranking {
  /** Names, best first; never empty. The first leads. */
  readonly order: readonly string[];
  /** i of the observation since which the leader leads. */
  readonly since: number;
}

/**
 * One step of the prequential mean squared error:
 *   mse_N = mse_{N-1} + (e_N² − mse_{N-1}) / N        [Dawid 1984, "prequential analysis"; the running mean of e²]
 * @param mse   over the forecasts before this one; 0 where there was none
 * @param error y − ŷ of the forecast made before learning
 * @param n     N, the number of forecasts with this one; from 1
 * @returns not finite where e² overflows: the caller must check before it keeps it
 */
export function prequentialMse(mse: number, error: number, n: number): number {
  return mse + (error * error - mse) / n;
}

/**
 * The prequential mean squared error after the y of one forecast was corrected: the plain mean follows, what was learned stays. With
 * e of the y before and e' of the y' after it
 *   mse ← max(mse + (e'² − e²)/n, 0), kept where that is not finite
 * @param n forecasts scored, from 1
 */
export function correctedMse(mse: number, n: number, error: number, corrected: number): number {
  const next = mse + (corrected * corrected - error * error) / n;
  return Number.isFinite(next) ? Math.max(next, 0) : mse;
}

/**
 * Decides the order after an observation: by mse, ties in the order of `models`, models never scored last.
 * @param before the order decided last, undefined for a new series
 * @param models as configured, at least one, names distinct
 * @param i      i of the observation
 * @returns `before` itself where the order is the same, so that `ranking !== before` says that standings are to be written
 */
export function rank(before: Ranking | undefined, models: readonly Contestant[], i: number): Ranking {
  if (before !== undefined && stillHolds(before.order, models)) return before;
  const order = [...models].sort(compareScores).map((model) => model.name);
  return { order, since: before !== undefined && before.order[0] === order[0] ? before.since : i };
}

/**
 * What is published when the order has changed.
 * @param at     raw topic, series and i of the observation that decided it
 * @param n      observations of the series so far
 * @param models those that `ranking` was decided for
 */
export function standingsOf(
  at: { readonly topic: string; readonly series: string; readonly i: number },
  n: number,
  ranking: Ranking,
  models: readonly Contestant[],
): Standings {
  const { topic, series, i } = at;
  const ordered = [...models].sort(compareScores);
  return {
    topic,
    series,
    i,
    n,
    leader: ordered[0].name,
    since: ranking.since,
    models: ordered.map((model) => ({ model: model.name, mse: model.n === 0 ? null : model.mse })),
  };
}

/** Negative where `a` is better; 0 for a tie, which a stable sort leaves as configured. */
function compareScores(a: Contestant, b: Contestant): number {
  if (a.n === 0 || b.n === 0) return Number(a.n === 0) - Number(b.n === 0);
  return a.mse - b.mse;
}

/** Whether sorting `models` gives `order`: asked at every record, so it neither sorts nor allocates. */
function stillHolds(order: readonly string[], models: readonly Contestant[]): boolean {
  if (order.length !== models.length) return false;
  let ahead = -1;
  for (const name of order) {
    const place = placeOf(name, models);
    if (place === -1) return false;
    if (ahead !== -1) {
      const compared = compareScores(models[ahead], models[place]);
      if (compared > 0 || (compared === 0 && ahead >= place)) return false;
    }
    ahead = place;
  }
  return true;
}

function placeOf(name: string, models: readonly Contestant[]): number {
  for (let m = 0; m < models.length; m++) if (models[m].name === name) return m;
  return -1;
}
