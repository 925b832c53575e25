/**
 * The newest observations of a series: a ring of rows that starts full of zeros, as the notebook's does, so that models are
 * trained from the first record on.
 */
import { RING_LENGTH_MAX } from "../../shared/state/row-ring.js";
import type { TrainingSet } from "./models/regressor.js";

/** A ring of rows `[y, x1, ..., xn]`. A push changes one slot, so that the changelog takes one row per record. */
export interface Window {
  readonly features: number;
  /** Number of rows, 1 or more. */
  readonly length: number;
  /** Slots × (1 + n) values, slot after slot, y first. */
  readonly rows: Float64Array;
  /** Slot of the newest row, from 0 to length - 1; older rows follow in the slots after it. */
  newest: number;
}

/**
 * A window of zeros.
 * @throws {RangeError} a size is not an integer of 1 or more, or the length exceeds {@link RING_LENGTH_MAX}
 */
export function newWindow(features: number, length: number): Window {
  if (!(Number.isSafeInteger(features) && features >= 1)) {
    throw new RangeError(`expected 1 feature or more, got ${features}`);
  }
  if (!(Number.isSafeInteger(length) && length >= 1 && length <= RING_LENGTH_MAX)) {
    throw new RangeError(`expected a window of 1 to ${RING_LENGTH_MAX} rows, got ${length}`);
  }
  return { features, length, rows: new Float64Array(length * (features + 1)), newest: 0 };
}

/** What is wrong with the lengths that settings ask for; empty where they fit. */
export function lengthFaults(windowLength: number, trainLength: number): readonly string[] {
  return trainLength <= windowLength
    ? []
    : [`expected the train length to be at most the window length of ${windowLength}, got ${trainLength}`];
}

/**
 * Puts an observation in the place of the oldest; its slot is then {@link Window.newest}.
 * @param x n finite values
 * @throws {RangeError} x has another number of features
 */
export function pushRow(window: Window, y: number, x: Float64Array): void {
  const { features, length, rows } = window;
  if (x.length !== features) throw new RangeError(`expected ${features} features, got ${x.length}`);
  const slot = window.newest === 0 ? length - 1 : window.newest - 1;
  const start = slot * (features + 1);
  rows[start] = y;
  for (let j = 0; j < features; j++) rows[start + 1 + j] = x[j];
  window.newest = slot;
}

/**
 * Copies the newest rows into a training set, as many as it holds.
 * @throws {RangeError} the training set has more rows than the window, or another number of features
 */
export function copyNewest(window: Window, training: TrainingSet): void {
  const { features, length, rows, newest } = window;
  if (training.features !== features) {
    throw new RangeError(`expected a training set of ${features} features, got ${training.features}`);
  }
  if (training.rows > length) {
    throw new RangeError(`expected a training set of at most ${length} rows, got ${training.rows}`);
  }
  let slot = newest;
  let at = 0;
  for (let i = 0; i < training.rows; i++) {
    const start = slot * (features + 1);
    training.y[i] = rows[start];
    for (let j = 1; j <= features; j++) training.x[at++] = rows[start + j];
    if (++slot === length) slot = 0;
  }
}
