/**
 * How a race becomes bytes; the rows of its window are not among them. Format 2, little endian, doubles bit for bit:
 *
 *   u32 features · f64 observations so far · u32 length of the window · f64 rows put into it
 *   u16 models, for each: text name · f64 mse · f64 forecasts scored · u16 late in a row
 *   u16 names in the ranking, 0 before the first observation; if any: each a text, best first · f64 since
 *
 * Format 1 was the same without the models' forecasts that were late in a row.
 */
import type { Ranking } from "../../shared/race/score.js";
import type { Codec } from "../../shared/service-definition.js";
import { newestSlot, rowsHeld } from "../../shared/state/row-ring.js";
import { arrayBytes, OBJECT_BYTES, StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import type { Race, RaceModel } from "./race.js";

/** See the file's head. `encode` throws a RangeError where a number is not finite: none may enter a changelog. */
export const raceCodec: Codec<Race> = {
  format: 2,
  encode,
  bytes: bytesOf,
  decode: (bytes) => decodeRace(bytes, (reader) => reader.u16()),
  older: { 1: (bytes) => decodeRace(bytes, () => 0) },
  toJson,
};

function encode(race: Race): Buffer {
  const names = race.ranking?.order ?? [];
  const bytes = Buffer.allocUnsafe(encodedLength(race, names));
  const writer = new StateWriter(bytes);
  writer.u32(race.features);
  writer.f64(race.count);
  writer.u32(race.ring.length);
  writer.f64(race.ring.count);
  writer.u16(race.models.length);
  for (const { name, mse, n, lateInRow } of race.models) {
    writer.text(name);
    writer.f64(mse);
    writer.f64(n);
    writer.u16(lateInRow);
  }
  writer.u16(names.length);
  for (const name of names) writer.text(name);
  if (race.ranking !== undefined) writer.f64(race.ranking.since);
  writer.end();
  return bytes;
}

/** With the window, which is read from a store of its own and then lives with the race. */
function bytesOf({ models, window }: Race): number {
  const ofWindow = window === undefined ? 0 : OBJECT_BYTES + arrayBytes(window.rows.length);
  return (2 + models.length) * OBJECT_BYTES + ofWindow;
}

function encodedLength(race: Race, names: readonly string[]): number {
  let length = 4 + 8 + 4 + 8 + 2 + 2 + (race.ranking === undefined ? 0 : 8);
  for (const { name } of race.models) length += 1 + Buffer.byteLength(name) + 8 + 8 + 2;
  for (const name of names) length += 1 + Buffer.byteLength(name);
  return length;
}

/** @param readLateInRow what a format has of it */
function decodeRace(bytes: Buffer, readLateInRow: (reader: StateReader) => number): Race {
  const reader = new StateReader(bytes);
  const features = reader.u32();
  const count = reader.f64();
  const ring = { length: reader.u32(), count: reader.f64() };
  const models: RaceModel[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    models.push({ name: reader.text(), mse: reader.f64(), n: reader.f64(), lateInRow: readLateInRow(reader) });
  }
  const ranking = readRanking(reader);
  reader.end();
  return { features, count, models, ranking, ring, window: undefined };
}

function readRanking(reader: StateReader): Ranking | undefined {
  const order: string[] = [];
  for (let left = reader.u16(); left > 0; left--) order.push(reader.text());
  return order.length === 0 ? undefined : { order, since: reader.f64() };
}

/**
 * `window` says the shape [rows, columns] of what was seen of it and which slot is the newest: older rows are in the slots
 * before it, around the ring.
 */
function toJson({ features, count, models, ranking, ring }: Race): unknown {
  return {
    features,
    N: count,
    leader: ranking?.order[0] ?? null,
    since: ranking?.since ?? null,
    order: ranking?.order ?? [],
    models: models.map(({ name, mse, n, lateInRow }) => ({ name, N: n, mse: n === 0 ? null : mse, lateInRow })),
    window: { shape: [rowsHeld(ring), features + 1], slots: ring.length, newestSlot: newestSlot(ring) ?? null },
  };
}
