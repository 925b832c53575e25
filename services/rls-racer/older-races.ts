/**
 * Reads races of formats 1 and 2. Format 2, little endian, doubles bit for bit; with n features, p = n + 1:
 *
 *   u32 n · f64 observations so far · 10 p f64 rows (the ring as it lies)
 *   u16 models, for each: text name · f64 nu · f64 mse · f64 forecasts scored · 10 f64 errors (ring) · u16 refusals in a row
 *     · p f64 β · p(p+1)/2 f64 the factors of V, by columns
 *   the ranking, see ranking-bytes.ts
 *
 * Format 1 has no refusals, and V itself in place of its factors: the upper triangle by rows. A text is its length as u8 and its
 * UTF-8 bytes.
 */

import { betaAt, factorsAt, packedLength } from "../../shared/models/rls.js";
import { newPackedValue } from "../../shared/packed-value.js";
import { readRanking } from "../../shared/race/ranking-bytes.js";
import type { Ranking } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { StateReader } from "../../shared/state/state-bytes.js";
import { factorsOf } from "./covariance.js";
import {
  COUNT,
  ERRORS,
  layOut,
  MSE,
  modelAt,
  N,
  orderAt,
  RANKED,
  RECENT,
  REFUSALS,
  RLS,
  ROWS,
  raceBytes,
  SINCE,
} from "./packed-race.js";

/** The race is made anew at its next record, with as many places of closed i's as are configured. */
const NO_PLACES = 0;

interface OlderModel {
  readonly name: string;
  readonly nu: number;
  readonly mse: number;
  readonly n: number;
  readonly errors: Float64Array;
  readonly refusals: number;
  readonly beta: Float64Array;
  readonly UD: Float64Array;
}

/** A race of format 2 in today's. @throws {RangeError} the bytes are none of that format */
export function raceOfFormat2(bytes: Buffer): Buffer {
  return convert(bytes, (reader, p) => ({
    ...readScore(reader),
    refusals: reader.u16(),
    beta: reader.doubles(p),
    UD: reader.doubles(packedLength(p)),
  }));
}

/**
 * A race of format 1 in today's. A V that is not positive definite gets factors of zeros: the race resets such a model and counts
 * it.
 * @throws {RangeError} the bytes are none of that format
 */
export function raceOfFormat1(bytes: Buffer): Buffer {
  return convert(bytes, (reader, p) => {
    const score = readScore(reader);
    const beta = reader.doubles(p);
    const UD = factorsOf(p, reader.doubles(packedLength(p))) ?? new Float64Array(packedLength(p));
    return { ...score, refusals: 0, beta, UD };
  });
}

function readScore(reader: StateReader) {
  const name = reader.text();
  const nu = reader.f64();
  return { name, nu, mse: reader.f64(), n: reader.f64(), errors: reader.doubles(RECENT) };
}

function convert(bytes: Buffer, readModel: (reader: StateReader, p: number) => OlderModel): Buffer {
  const reader = new StateReader(bytes);
  const features = reader.u32();
  const count = reader.f64();
  const rows = reader.doubles(RECENT * (features + 1));
  const models: OlderModel[] = [];
  for (let left = reader.u16(); left > 0; left--) models.push(readModel(reader, features + 1));
  const ranking = readRanking(reader);
  reader.end();

  const race = newPackedValue(raceBytes(models, features, NO_PLACES));
  layOut(race, models, features, NO_PLACES);
  race.doubles[race.at + COUNT] = count;
  race.doubles.set(rows, race.at + ROWS);
  for (const [m, model] of models.entries()) writeModel(race.doubles, modelAt(race, m), model);
  if (ranking !== undefined) writeRanking(race, ranking, models);
  return race.bytes.subarray(0, race.length);
}

function writeModel(
  doubles: Float64Array,
  model: number,
  { nu, mse, n, errors, refusals, beta, UD }: OlderModel,
): void {
  doubles[model + MSE] = mse;
  doubles[model + N] = n;
  doubles[model + REFUSALS] = refusals;
  doubles.set(errors, model + ERRORS);
  doubles[model + RLS] = nu;
  doubles.set(beta, betaAt(model + RLS));
  doubles.set(UD, factorsAt(model + RLS, beta.length));
}

/** An order that does not name each model once, which no program has written, is left out: it is decided at the next observation. */
function writeRanking(race: PackedValue, { order, since }: Ranking, models: readonly OlderModel[]): void {
  const places = order.map((name) => models.findIndex((model) => model.name === name));
  if (places.length !== models.length || models.some((_, m) => !places.includes(m))) return;
  race.doubles.set(places, orderAt(race));
  race.doubles[race.at + RANKED] = places.length;
  race.doubles[race.at + SINCE] = since;
}
