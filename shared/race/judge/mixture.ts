/**
 * The mixture of the models' forecasts: ML-Poly with the gradient trick [Gaillard, Stoltz, van Erven 2014, "A second-order bound
 * with excess losses", figure 2; the default of R's opera], for models that may refuse, with forgetting. No learning rate is set,
 * weights of bad models become exactly 0. Pure: doubles of the judge change.
 */
import { LARGEST_REGRET, MIXTURE, modelAt, REGRET, VARIATION } from "./places.js";

/**
 * Weights of the models and the mixture's forecast:
 *   w_k = R_k/(B + V_k) where model k has a forecast and R_k > 0, else 0; divided by their sum; all equal where that is 0
 *   ŷ = Σ w_k f_k
 * @param forecasts f, from `forecastsAt`: NaN where a model has none
 * @param weights   where the weights go, from `weightsAt`
 * @returns ŷ; NaN where no model has a forecast, or it is not finite
 */
export function weigh(
  judge: Float64Array,
  at: number,
  models: number,
  forecasts: Float64Array,
  forecastsAt: number,
  weights: Float64Array,
  weightsAt: number,
): number {
  const largest = judge[at + MIXTURE + LARGEST_REGRET];
  let awake = 0;
  let sum = 0;
  for (let k = 0; k < models; k++) {
    const isAwake = !Number.isNaN(forecasts[forecastsAt + k]);
    if (isAwake) awake++;
    const model = modelAt(at, k);
    const regret = judge[model + REGRET];
    const weight = isAwake && regret > 0 ? regret / (largest + judge[model + VARIATION]) : 0;
    weights[weightsAt + k] = weight;
    sum += weight;
  }
  const isWeighed = sum > 0 && Number.isFinite(sum);
  let yhat = 0;
  for (let k = 0; k < models; k++) {
    const forecast = forecasts[forecastsAt + k];
    const isAwake = !Number.isNaN(forecast);
    const weight = isWeighed ? weights[weightsAt + k] / sum : isAwake ? 1 / awake : 0;
    weights[weightsAt + k] = weight;
    if (isAwake) yhat += weight * forecast;
  }
  return awake > 0 && Number.isFinite(yhat) ? yhat : Number.NaN;
}

/**
 * Learns who would have been better than the mixture, with the linearised regret r_k = 2 (ŷ − y)(ŷ − f_k), 0 where model k was not
 * scored:
 *   B ← max(φ B, r_1², ..., r_K²);  R_k ← φ R_k + r_k;  V_k ← φ V_k + r_k²
 * Nothing changes where one of them would not be finite.
 * @param yhat   ŷ, the mixture's forecast as it was asked
 * @param scored f, from `scoredAt`: NaN where a model was not scored
 * @param phi    φ, in (0, 1]
 */
export function learnRegrets(
  judge: Float64Array,
  at: number,
  models: number,
  yhat: number,
  y: number,
  scored: Float64Array,
  scoredAt: number,
  phi: number,
): void {
  const slope = 2 * (yhat - y);
  let largest = phi * judge[at + MIXTURE + LARGEST_REGRET];
  for (let k = 0; k < models; k++) {
    const model = modelAt(at, k);
    const r = regretOf(slope, yhat, scored[scoredAt + k]);
    largest = Math.max(largest, r * r);
    if (!Number.isFinite(phi * judge[model + REGRET] + r)) return;
    if (!Number.isFinite(phi * judge[model + VARIATION] + r * r)) return;
  }
  judge[at + MIXTURE + LARGEST_REGRET] = largest;
  for (let k = 0; k < models; k++) {
    const model = modelAt(at, k);
    const r = regretOf(slope, yhat, scored[scoredAt + k]);
    judge[model + REGRET] = phi * judge[model + REGRET] + r;
    judge[model + VARIATION] = phi * judge[model + VARIATION] + r * r;
  }
}

function regretOf(slope: number, yhat: number, forecast: number): number {
  return Number.isNaN(forecast) ? 0 : slope * (yhat - forecast);
}
