/**
 * The last i's of a series that were answered or given up, in the race's bytes: a ring of d places, where d is LABEL_DONE_MAX. Number
 * k, from 0, is at place k mod d. Column by column, so that a record looks through i's that lie side by side:
 *
 *   d i's · d y's, NaN where the question was given up · d times when the question was asked, NaN of a record without one
 *     · for each place the forecasts that were scored: of m models, the mixture, `last` and `mean`; NaN where one has no error
 */
import type { Closed } from "../../shared/race/ledger/ledger.js";
import { numberOrNull } from "../../shared/race/ledger/ledger-codecs.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { CLOSED, CLOSED_HEAD, closedAt, closedForecasts, closedMaxOf, modelsOf, NONE } from "./packed-race.js";

/** The closed i's of the race that it was given last: nothing is made for a record. */
export class PackedClosed implements Closed {
  #race: PackedValue | undefined;

  /** @returns itself, of this race */
  of(race: PackedValue): this {
    this.#race = race;
    return this;
  }

  find(i: number): number {
    return findClosed(this.race, i);
  }

  y(place: number): number {
    return closedY(this.race, place);
  }

  expire(i: number): void {
    close(this.race, i, Number.NaN, Number.NaN);
  }

  get race(): PackedValue {
    if (this.#race === undefined) throw new Error("bug: no race was given");
    return this.#race;
  }
}

/** The place of an i; {@link NONE} where it is not among them. Asked at every record. */
export function findClosed(race: PackedValue, i: number): number {
  const { doubles } = race;
  const at = closedAt(race);
  const held = closedHeld(race);
  for (let place = 0; place < held; place++) if (doubles[at + place] === i) return place;
  return NONE;
}

/** How many there are. */
export function closedHeld(race: PackedValue): number {
  return Math.min(race.doubles[race.at + CLOSED], closedMaxOf(race));
}

/**
 * Closes an i, in place of the oldest one. Its forecasts are NaN.
 * @param y     NaN where its question was given up
 * @param asked NaN where it had no question
 * @returns its place; {@link NONE} where there are no places
 */
export function close(race: PackedValue, i: number, y: number, asked: number): number {
  const { doubles } = race;
  const max = closedMaxOf(race);
  if (max === 0) return NONE;
  const place = placeOf(race, doubles[race.at + CLOSED]++);
  const at = closedAt(race);
  doubles[at + place] = i;
  doubles[at + max + place] = y;
  doubles[at + 2 * max + place] = asked;
  const from = forecastsAt(race, place);
  for (let k = closedForecasts(modelsOf(race)) - 1; k >= 0; k--) doubles[from + k] = Number.NaN;
  return place;
}

/** What the i at a place was answered with; NaN where it was given up. */
export function closedY(race: PackedValue, place: number): number {
  return race.doubles[closedAt(race) + closedMaxOf(race) + place];
}

/** The i at a place is answered with another y. */
export function setClosedY(race: PackedValue, place: number, y: number): void {
  race.doubles[closedAt(race) + closedMaxOf(race) + place] = y;
}

/** When the question of the i at a place was asked; undefined where it had none. */
export function closedAsked(race: PackedValue, place: number): number | undefined {
  const asked = race.doubles[closedAt(race) + 2 * closedMaxOf(race) + place];
  return Number.isNaN(asked) ? undefined : asked;
}

/** Where the forecasts of the i at a place begin, in the order of the models. */
export function forecastsAt(race: PackedValue, place: number): number {
  return closedAt(race) + CLOSED_HEAD * closedMaxOf(race) + place * closedForecasts(modelsOf(race));
}

/** Where the judge's own begin after them. */
export function companionsAt(race: PackedValue, place: number): number {
  return forecastsAt(race, place) + modelsOf(race);
}

/**
 * Copies the newest closed i's into a race that has none, as many as it has places for.
 * @param places the place in `from` of each model of `to`, {@link NONE} for a new one
 */
export function copyClosed(from: PackedValue, to: PackedValue, places: readonly number[]): void {
  const count = from.doubles[from.at + CLOSED];
  for (let k = count - Math.min(closedHeld(from), closedMaxOf(to)); k < count; k++) {
    const place = placeOf(from, k);
    const asked = closedAsked(from, place) ?? Number.NaN;
    const target = close(to, closedI(from, place), closedY(from, place), asked);
    for (const [m, before] of places.entries())
      if (before !== NONE) to.doubles[forecastsAt(to, target) + m] = from.doubles[forecastsAt(from, place) + before];
    const companions = companionsAt(from, place);
    to.doubles.set(from.doubles.subarray(companions, forecastsAt(from, place + 1)), companionsAt(to, target));
  }
}

/** The closed i's as `/state` shows them, the newest first. */
export function closedToJson(race: PackedValue): unknown[] {
  const count = race.doubles[race.at + CLOSED];
  return Array.from({ length: closedHeld(race) }, (_, age) => {
    const place = placeOf(race, count - 1 - age);
    const at = forecastsAt(race, place);
    const asked = closedAsked(race, place) ?? null;
    const forecasts = Array.from(race.doubles.subarray(at, at + modelsOf(race)), numberOrNull);
    return { i: closedI(race, place), y: numberOrNull(closedY(race, place)), asked, forecasts };
  });
}

/** The i of the closing that was `age` closings before the newest one; NaN where it is forgotten. */
export function closedBefore(race: PackedValue, age: number): number {
  return age < closedHeld(race) ? closedI(race, placeOf(race, race.doubles[race.at + CLOSED] - 1 - age)) : Number.NaN;
}

/** The i at a place. */
export function closedI(race: PackedValue, place: number): number {
  return race.doubles[closedAt(race) + place];
}

/** The remainder of doubles takes ten times as long as that of integers. */
function placeOf(race: PackedValue, k: number): number {
  const max = closedMaxOf(race);
  return k < 2 ** 31 ? (k | 0) % max : k % max;
}
