/** What programs before format 3 wrote: the bytes of a race in format 2, see services/rls-racer/older-races.ts, and how it showed. */
import { covarianceOf } from "../../../services/rls-racer/covariance.js";
import { packedLength } from "../../../shared/models/rls.js";
import { raceHead } from "../../../shared/race/race.js";
import { rankingBytes, writeRanking } from "../../../shared/race/ranking-bytes.js";
import { StateWriter } from "../../../shared/state/state-bytes.js";
import { type Race, RECENT } from "./race.js";

/** @throws {RangeError} a number is not finite, or an array does not fit the race */
export function encodeRace(race: Race): Buffer {
  const bytes = Buffer.allocUnsafe(encodedLength(race));
  const writer = new StateWriter(bytes);
  writer.u32(race.features);
  writer.f64(race.count);
  writer.doubles(race.rows);
  writer.u16(race.models.length);
  for (const { name, rls, mse, n, errors, refusals } of race.models) {
    writer.text(name);
    writer.f64(rls.nu);
    writer.f64(mse);
    writer.f64(n);
    writer.doubles(errors);
    writer.u16(refusals);
    writer.doubles(rls.beta);
    writer.doubles(rls.UD);
  }
  writeRanking(writer, race.ranking);
  writer.end();
  return bytes;
}

function encodedLength(race: Race): number {
  const p = race.features + 1;
  const numbers = 3 + RECENT + p + packedLength(p);
  let length = 4 + 8 + 8 * RECENT * p + 2 + rankingBytes(race.ranking);
  for (const { name } of race.models) length += 1 + Buffer.byteLength(name) + 2 + 8 * numbers;
  return length;
}

/** The state as `/state/race/<key>` shows it, under the notebook's names; rows and errors newest first. */
export function raceToJson(race: Race) {
  const { features, count, rows, models } = race;
  const width = features + 1;
  return {
    ...raceHead(race),
    rows: newestFirst(count, (slot) => Array.from(rows.subarray(slot * width, (slot + 1) * width))),
    models: models.map(({ name, rls, mse, n, errors }) => ({
      name,
      nu: rls.nu,
      N: n,
      mse: n === 0 ? null : mse,
      beta: Array.from(rls.beta),
      V: covarianceOf(Float64Array.of(rls.nu, ...rls.beta, ...rls.UD), 0, rls.beta.length),
      errors: newestFirst(n, (slot) => errors[slot]),
    })),
  };
}

function newestFirst<T>(count: number, at: (slot: number) => T): T[] {
  const length = Math.min(count, RECENT);
  return Array.from({ length }, (_, age) => at((count - 1 - age) % RECENT));
}
