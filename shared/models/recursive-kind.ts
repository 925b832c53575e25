/** A kind of model that learns from one observation at a time, and keeps what it needs for that: doubles in an array of others. */
import type { Kind } from "./kind.js";

/**
 * A kind of recursive model. Its state is doubles from a place `at` on, all that it is made of and what it has learned, so that it
 * is worked on where it is kept, whoever keeps it. `x` are p regressors: x[0] = 1, then the features; what follows is not read.
 */
export interface RecursiveKind<P extends string = string> extends Kind<P> {
  /** Doubles of a state. @param p regressors, from 2 */
  length(parameters: Readonly<Record<P, number>>, p: number): number;
  /**
   * Makes a model before its first observation. Its first forecast is 0.
   * @param doubles zeros from `at` on, as many as a state has
   */
  begin(doubles: Float64Array, at: number, p: number, parameters: Readonly<Record<P, number>>): void;
  /** @returns the forecast, in the unit of y; not finite where the arithmetic of doubles overflows */
  forecast(doubles: Float64Array, at: number, p: number, x: Float64Array): number;
  /**
   * Learns from an observation.
   * @param y finite
   * @returns false where a number of the new state would not be finite; the state is then as it was
   */
  learn(doubles: Float64Array, at: number, p: number, x: Float64Array, y: number): boolean;
}
