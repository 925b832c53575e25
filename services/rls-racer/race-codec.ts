/**
 * How a race becomes bytes. Format 1, little endian, doubles bit for bit; with n features, p = n + 1:
 *
 *   u32 n · f64 observations so far · 10 p f64 rows (the ring as it lies)
 *   u16 models, for each: text name · f64 nu · f64 mse · f64 forecasts scored · 10 f64 errors (ring) · p f64 β · p(p+1)/2 f64 V
 *   u16 names in the ranking, 0 before the first observation; if any: each a text, best first · f64 since
 *
 * A text is its length as u8 and its UTF-8 bytes. n and p decide every length, so bytes that are cut or have something behind
 * them are noticed.
 */
import type { Ranking } from "../../shared/prequential.js";
import type { Codec } from "../../shared/service-definition.js";
import { StateReader, StateWriter } from "../../shared/state-bytes.js";
import { type Race, type RaceModel, RECENT } from "./race.js";
import { packedLength } from "./rls.js";

/** See the file's head. `encode` throws a RangeError where a number is not finite: none may enter a changelog. */
export const raceCodec: Codec<Race> = { format: 1, encode: encodeRace, decode: decodeRace, toJson: raceToJson };

function encodeRace(race: Race): Buffer {
  const names = race.ranking?.order ?? [];
  const bytes = Buffer.allocUnsafe(encodedLength(race, names));
  const writer = new StateWriter(bytes);
  writer.u32(race.features);
  writer.f64(race.count);
  writer.doubles(race.rows);
  writer.u16(race.models.length);
  for (const { name, rls, mse, n, errors } of race.models) {
    writer.text(name);
    writer.f64(rls.nu);
    writer.f64(mse);
    writer.f64(n);
    writer.doubles(errors);
    writer.doubles(rls.beta);
    writer.doubles(rls.V);
  }
  writer.u16(names.length);
  for (const name of names) writer.text(name);
  if (race.ranking !== undefined) writer.f64(race.ranking.since);
  writer.end();
  return bytes;
}

function encodedLength(race: Race, names: readonly string[]): number {
  const p = race.features + 1;
  const numbers = 3 + RECENT + p + packedLength(p);
  let length = 4 + 8 + 8 * RECENT * p + 2 + 2 + (race.ranking === undefined ? 0 : 8);
  for (const { name } of race.models) length += 1 + Buffer.byteLength(name) + 8 * numbers;
  for (const name of names) length += 1 + Buffer.byteLength(name);
  return length;
}

function decodeRace(bytes: Buffer): Race {
  const reader = new StateReader(bytes);
  const features = reader.u32();
  const p = features + 1;
  const count = reader.f64();
  const rows = reader.doubles(RECENT * p);
  const models: RaceModel[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const name = reader.text();
    const nu = reader.f64();
    const mse = reader.f64();
    const n = reader.f64();
    const errors = reader.doubles(RECENT);
    models.push({ name, rls: { nu, beta: reader.doubles(p), V: reader.doubles(packedLength(p)) }, mse, n, errors });
  }
  const ranking = readRanking(reader);
  reader.end();
  return { features, count, rows, models, ranking };
}

function readRanking(reader: StateReader): Ranking | undefined {
  const order: string[] = [];
  for (let left = reader.u16(); left > 0; left--) order.push(reader.text());
  return order.length === 0 ? undefined : { order, since: reader.f64() };
}

/** The state as `/state/race/<key>` shows it, under the notebook's names; rows and errors newest first. */
function raceToJson(race: Race): unknown {
  const { features, count, rows, models, ranking } = race;
  const width = features + 1;
  return {
    features,
    N: count,
    leader: ranking?.order[0] ?? null,
    since: ranking?.since ?? null,
    order: ranking?.order ?? [],
    rows: newestFirst(count, (slot) => Array.from(rows.subarray(slot * width, (slot + 1) * width))),
    models: models.map(({ name, rls, mse, n, errors }) => ({
      name,
      nu: rls.nu,
      N: n,
      mse: n === 0 ? null : mse,
      beta: Array.from(rls.beta),
      V: unpacked(rls.V, width),
      errors: newestFirst(n, (slot) => errors[slot]),
    })),
  };
}

function newestFirst<T>(count: number, at: (slot: number) => T): T[] {
  const length = Math.min(count, RECENT);
  return Array.from({ length }, (_, age) => at((count - 1 - age) % RECENT));
}

/** The p×p matrix of a packed upper triangle, as rows. */
function unpacked(packed: Float64Array, p: number): number[][] {
  const place = (i: number, j: number) => i * p - (i * (i - 1)) / 2 + (j - i);
  return Array.from({ length: p }, (_, i) =>
    Array.from({ length: p }, (_, j) => packed[i <= j ? place(i, j) : place(j, i)]),
  );
}
