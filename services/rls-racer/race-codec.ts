/**
 * How a race becomes bytes. Format 2, little endian, doubles bit for bit; with n features, p = n + 1:
 *
 *   u32 n · f64 observations so far · 10 p f64 rows (the ring as it lies)
 *   u16 models, for each: text name · f64 nu · f64 mse · f64 forecasts scored · 10 f64 errors (ring) · u16 refusals in a row
 *     · p f64 β · p(p+1)/2 f64 the factors of V, by columns
 *   the ranking, see ranking-bytes.ts
 *
 * Format 1, which is read only, has no refusals, and V itself in place of its factors: the upper triangle by rows.
 * A text is its length as u8 and its UTF-8 bytes. n and p decide every length, so bytes that are cut short or too long are
 * noticed.
 */
import { raceHead } from "../../shared/race/race.js";
import { rankingBytes, readRanking, writeRanking } from "../../shared/race/ranking-bytes.js";
import type { Codec } from "../../shared/service-definition.js";
import { arrayBytes, OBJECT_BYTES, StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import { covarianceOf, factorsOf } from "./covariance.js";
import { type Race, type RaceModel, RECENT } from "./race.js";
import { betaAt, factorsAt, packedLength, rlsLength } from "./rls.js";

/** See the file's head. `encode` throws a RangeError where a number is not finite: none may enter a changelog. */
export const raceCodec: Codec<Race> = {
  format: 2,
  encode: encodeRace,
  bytes: bytesOfRace,
  decode: (bytes) => decodeRace(bytes, readModel),
  older: { 1: (bytes) => decodeRace(bytes, readModelOfFormat1) },
  toJson: raceToJson,
};

function encodeRace(race: Race): Buffer {
  const bytes = Buffer.allocUnsafe(encodedLength(race));
  const writer = new StateWriter(bytes);
  writer.u32(race.features);
  writer.f64(race.count);
  writer.doubles(race.rows);
  writer.u16(race.models.length);
  for (const { name, rls, mse, n, errors, refusals } of race.models) {
    writer.text(name);
    writer.f64(rls[0]);
    writer.f64(mse);
    writer.f64(n);
    writer.doubles(errors);
    writer.u16(refusals);
    writer.doubles(rls.subarray(1));
  }
  writeRanking(writer, race.ranking);
  writer.end();
  return bytes;
}

function bytesOfRace({ rows, models }: Race): number {
  let bytes = 2 * OBJECT_BYTES + arrayBytes(rows.length);
  for (const model of models) bytes += bytesOfModel(model);
  return bytes;
}

/** The memory that a model of one series takes, in bytes, roughly. */
export function bytesOfModel({ rls, errors }: RaceModel): number {
  return 2 * OBJECT_BYTES + arrayBytes(errors.length) + arrayBytes(rls.length);
}

function encodedLength(race: Race): number {
  const p = race.features + 1;
  const numbers = 2 + RECENT + rlsLength(p);
  let length = 4 + 8 + 8 * RECENT * p + 2 + rankingBytes(race.ranking);
  for (const { name } of race.models) length += 1 + Buffer.byteLength(name) + 2 + 8 * numbers;
  return length;
}

function decodeRace(bytes: Buffer, read: (reader: StateReader, p: number) => RaceModel): Race {
  const reader = new StateReader(bytes);
  const features = reader.u32();
  const count = reader.f64();
  const rows = reader.doubles(RECENT * (features + 1));
  const models: RaceModel[] = [];
  for (let left = reader.u16(); left > 0; left--) models.push(read(reader, features + 1));
  const ranking = readRanking(reader);
  reader.end();
  return { features, count, rows, models, ranking };
}

function readModel(reader: StateReader, p: number): RaceModel {
  const { name, nu, mse, n, errors } = readScore(reader);
  const refusals = reader.u16();
  return { name, rls: rlsOf(nu, reader.doubles(p), reader.doubles(packedLength(p))), p, mse, n, errors, refusals };
}

/** A V that is not positive definite gets factors of zeros: the race resets such a model and counts it. */
function readModelOfFormat1(reader: StateReader, p: number): RaceModel {
  const { name, nu, mse, n, errors } = readScore(reader);
  const beta = reader.doubles(p);
  const UD = factorsOf(p, reader.doubles(packedLength(p))) ?? new Float64Array(packedLength(p));
  return { name, rls: rlsOf(nu, beta, UD), p, mse, n, errors, refusals: 0 };
}

function rlsOf(nu: number, beta: Float64Array, UD: Float64Array): Float64Array {
  const rls = new Float64Array(rlsLength(beta.length));
  rls[0] = nu;
  rls.set(beta, betaAt(0));
  rls.set(UD, factorsAt(0, beta.length));
  return rls;
}

function readScore(reader: StateReader) {
  const name = reader.text();
  const nu = reader.f64();
  return { name, nu, mse: reader.f64(), n: reader.f64(), errors: reader.doubles(RECENT) };
}

/** The state as `/state/race/<key>` shows it, under the notebook's names; rows and errors newest first. */
function raceToJson(race: Race): unknown {
  const { features, count, rows, models } = race;
  const width = features + 1;
  return {
    ...raceHead(race),
    rows: newestFirst(count, (slot) => Array.from(rows.subarray(slot * width, (slot + 1) * width))),
    models: models.map(({ name, rls, mse, n, errors }) => ({
      name,
      nu: rls[0],
      N: n,
      mse: n === 0 ? null : mse,
      beta: Array.from(rls.subarray(betaAt(0), betaAt(0) + width)),
      V: covarianceOf(rls, 0, width),
      errors: newestFirst(n, (slot) => errors[slot]),
    })),
  };
}

function newestFirst<T>(count: number, at: (slot: number) => T): T[] {
  const length = Math.min(count, RECENT);
  return Array.from({ length }, (_, age) => at((count - 1 - age) % RECENT));
}
