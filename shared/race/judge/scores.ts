/**
 * Scores of one forecaster besides its mean squared error, and skill against a baseline. Pure: doubles of the forecaster change.
 *
 *   mae     a ← a + (|e| − a)/n
 *   fading  S ← e² + φ S, N ← 1 + φ N, fading mse S/N                    [Gama, Sebastião, Rodrigues 2013, "On evaluating stream
 *                                                                         learning algorithms"]: of about the last 1/(1 − φ) errors
 */
import { FADING, FADING_WEIGHT, HITS, JUDGED, MAE, SHOWN } from "./places.js";

/** Whether the fading score stays finite with this error; otherwise the forecaster refuses the observation whole. */
export function isScorable(judge: Float64Array, forecaster: number, error: number, fading: number): boolean {
  return Number.isFinite(error * error + fading * judge[forecaster + FADING]);
}

/** Takes an error that {@link isScorable}. @param fading φ, in (0, 1) */
export function learnScores(judge: Float64Array, forecaster: number, error: number, fading: number): void {
  const n = ++judge[forecaster + JUDGED];
  judge[forecaster + MAE] += (Math.abs(error) - judge[forecaster + MAE]) / n;
  judge[forecaster + FADING] = error * error + fading * judge[forecaster + FADING];
  judge[forecaster + FADING_WEIGHT] = 1 + fading * judge[forecaster + FADING_WEIGHT];
}

/**
 * The y of a scored forecast was corrected: the plain mean follows, the fading score stays.
 *   a ← max(a + (|e'| − |e|)/n, 0), kept where that is not finite
 */
export function correctMae(judge: Float64Array, forecaster: number, error: number, corrected: number): void {
  const mae = judge[forecaster + MAE];
  const next = mae + (Math.abs(corrected) - Math.abs(error)) / judge[forecaster + JUDGED];
  if (Number.isFinite(next)) judge[forecaster + MAE] = Math.max(next, 0);
}

/** Mean absolute error, in y's unit; undefined before the first error. */
export function maeOf(judge: Float64Array, forecaster: number): number | undefined {
  return judge[forecaster + JUDGED] === 0 ? undefined : judge[forecaster + MAE];
}

/** Fading mean squared error, in the square of y's unit; undefined before the first error. */
export function fadingOf(judge: Float64Array, forecaster: number): number | undefined {
  const weight = judge[forecaster + FADING_WEIGHT];
  return weight === 0 ? undefined : judge[forecaster + FADING] / weight;
}

/** Share of the intervals shown that held y; undefined where none was shown. */
export function coverageOf(judge: Float64Array, forecaster: number): number | undefined {
  const shown = judge[forecaster + SHOWN];
  return shown === 0 ? undefined : judge[forecaster + HITS] / shown;
}

/**
 * 1 − mse/mse of a baseline: 1 of a perfect forecaster, 0 of one that is as good as the baseline, below 0 of one that is worse.
 * @param mse  undefined before the first score
 * @returns undefined where one of them is not known, or the baseline makes no errors
 */
export function skillOf(mse: number | undefined, baseline: number | undefined): number | undefined {
  if (mse === undefined || baseline === undefined || baseline === 0) return undefined;
  const skill = 1 - mse / baseline;
  return Number.isFinite(skill) ? skill : undefined;
}
