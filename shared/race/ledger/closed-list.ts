/** The last closed i's of a series as live objects, so that what is known of one later can be filled in. */
import { COMPANIONS } from "../judge/places.js";
import type { Closed } from "./ledger.js";
import { mapped } from "./ledger.js";
import { numberOrNull } from "./ledger-codecs.js";

/** An i that was answered or given up. */
export interface ClosedEntry {
  readonly i: number;
  /** NaN where it was given up. */
  y: number;
  /** When its question was asked, ms since the epoch; NaN where there was none. */
  readonly asked: number;
  /** The forecasts that were scored, by model, then of mixture, `last` and `mean`; NaN where there is none. */
  forecasts: Float64Array;
}

/** Doubles of an entry before its forecasts. */
const HEAD = 3;

/** See the file's head. */
export class ClosedList implements Closed {
  /** In order of closing. */
  readonly #entries: ClosedEntry[];
  #max = 0;

  constructor(entries: readonly ClosedEntry[] = []) {
    this.#entries = [...entries];
  }

  /** @param max LABEL_DONE_MAX: set before the list is used for a record, since the setting may change */
  limitTo(max: number): this {
    this.#max = max;
    this.#entries.splice(0, this.#entries.length - max);
    return this;
  }

  get entries(): readonly ClosedEntry[] {
    return this.#entries;
  }

  find(i: number): number {
    for (let place = this.#entries.length - 1; place >= 0; place--) if (this.#entries[place].i === i) return place;
    return -1;
  }

  y(place: number): number {
    return this.#entries[place].y;
  }

  expire(i: number): void {
    this.close({ i, y: Number.NaN, asked: Number.NaN, forecasts: new Float64Array(0) });
  }

  close(entry: ClosedEntry): void {
    if (this.#max === 0) return;
    if (this.#entries.length === this.#max) this.#entries.shift();
    this.#entries.push(entry);
  }

  /** The models of the race have changed, see mapForecasts of ledger.ts. */
  map(places: readonly number[]): void {
    for (const entry of this.#entries) {
      const { y, forecasts } = entry;
      if (Number.isNaN(y)) continue;
      entry.forecasts = Float64Array.of(...mapped(forecasts, places), ...forecasts.subarray(-COMPANIONS));
    }
  }

  /** The entries one after another: i · y · asked · a forecast for each of `models` models, mixture, `last` and `mean`. */
  toDoubles(models: number): Float64Array {
    const width = HEAD + models + COMPANIONS;
    const numbers = new Float64Array(width * this.#entries.length).fill(Number.NaN);
    for (const [k, { i, y, asked, forecasts }] of this.#entries.entries()) {
      numbers.set([i, y, asked], k * width);
      if (!Number.isNaN(y)) numbers.set(forecasts, k * width + HEAD);
    }
    return numbers;
  }

  /** As `/state` shows them, the newest first. @param models of the race */
  toJson(models: number): unknown[] {
    const shown = this.#entries.map(({ i, y, asked, forecasts }) => ({
      i,
      y: numberOrNull(y),
      asked: numberOrNull(asked),
      forecasts: Array.from({ length: models }, (_, m) => numberOrNull(Number.isNaN(y) ? y : forecasts[m])),
    }));
    return shown.reverse();
  }

  /**
   * What {@link toDoubles} gave.
   * @param companions 0 where they are of a race that had no judge
   * @throws {RangeError} they are no entries of so many models
   */
  static fromDoubles(numbers: Float64Array, models: number, companions = COMPANIONS): ClosedList {
    const width = HEAD + models + companions;
    if (numbers.length % width !== 0)
      throw new RangeError(`expected closed questions of ${models} models, got ${numbers.length} numbers`);
    const list: ClosedEntry[] = [];
    for (let at = 0; at < numbers.length; at += width) {
      const [i, y, asked] = numbers.subarray(at, at + HEAD);
      const forecasts = nothingScored(models);
      forecasts.set(numbers.subarray(at + HEAD, at + width));
      list.push({ i, y, asked, forecasts });
    }
    return new ClosedList(list);
  }
}

/** Those of an entry of which nothing is scored yet. */
export function nothingScored(models: number): Float64Array {
  return new Float64Array(models + COMPANIONS).fill(Number.NaN);
}
