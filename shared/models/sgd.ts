/**
 * A linear model that takes a step against the gradient of the squared error at each observation, on features scaled by what they
 * were so far: River 0.26.1's StandardScaler() | LinearRegression().
 *   per feature, from the new x:  o = m;  m ← o + (x − o)/n;  v ← v + ((x − o)(x − m) − v)/n   [Welford 1962]
 *   z = (x − m)/√v, 0 where v is 0;  ŷ = w·z + c
 *   g = 2 (ŷ − y), within ±10¹²;  c ← c − η g;  w ← w − η g z
 * It learns with m and v of the observation at hand, and forecasts with those of the ones before. With more than 1/η features of
 * equal weight a step overshoots.
 *
 * Its doubles: η · observations learned · c · for each feature m, v, w.
 */
import { positiveParameter } from "./parameters.js";
import type { RecursiveKind } from "./recursive-kind.js";

const GRADIENT_MAX = 1e12;

const RATE = 0;
const LEARNED = 1;
const INTERCEPT = 2;
const FEATURES = 3;
/** Places of a feature's doubles. */
const MEAN = 0;
const VARIANCE = 1;
const WEIGHT = 2;
const FEATURE_LENGTH = 3;

/** `sgd` in a list of models. */
export const sgd: RecursiveKind<"lr"> = {
  doc: "gradient descent for a linear model, on scaled features: River's StandardScaler and LinearRegression",
  parameters: { lr: positiveParameter(0.01, "step against the gradient") },
  length: (_, p) => FEATURES + FEATURE_LENGTH * (p - 1),
  forecast(doubles, at, p, x) {
    let sum = 0;
    for (let j = 1, k = at + FEATURES; j < p; j++, k += FEATURE_LENGTH)
      sum += doubles[k + WEIGHT] * scaled(x[j], doubles[k + MEAN], doubles[k + VARIANCE]);
    return sum + doubles[at + INTERCEPT];
  },
  learn(doubles, at, p, x, y) {
    const n = doubles[at + LEARNED] + 1;
    const next = scratchFor(FEATURE_LENGTH * (p - 1));
    let sum = 0;
    for (let j = 1, k = 0; j < p; j++, k += FEATURE_LENGTH) {
      const own = at + FEATURES + k;
      const before = doubles[own + MEAN];
      const mean = before + (x[j] - before) / n;
      const variance = doubles[own + VARIANCE] + ((x[j] - before) * (x[j] - mean) - doubles[own + VARIANCE]) / n;
      next[k + MEAN] = mean;
      next[k + VARIANCE] = variance;
      next[k + WEIGHT] = scaled(x[j], mean, variance);
      sum += doubles[own + WEIGHT] * next[k + WEIGHT];
    }
    const slope = 2 * (sum + doubles[at + INTERCEPT] - y);
    const gradient = Math.max(-GRADIENT_MAX, Math.min(GRADIENT_MAX, slope));
    const rate = doubles[at + RATE];
    const intercept = doubles[at + INTERCEPT] - rate * gradient;
    // v − v is 0 for a finite v and NaN for any other, so one sum checks all of them.
    let probe = intercept - intercept;
    for (let j = 1, k = 0; j < p; j++, k += FEATURE_LENGTH) {
      next[k + WEIGHT] = doubles[at + FEATURES + k + WEIGHT] - rate * (gradient * next[k + WEIGHT]);
      for (let place = k; place < k + FEATURE_LENGTH; place++) probe += next[place] - next[place];
    }
    if (probe !== 0) return false;
    doubles[at + LEARNED] = n;
    doubles[at + INTERCEPT] = intercept;
    for (let k = 0; k < FEATURE_LENGTH * (p - 1); k++) doubles[at + FEATURES + k] = next[k];
    return true;
  },
};

function scaled(x: number, mean: number, variance: number): number {
  return variance === 0 ? 0 : (x - mean) / Math.sqrt(variance);
}

/** Working memory of learning; nothing in it is kept between calls. It grows to the most features so far. */
let scratch = new Float64Array(0);

function scratchFor(length: number): Float64Array {
  if (scratch.length < length) scratch = new Float64Array(length);
  return scratch;
}
