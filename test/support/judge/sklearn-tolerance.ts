/** How far a prediction may lie from scikit-learn's: not at all for trees, within rounding for least squares. */
import assert from "node:assert/strict";
import { rootMeanSquare } from "../data/model-replay.js";

/** Fails at the first value that is not the expected double; 0 and -0 are one number. */
export function assertBits(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length);
  const at = actual.findIndex((value, i) => value !== expected[i]);
  if (at >= 0) assert.fail(`${what}, record ${at}: expected ${expected[at]}, got ${actual[at]}`);
}

/** What least squares on each record's window amounts to. */
export interface LinearConditions {
  readonly y: readonly number[];
  /** Condition number of the part of the data that is kept. */
  readonly lin_kappa: readonly number[];
  /** Decades between the cut and the singular value nearest to it. */
  readonly lin_edge: readonly number[];
  /** Sum of the magnitudes that are added up to the prediction; 0 where not told. */
  readonly lin_scale?: readonly number[];
  /** How far a prediction moves, at most, beside the targets: their size by that of the query, over the least singular value. */
  readonly lin_reach?: readonly number[];
}

/** Nearer to the cut than this, in decades, rounding alone decides whether a singular value counts. */
const EDGE_MIN = 1e-4;

/** Rounding of what a prediction is made of, relative to its size. */
const SUM_ROUNDING = 1e-14;

/** What two backward-stable methods may differ by: the libraries under scikit-learn differ by as much between machines. */
export function linearTolerance(kappa: number): number {
  return Math.max(1e-9, 1e-15 * kappa ** 2);
}

/** Scale of a stream below which deviations count as absolute. */
export function deviationFloor(y: readonly number[]): number {
  return Math.max(1e-3 * rootMeanSquare(y), Number.MIN_VALUE);
}

/**
 * Compares predictions of least squares within {@link linearTolerance}.
 * @returns the largest relative deviation
 */
export function assertLinear(
  actual: readonly number[],
  expected: readonly number[],
  conditions: LinearConditions,
): number {
  assert.equal(actual.length, expected.length);
  const floor = deviationFloor(conditions.y);
  let worst = 0;
  expected.forEach((yhat, i) => {
    if (conditions.lin_edge[i] < EDGE_MIN) return;
    const deviation = Math.abs(actual[i] - yhat);
    const scale = Math.max(Math.abs(yhat), floor);
    const rounded = (conditions.lin_scale?.[i] ?? 0) + (conditions.lin_reach?.[i] ?? 0);
    const allowed = linearTolerance(conditions.lin_kappa[i]) * scale + SUM_ROUNDING * rounded;
    worst = Math.max(worst, deviation / scale);
    assert.ok(deviation <= allowed, `record ${i}: expected ${yhat}, got ${actual[i]}`);
  });
  return worst;
}

/** Compares running errors of least squares: each is as exact as the least exact prediction so far. */
export function assertLinearScore(
  actual: readonly number[],
  expected: readonly number[],
  conditions: LinearConditions,
): void {
  assert.equal(actual.length, expected.length);
  const floor = deviationFloor(conditions.y) ** 2;
  let tolerance = 0;
  expected.forEach((mse, i) => {
    tolerance = Math.max(tolerance, linearTolerance(conditions.lin_kappa[i]));
    const deviation = Math.abs(actual[i] - mse) / Math.max(mse, floor);
    assert.ok(deviation <= tolerance, `mse after record ${i}: expected ${mse}, got ${actual[i]}`);
  });
}

/** What least squares with a penalty on each record's window amounts to. */
export interface RidgeConditions {
  /** Condition number of the penalised equations, which scikit-learn solves as they are. */
  readonly ridge_kappa: readonly number[];
  /** Sum of the magnitudes that are added up to the prediction. */
  readonly ridge_scale: readonly number[];
}

/** What rounding does to the solution of equations, relative to their condition number. */
const EQUATIONS_ROUNDING = 1e-14;

/**
 * Compares predictions of ridge to 1e-9, and beyond that within what scikit-learn's own equations are exact to.
 * @returns the largest deviation, as a share of a prediction, or of 1 where it is smaller
 */
export function assertRidge(
  actual: readonly number[],
  expected: readonly number[],
  conditions: RidgeConditions,
): number {
  assert.equal(actual.length, expected.length);
  let worst = 0;
  expected.forEach((yhat, i) => {
    const scale = Math.max(1, Math.abs(yhat));
    const deviation = Math.abs(actual[i] - yhat);
    const exact = 1e-9 + EQUATIONS_ROUNDING * conditions.ridge_kappa[i];
    worst = Math.max(worst, deviation / scale);
    assert.ok(
      deviation <= exact * scale + SUM_ROUNDING * conditions.ridge_scale[i],
      `record ${i}: expected ${yhat}, got ${actual[i]}`,
    );
  });
  return worst;
}

/** Which rows a query's neighbours are. */
export interface NeighbourConditions {
  /** Whether the last row that counts and the first that does not are equally distant, but for rounding. */
  readonly knn_tie: readonly boolean[];
}

/**
 * Compares means over neighbours to 1e-9.
 * @param withTies whether they have to agree on which of equally distant rows count
 * @returns what was compared, in words
 */
export function assertNeighbours(
  actual: readonly number[],
  expected: readonly number[],
  { knn_tie: ties }: NeighbourConditions,
  withTies: boolean,
): string {
  const isCompared = (_: unknown, i: number) => withTies || !ties[i];
  const worst = assertNear(actual.filter(isCompared), expected.filter(isCompared), 1e-9, "yhat");
  const tied = ties.filter(Boolean).length;
  return `largest deviation ${worst.toExponential(1)}, ${tied} ties ${withTies ? "equal" : "not compared"}`;
}

/**
 * Fails where a value lies further from the expected one than this share of its size, or of 1 where it is smaller.
 * @returns the largest deviation, as such a share
 */
export function assertNear(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): number {
  assert.equal(actual.length, expected.length, what);
  let worst = 0;
  expected.forEach((value, i) => {
    const deviation = Math.abs(actual[i] - value) / Math.max(1, Math.abs(value));
    assert.ok(deviation <= tolerance, `${what}, record ${i}: expected ${value}, got ${actual[i]}`);
    worst = Math.max(worst, deviation);
  });
  return worst;
}
