/**
 * The last values of one number of a series, each with its i, the newest first: newest by the order of the log, whatever their i.
 * An i is in it once, so that a record that comes twice is one value, and a correction takes the place of what it corrects.
 */
import type { StateReader, StateWriter } from "../../shared/state/state-bytes.js";

/** See the file's head. Both arrays have a place for each value that may be kept, of which the first `held` are taken. */
export interface LagHistory {
  held: number;
  /** Safe integers. */
  readonly i: Float64Array;
  /** Finite. */
  readonly values: Float64Array;
}

export function newHistory(length: number): LagHistory {
  return { held: 0, i: new Float64Array(length), values: new Float64Array(length) };
}

/** The history itself where it has that length; else a copy with as many of its newest values as fit. */
export function withLength(history: LagHistory, length: number): LagHistory {
  if (history.i.length === length) return history;
  const copy = newHistory(length);
  copy.held = Math.min(history.held, length);
  copy.i.set(history.i.subarray(0, copy.held));
  copy.values.set(history.values.subarray(0, copy.held));
  return copy;
}

export function isFull({ held, i }: LagHistory): boolean {
  return held === i.length;
}

/** Place of the value of i; -1 where there is none. */
export function placeOf({ held, i: all }: LagHistory, i: number): number {
  return all.subarray(0, held).indexOf(i);
}

/** Adds the newest value; the oldest goes where there is no room. Its i must not be there yet. */
export function addNewest(history: LagHistory, i: number, value: number): void {
  const { i: all, values } = history;
  if (all.length === 0) return;
  all.copyWithin(1, 0);
  values.copyWithin(1, 0);
  all[0] = i;
  values[0] = value;
  history.held = Math.min(history.held + 1, all.length);
}

/** Bytes that {@link writeHistory} writes. */
export function historyBytes({ held }: LagHistory): number {
  return 4 + 16 * held;
}

/** Writes how many values are held, then their i, then the values. */
export function writeHistory(writer: StateWriter, { held, i, values }: LagHistory): void {
  writer.u32(held);
  writer.doubles(i.subarray(0, held));
  writer.doubles(values.subarray(0, held));
}

/** @throws {RangeError} the bytes are no history */
export function readHistory(reader: StateReader): LagHistory {
  const held = reader.u32();
  const i = reader.doubles(held);
  if (!i.every(Number.isSafeInteger)) throw new RangeError("expected every i of a history to be a safe integer");
  return { held, i, values: reader.doubles(held) };
}
