/**
 * The baselines of every race: `last` forecasts the y learned last, `mean` the mean of all y learned, m ← m + (y − m)/n. Both
 * forecast 0 before the first y. Pure: doubles of the judge change.
 */
import { correctedMse, prequentialMse } from "../score.js";
import { BASELINES, LAST, LAST_SCORE, LEARNED, MEAN, MEAN_SCORE } from "./places.js";

/** Places of a baseline's score. */
const N = 0;
const MSE = 1;

/** What `last` forecasts now. */
export function lastOf(judge: Float64Array, at: number): number {
  return judge[at + BASELINES + LAST];
}

/** What `mean` forecasts now. */
export function meanOf(judge: Float64Array, at: number): number {
  return judge[at + BASELINES + MEAN];
}

/** Prequential mse of `last`; undefined before its first score. */
export function lastMse(judge: Float64Array, at: number): number | undefined {
  return mseOf(judge, at + BASELINES + LAST_SCORE);
}

/** Prequential mse of `mean`; undefined before its first score. */
export function meanMse(judge: Float64Array, at: number): number | undefined {
  return mseOf(judge, at + BASELINES + MEAN_SCORE);
}

/** Forecasts of `last` that were scored. */
export function lastScored(judge: Float64Array, at: number): number {
  return judge[at + BASELINES + LAST_SCORE + N];
}

/** Forecasts of `mean` that were scored. */
export function meanScored(judge: Float64Array, at: number): number {
  return judge[at + BASELINES + MEAN_SCORE + N];
}

/** Scores the forecast of `last` as it was asked. @returns whether it was scored */
export function scoreLast(judge: Float64Array, at: number, error: number): boolean {
  return score(judge, at + BASELINES + LAST_SCORE, error);
}

/** As {@link scoreLast}, of `mean`. */
export function scoreMean(judge: Float64Array, at: number, error: number): boolean {
  return score(judge, at + BASELINES + MEAN_SCORE, error);
}

/** The y of scored forecasts was corrected, see {@link correctedMse}. Errors are NaN where there is none. */
export function correctBaselines(
  judge: Float64Array,
  at: number,
  last: { readonly error: number; readonly corrected: number },
  mean: { readonly error: number; readonly corrected: number },
): void {
  correct(judge, at + BASELINES + LAST_SCORE, last.error, last.corrected);
  correct(judge, at + BASELINES + MEAN_SCORE, mean.error, mean.corrected);
}

/** Both learn y. A mean that would not be finite stays. */
export function learnBaselines(judge: Float64Array, at: number, y: number): void {
  const baselines = at + BASELINES;
  const n = ++judge[baselines + LEARNED];
  judge[baselines + LAST] = y;
  const mean = judge[baselines + MEAN] + (y - judge[baselines + MEAN]) / n;
  if (Number.isFinite(mean)) judge[baselines + MEAN] = mean;
}

function mseOf(judge: Float64Array, score: number): number | undefined {
  return judge[score + N] === 0 ? undefined : judge[score + MSE];
}

function score(judge: Float64Array, at: number, error: number): boolean {
  const mse = prequentialMse(judge[at + MSE], error, judge[at + N] + 1);
  if (!Number.isFinite(mse)) return false;
  judge[at + N]++;
  judge[at + MSE] = mse;
  return true;
}

function correct(judge: Float64Array, at: number, error: number, corrected: number): void {
  if (Number.isNaN(error) || judge[at + N] === 0) return;
  judge[at + MSE] = correctedMse(judge[at + MSE], judge[at + N], error, corrected);
}
