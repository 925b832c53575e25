/** A kind of model that learns from one observation at a time, and keeps what it needs for that: doubles in an array of others. */
import type { Kind } from "./kind.js";

/** Refusals in a row, each of an observation that a new model would learn from, after which a model starts from nothing. */
export const REFUSALS_MAX = 10;

/**
 * A kind of recursive model. Its state is doubles from a place `at` on: its hyper-parameters, in their order, then what it has
 * learned. So it is worked on where it is kept, whoever keeps it. `x` are p regressors: x[0] = 1, then the features; what follows is
 * not read.
 */
export interface RecursiveKind<P extends string = string> extends Kind<P> {
  /** Doubles of a state. @param p regressors, from 2 */
  length(parameters: Readonly<Record<P, number>>, p: number): number;
  /** Writes what is not 0 before the first observation, beside the hyper-parameters. The first forecast is 0. */
  prior?(doubles: Float64Array, at: number, p: number): void;
  /** @returns the forecast, in the unit of y; not finite where the arithmetic of doubles overflows */
  forecast(doubles: Float64Array, at: number, p: number, x: Float64Array): number;
  /**
   * Learns from an observation.
   * @param y finite
   * @returns false where a number of the new state would not be finite; the state is then as it was
   */
  learn(doubles: Float64Array, at: number, p: number, x: Float64Array, y: number): boolean;
}

/** Makes a model before its first observation, of whatever the doubles are. */
export function beginModel(
  kind: RecursiveKind,
  doubles: Float64Array,
  at: number,
  p: number,
  parameters: Readonly<Record<string, number>>,
): void {
  doubles.fill(0, at, at + kind.length(parameters, p));
  for (const [k, name] of Object.keys(kind.parameters).entries()) doubles[at + k] = parameters[name];
  kind.prior?.(doubles, at, p);
}

/** The hyper-parameters of the model at `at`. */
export function parametersAt(kind: RecursiveKind, doubles: Float64Array, at: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.keys(kind.parameters).map((name, k) => [name, doubles[at + k]]));
}

/** Working memory: a model. It grows to the largest so far. */
let scratch = new Float64Array(0);

/** Whether a model like the one at `at`, but that has seen nothing, would be scored on an observation and learn from it. */
export function canBeLearned(
  kind: RecursiveKind,
  doubles: Float64Array,
  at: number,
  p: number,
  x: Float64Array,
  y: number,
): boolean {
  if (!Number.isFinite(y * y)) return false;
  const parameters = parametersAt(kind, doubles, at);
  const length = kind.length(parameters, p);
  if (scratch.length < length) scratch = new Float64Array(length);
  beginModel(kind, scratch, 0, p, parameters);
  return kind.learn(scratch, 0, p, x, y);
}
