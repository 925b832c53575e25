/** The features of a series: their number never changes, and with the target they are a row. */
import { RecordError } from "../errors.js";
import type { CompleteObservation } from "./schemas.js";

/**
 * Refuses an observation with another number of features than its series has. To be called before anything is changed.
 * @param expected number of features of the series
 * @param got      number of features of the observation
 * @param since    ends "expected 2 features": how the series came to have them
 * @throws {RecordError} `features-changed`
 */
export function refuseOtherFeatures(expected: number, got: number, since = " as before"): void {
  if (got === expected) return;
  throw new RecordError("features-changed", `expected ${expected} features${since}, got ${got}`);
}

/** The refusal of a series' first record that has no features: all have as many as that one. */
export function noFeatures(): RecordError {
  return new RecordError("no-features", "expected the first record of a series to have features, got none");
}

/** The row `[y, x1, ..., xn]` of an observation, in an array of its own. */
export function rowOf({ y, x }: CompleteObservation): Float64Array {
  const row = new Float64Array(x.length + 1);
  row[0] = y;
  for (let j = 0; j < x.length; j++) row[j + 1] = x[j];
  return row;
}
