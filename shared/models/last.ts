/**
 * The y that was learned m learned observations ago, 0 while there are fewer: for m = 1 the naive forecast, else the seasonal naive
 * one of a season of m records [R. Hyndman, G. Athanasopoulos: Forecasting: Principles and Practice, 5.2].
 *
 * Its doubles: m · observations learned · a ring of m targets: number k, from 0, is at k mod m.
 */
import { integerParameter } from "./parameters.js";
import type { RecursiveKind } from "./recursive-kind.js";

/** Most records of a season: it is part of the state, which ml-racer writes with every record. */
const LAG_MAX = 2_000;

const LAG = 0;
const LEARNED = 1;
const RING = 2;

/** `last` in a list of models. */
export const last: RecursiveKind<"lag"> = {
  doc: "the target of so many records ago, 0 before that",
  parameters: { lag: integerParameter(1, 1, LAG_MAX, "records") },
  length: ({ lag }) => RING + lag,
  forecast(doubles, at) {
    return doubles[placeOf(doubles, at)];
  },
  learn(doubles, at, _p, _x, y) {
    doubles[placeOf(doubles, at)] = y;
    doubles[at + LEARNED]++;
    return true;
  },
};

/** Where the oldest target is, or a 0 while there are fewer; the next one takes its place. */
function placeOf(doubles: Float64Array, at: number): number {
  return at + RING + (doubles[at + LEARNED] % doubles[at + LAG]);
}
