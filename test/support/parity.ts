/** How far a prediction may lie from scikit-learn's: not at all for trees, within rounding for least squares. */
import assert from "node:assert/strict";
import { type RaceRun, rootMeanSquare } from "./race-run.js";

/** Fails at the first value that is not the expected double; 0 and -0 are one number. */
export function assertBits(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length);
  const at = actual.findIndex((value, i) => value !== expected[i]);
  if (at >= 0) assert.fail(`${what}, record ${at}: expected ${expected[at]}, got ${actual[at]}`);
}

/** What least squares on each record's window amounts to. */
export interface LinearConditions {
  readonly y: readonly number[];
  readonly lin_kappa: readonly number[];
  readonly lin_edge: readonly number[];
}

/** Nearer to the cut than this, in decades, rounding alone decides whether a singular value counts. */
const EDGE_MIN = 1e-4;

/**
 * Least squares agree to about eps·(κ + κ²) for any backward-stable method, κ the condition number of what is kept; the
 * libraries under scikit-learn themselves differ from machine to machine by as much.
 * @returns the largest relative deviation of a prediction
 */
export function assertLinear(actual: RaceRun, expected: RaceRun, conditions: LinearConditions): number {
  assert.equal(actual.yhat.length, expected.yhat.length);
  const floor = 1e-3 * rootMeanSquare(conditions.y);
  let worst = 0;
  let worstTolerance = 0;
  expected.yhat.forEach((yhat, i) => {
    if (conditions.lin_edge[i] < EDGE_MIN) return;
    const tolerance = Math.max(1e-9, 1e-15 * conditions.lin_kappa[i] ** 2);
    worstTolerance = Math.max(worstTolerance, tolerance);
    const deviation = Math.abs(actual.yhat[i] - yhat) / Math.max(Math.abs(yhat), floor, Number.MIN_VALUE);
    worst = Math.max(worst, deviation);
    assert.ok(deviation <= tolerance, `record ${i}: expected ${yhat}, got ${actual.yhat[i]}`);
    const scoreDeviation = Math.abs(actual.mse[i] - expected.mse[i]) / Math.max(expected.mse[i], floor * floor);
    assert.ok(
      scoreDeviation <= worstTolerance,
      `mse after record ${i}: expected ${expected.mse[i]}, got ${actual.mse[i]}`,
    );
  });
  return worst;
}
