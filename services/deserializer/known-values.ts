/**
 * The last value that each feature of a series has had, in the order of the log: it stands for one that is missing where the rule
 * for missing values is `last`. Arrays have a place for each feature; NaN is where it has had no value yet.
 */
import type { StateReader, StateWriter } from "../../shared/state/state-bytes.js";

/** The features of a record; where one is missing, with its last value. Nothing is changed. */
export function withLast(known: Float64Array | undefined, x: number[]): number[] {
  if (known === undefined || !x.some(Number.isNaN)) return x;
  return x.map((value, place) => (Number.isNaN(value) ? known[place] : value));
}

/** Whether a feature has had no value yet, after a record with features as {@link withLast} gives them, or without features. */
export function lacksValues(known: Float64Array | undefined, x: readonly number[] | undefined): boolean {
  return (x ?? known)?.some(Number.isNaN) ?? false;
}

/**
 * The last values after a record with these features, which are as {@link withLast} gives them, or without features. `known` itself
 * is changed.
 */
export function learnLast(known: Float64Array | undefined, x: readonly number[] | undefined): Float64Array | undefined {
  if (x === undefined) return known;
  if (known === undefined) return Float64Array.from(x);
  known.set(x);
  return known;
}

/** Bytes that {@link writeLast} writes. */
export function lastBytes(known: Float64Array): number {
  return 8 * known.length;
}

export function writeLast(writer: StateWriter, known: Float64Array): void {
  writer.doublesOrNaN(known);
}

/** @throws {RangeError} the bytes are no values of so many features */
export function readLast(reader: StateReader, features: number): Float64Array {
  const known = reader.doubles(features);
  if (known.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY))
    throw new RangeError("expected last values to be finite or NaN, got an infinite one");
  return known;
}

/** As people are shown them: null where there is none yet. */
export function shownLast(known: Float64Array): (number | null)[] {
  return Array.from(known, (value) => (Number.isNaN(value) ? null : value));
}
