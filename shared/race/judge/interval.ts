/**
 * Intervals by tracking the quantile of scaled errors [Angelopoulos, Candès, Tibshirani 2023, "Conformal PID control", its P part;
 * Gibbs, Candès 2021]: the share that misses comes to 1 − coverage whatever the data, since every miss widens what comes next. One
 * tracker a forecaster. Pure: doubles of the forecaster change.
 */
import { HITS, JUDGED, SCALE, SHOWN, WIDTH } from "./places.js";
import { scaleStep } from "./scale.js";

/** Errors of a forecaster before its first interval is shown. */
export const WARM = 20;

/** Step of the tracked quantile, in units of the scale. */
const STEP = 0.05;

/** Least share of a new error in the running scale. */
const SCALE_RATE = 0.05;

/**
 * The half-width h = q s of the interval [ŷ − h, ŷ + h] that is shown now.
 * @param yhat ŷ; NaN where there is none
 * @returns NaN where none is shown: there is no forecast, there were fewer than {@link WARM} errors, or an end is not finite
 */
export function widthOf(judge: Float64Array, forecaster: number, yhat: number): number {
  if (Number.isNaN(yhat) || judge[forecaster + JUDGED] < WARM) return Number.NaN;
  const width = judge[forecaster + WIDTH] * judge[forecaster + SCALE];
  return Number.isFinite(yhat - width) && Number.isFinite(yhat + width) ? width : Number.NaN;
}

/**
 * Learns from an error whose score was learned before. Where an interval was shown
 *   q ← max(q + 0.05 ([y outside] − miss), 0)
 * and s follows |e| in any case.
 * @param yhat  ŷ as it was asked
 * @param width half-width as it was asked; NaN where none was shown
 * @param miss  share that may miss, in (0, 1)
 */
export function learnInterval(
  judge: Float64Array,
  forecaster: number,
  y: number,
  yhat: number,
  width: number,
  miss: number,
): void {
  if (!Number.isNaN(width)) {
    const hit = yhat - width <= y && y <= yhat + width;
    judge[forecaster + SHOWN]++;
    if (hit) judge[forecaster + HITS]++;
    judge[forecaster + WIDTH] = Math.max(judge[forecaster + WIDTH] + STEP * ((hit ? 0 : 1) - miss), 0);
  }
  const scale = judge[forecaster + SCALE];
  judge[forecaster + SCALE] = scaleStep(scale, Math.abs(y - yhat), judge[forecaster + JUDGED], SCALE_RATE);
}
