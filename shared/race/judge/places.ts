/**
 * The judge of one series as doubles, from a place `at` of an array that its race keeps. With K models in their order:
 *
 *   champion · since · baselines · mixture · K times: forecaster, regrets, pair
 *
 *   champion    place of the champion among the models
 *   since       i of the observation since which it reigns; NaN before the first scored observation
 *   baselines   y's learned · last y · mean of all y · forecasts scored and prequential mse of `last` · the same of `mean`
 *   mixture     largest squared regret B · prequential mse · forecaster
 *   forecaster  errors judged n · mean absolute error · fading sum S of squared errors · its weight N · running scale s of |e|
 *                 · half-width q in units of s · intervals shown · of these that held y
 *   regrets     R_k · V_k, see mixture.ts
 *   pair        evidence of the model as a challenger, see evidence.ts; all 0 of the champion
 *
 * The number of forecasts scored and the mse of a model are the race's own.
 */

/** No place: none of the models. */
export const NONE = -1;

/** Places of the judge's doubles, from its first one. */
export const CHAMPION = 0;
export const SINCE = 1;
export const BASELINES = 2;
export const MIXTURE = 9;
const MODELS = 19;

/** Places from the first of the baselines. */
export const LEARNED = 0;
export const LAST = 1;
export const MEAN = 2;
export const LAST_SCORE = 3;
export const MEAN_SCORE = 5;

/** Places from the first of the mixture. */
export const LARGEST_REGRET = 0;
export const MIXTURE_MSE = 1;
export const MIXTURE_FORECASTER = 2;

/** Places of a forecaster. */
export const JUDGED = 0;
export const MAE = 1;
export const FADING = 2;
export const FADING_WEIGHT = 3;
export const SCALE = 4;
export const WIDTH = 5;
export const SHOWN = 6;
export const HITS = 7;

/** Places of a model, from its first one: its forecaster comes first. */
export const REGRET = 8;
export const VARIATION = 9;
export const PAIR = 10;
export const PAIR_LENGTH = 17;
export const MODEL_LENGTH = PAIR + PAIR_LENGTH;

/** Half-width of a new forecaster's interval in units of its scale: that of 90 % for Gaussian errors, 1.645 / (2/π)^½. */
export const FIRST_WIDTH = 2.06;

/**
 * What is frozen of an observation when it is asked: champion's place, {@link NONE} where it is listed no longer; the mixture's
 * forecast and half-width; forecasts of `last` and `mean`; then K weights; then K half-widths. NaN is null. The models' forecasts
 * are kept by the race. A model that joined later has a weight of NaN.
 */
export const ASKED_CHAMPION = 0;
export const ASKED_MIXTURE = 1;
export const ASKED_MIXTURE_WIDTH = 2;
export const ASKED_LAST = 3;
export const ASKED_MEAN = 4;
export const ASKED_WEIGHTS = 5;

/** Forecasters besides the models: mixture, `last` and `mean`. What was scored of them is kept for a correction, in this order. */
export const COMPANIONS = 3;

/** Doubles of a judge of so many models. */
export function judgeLength(models: number): number {
  return MODELS + models * MODEL_LENGTH;
}

/** Doubles that are frozen of an observation. */
export function askedLength(models: number): number {
  return ASKED_WEIGHTS + 2 * models;
}

/** Where model `m` begins, of a judge that begins at `at`. */
export function modelAt(at: number, m: number): number {
  return at + MODELS + m * MODEL_LENGTH;
}

/** Where the mixture's forecaster begins. */
export function mixtureAt(at: number): number {
  return at + MIXTURE + MIXTURE_FORECASTER;
}

/** Where the half-width of model `m` is, of what is frozen at `askedAt`. */
export function askedWidthAt(askedAt: number, models: number, m: number): number {
  return askedAt + ASKED_WEIGHTS + models + m;
}

/** Makes a judge who has seen nothing of the doubles at a place, whatever they are. The first model is champion. */
export function newJudge(judge: Float64Array, at: number, models: number): void {
  judge.fill(0, at, at + judgeLength(models));
  judge[at + SINCE] = Number.NaN;
  judge[mixtureAt(at) + WIDTH] = FIRST_WIDTH;
  for (let m = 0; m < models; m++) judge[modelAt(at, m) + WIDTH] = FIRST_WIDTH;
}

/** What stands for the frozen values of a question that was asked before there was a judge: nothing is known of it. */
export function forgetAsked(asked: Float64Array, askedAt: number, models: number): void {
  asked.fill(Number.NaN, askedAt, askedAt + askedLength(models));
  asked[askedAt + ASKED_CHAMPION] = NONE;
}
