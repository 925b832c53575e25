/**
 * How a race becomes bytes; the rows of its window are not among them. Format 2, little endian, doubles bit for bit:
 *
 *   u32 features · f64 observations so far · u32 length of the window · f64 rows put into it
 *   u16 models, for each: text name · f64 mse · f64 forecasts scored · u16 late in a row
 *   the ranking, see ranking-bytes.ts
 *
 * Format 1 is the same without the number of late forecasts in a row.
 */
import { raceHead } from "../../shared/race/race.js";
import { rankingBytes, readRanking, writeRanking } from "../../shared/race/ranking-bytes.js";
import type { Codec } from "../../shared/service-definition.js";
import { shownRing } from "../../shared/state/row-ring.js";
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
  const bytes = Buffer.allocUnsafe(encodedLength(race));
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
  writeRanking(writer, race.ranking);
  writer.end();
  return bytes;
}

/** The window is counted too: it is read from a store of its own, but then is kept with the race. */
function bytesOf({ models, window }: Race): number {
  const ofWindow = window === undefined ? 0 : OBJECT_BYTES + arrayBytes(window.rows.length);
  return (2 + models.length) * OBJECT_BYTES + ofWindow;
}

function encodedLength(race: Race): number {
  let length = 4 + 8 + 4 + 8 + 2 + rankingBytes(race.ranking);
  for (const { name } of race.models) length += 1 + Buffer.byteLength(name) + 8 + 8 + 2;
  return length;
}

/** @param readLateInRow reads `lateInRow`, or gives what it is in a format without it */
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

/**
 * `window` says the shape [rows, columns] of the stored rows and which slot is the newest; older rows are in the slots before
 * it, around the ring.
 */
function toJson(race: Race): unknown {
  const { features, models, ring } = race;
  return {
    ...raceHead(race),
    models: models.map(({ name, mse, n, lateInRow }) => ({ name, N: n, mse: n === 0 ? null : mse, lateInRow })),
    window: shownRing(ring, features + 1),
  };
}
