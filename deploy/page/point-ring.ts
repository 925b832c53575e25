/** The newest observations of a race with the champion's forecasts: a ring of doubles, which grows up to a limit. Pure. */
import type { PointColumns } from "./messages.js";

/** One observation; NaN where there is no value. */
export interface Point {
  readonly i: number;
  readonly y: number;
  readonly yhat: number;
  readonly lower: number;
  readonly upper: number;
  /** Number of the champion among those of the race. */
  readonly model: number;
  /** Whether this is the label of a question that was asked before. */
  readonly isLabel: boolean;
}

/** i, y, yhat, lower, upper, model, and when it was written. */
const FIELDS = 7;
const WRITTEN = 6;
const FIRST_ROOM = 32;
/** Points that a record which comes late is looked for among; those of a question and its label have the same i. */
const LATE_MAX = 1000;
/** Digits that are shown at most. */
const DIGITS = 7;

export class PointRing {
  #values: Float64Array;
  #room: number;
  #limit: number;
  #begin = 0;
  #length = 0;
  #older = 0;
  #begun = 0;

  /** @param limit most points that are kept, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
    this.#room = Math.min(FIRST_ROOM, limit);
    this.#values = new Float64Array(this.#room * FIELDS);
  }

  get length(): number {
    return this.#length;
  }

  /** Points that there is memory for now. */
  get room(): number {
    return this.#room;
  }

  /** Points that were taken and are not kept any more. */
  get older(): number {
    return this.#older;
  }

  /** How often it began anew. */
  get begun(): number {
    return this.#begun;
  }

  /** i of the oldest point and of the newest; null where there is none. */
  get range(): readonly [number, number] | null {
    return this.#length === 0 ? null : [this.#values[this.#at(0)], this.#values[this.#at(this.#length - 1)]];
  }

  /** Keeps so many points at most from now on, the newest. */
  limitTo(limit: number): void {
    this.#limit = limit;
    if (this.#room > limit) this.#moveTo(limit);
  }

  /**
   * Takes a point in. One with the i of a point that is there takes its place. A counter that goes back begins anew: only what
   * comes from then on is kept.
   * @param written a number that grows with every change, for {@link columns}
   */
  take(point: Point, written: number): void {
    const newest = this.#length === 0 ? Number.NEGATIVE_INFINITY : this.#values[this.#at(this.#length - 1)];
    if (point.i > newest) {
      this.#append(point, written);
      return;
    }
    const place = this.#placeOf(point.i);
    if (place !== undefined) this.#write(place, point, written);
    else if (!point.isLabel) {
      this.#older += this.#length;
      this.#length = 0;
      this.#begun++;
      this.#append(point, written);
    }
  }

  /** The points that were written after `written`, oldest first. */
  columns(written: number): PointColumns {
    const columns: Record<keyof PointColumns, (number | null)[]> & { i: number[] } = {
      i: [],
      y: [],
      yhat: [],
      lower: [],
      upper: [],
      model: [],
    };
    for (let k = 0; k < this.#length; k++) {
      const at = this.#at(k);
      if (this.#values[at + WRITTEN] <= written) continue;
      columns.i.push(this.#values[at]);
      columns.y.push(shown(this.#values[at + 1]));
      columns.yhat.push(shown(this.#values[at + 2]));
      columns.lower.push(shown(this.#values[at + 3]));
      columns.upper.push(shown(this.#values[at + 4]));
      columns.model.push(shown(this.#values[at + 5]));
    }
    return columns;
  }

  /** The newest y, at most `count`, oldest first. */
  newestY(count: number): (number | null)[] {
    const first = Math.max(0, this.#length - count);
    return Array.from({ length: this.#length - first }, (_, k) => shown(this.#values[this.#at(first + k) + 1]));
  }

  #append(point: Point, written: number): void {
    if (this.#length === this.#room && this.#room < this.#limit) this.#moveTo(Math.min(2 * this.#room, this.#limit));
    if (this.#length === this.#room) {
      this.#begin = (this.#begin + 1) % this.#room;
      this.#older++;
    } else this.#length++;
    this.#write(this.#at(this.#length - 1), point, written);
  }

  #write(at: number, { i, y, yhat, lower, upper, model }: Point, written: number): void {
    const values = this.#values;
    values[at] = i;
    values[at + 1] = y;
    values[at + 2] = yhat;
    values[at + 3] = lower;
    values[at + 4] = upper;
    values[at + 5] = model;
    values[at + WRITTEN] = written;
  }

  /** Where the values of the k-th oldest point begin. */
  #at(k: number): number {
    return ((this.#begin + k) % this.#room) * FIELDS;
  }

  #placeOf(i: number): number | undefined {
    const last = Math.max(0, this.#length - LATE_MAX);
    for (let k = this.#length - 1; k >= last; k--) if (this.#values[this.#at(k)] === i) return this.#at(k);
    return undefined;
  }

  #moveTo(room: number): void {
    const kept = Math.min(this.#length, room);
    const moved = new Float64Array(room * FIELDS);
    for (let k = 0; k < kept; k++) {
      const at = this.#at(this.#length - kept + k);
      moved.set(this.#values.subarray(at, at + FIELDS), k * FIELDS);
    }
    this.#older += this.#length - kept;
    this.#values = moved;
    this.#room = room;
    this.#begin = 0;
    this.#length = kept;
  }
}

function shown(value: number): number | null {
  return Number.isNaN(value) ? null : Number(value.toPrecision(DIGITS));
}
