/**
 * Holt's linear trend, whatever the features are: level l and trend b, with smoothing factors α and β in [0, 1].
 *   ŷ = l + b, 0 before the first y;  at the first: l = y, b = 0
 *   l' = α y + (1 − α)(l + b);  b ← β (l' − l) + (1 − β) b;  l ← l'
 * β = 0 is simple exponential smoothing. C. Holt: Forecasting seasonals and trends by exponentially weighted moving averages, 1957,
 * reprinted in International Journal of Forecasting 20(1), 2004.
 *
 * Its doubles: α · β · observations learned · l · b.
 */
import { rangeParameter } from "./parameters.js";
import type { RecursiveKind } from "./recursive-kind.js";

const ALPHA = 0;
const BETA = 1;
const LEARNED = 2;
const LEVEL = 3;
const TREND = 4;

/** `holt` in a list of models. */
export const holt: RecursiveKind<"alpha" | "beta"> = {
  doc: "Holt's linear trend of the targets",
  parameters: {
    alpha: rangeParameter(0.3, 0, 1, "share of a new target in the level"),
    beta: rangeParameter(0.1, 0, 1, "share of a new step in the trend; 0 is simple exponential smoothing"),
  },
  length: () => TREND + 1,
  forecast: (doubles, at) => doubles[at + LEVEL] + doubles[at + TREND],
  learn(doubles, at, _p, _x, y) {
    let level = y;
    let trend = 0;
    if (doubles[at + LEARNED] > 0) {
      const alpha = doubles[at + ALPHA];
      const beta = doubles[at + BETA];
      level = alpha * y + (1 - alpha) * (doubles[at + LEVEL] + doubles[at + TREND]);
      trend = beta * (level - doubles[at + LEVEL]) + (1 - beta) * doubles[at + TREND];
    }
    if (!Number.isFinite(level) || !Number.isFinite(trend)) return false;
    doubles[at + LEARNED]++;
    doubles[at + LEVEL] = level;
    doubles[at + TREND] = trend;
    return true;
  },
};
