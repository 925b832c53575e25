/**
 * What stateful-estimator keeps of a series besides the rows of its matrix, and its bytes. Format 1, little endian, doubles
 * bit for bit; with n features, p = n + 1:
 *
 *   u32 n · f64 rows learned · p f64 abs · p f64 absSum · p f64 mu · p f64 S
 *   f64 begin of the batch interval in ms · f64 observations in it · u32 length of the matrix · f64 rows put into it
 */

import type { Codec } from "../../shared/service-definition.js";
import { type RowRing, shownRing } from "../../shared/state/row-ring.js";
import { arrayBytes, OBJECT_BYTES, StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import { type Estimates, variance } from "./estimators.js";

export interface SeriesState {
  readonly estimates: Estimates;
  /** Where the matrix of the last rows stands; its rows are in a store of their own. */
  readonly matrix: RowRing;
}

const HEAD_BYTES = 4 + 8;
const TAIL_BYTES = 8 + 8 + 4 + 8;

/** See the file's head. `encode` throws a RangeError where a number is not finite: none may enter a changelog. */
export const seriesCodec: Codec<SeriesState> = { format: 1, encode, bytes: bytesOf, decode, toJson };

function encode({ estimates, matrix }: SeriesState): Buffer {
  const { count, abs, absSum, mu, S, interval } = estimates;
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + 4 * 8 * mu.length + TAIL_BYTES);
  const writer = new StateWriter(bytes);
  writer.u32(mu.length - 1);
  writer.f64(count);
  for (const numbers of [abs, absSum, mu, S]) writer.doubles(numbers);
  writer.f64(interval.startMs);
  writer.f64(interval.count);
  writer.u32(matrix.length);
  writer.f64(matrix.count);
  writer.end();
  return bytes;
}

function bytesOf({ estimates }: SeriesState): number {
  return 4 * OBJECT_BYTES + 4 * arrayBytes(estimates.mu.length);
}

function decode(bytes: Buffer): SeriesState {
  const reader = new StateReader(bytes);
  const p = reader.u32() + 1;
  const count = reader.f64();
  const [abs, absSum, mu, S] = [reader.doubles(p), reader.doubles(p), reader.doubles(p), reader.doubles(p)];
  const interval = { startMs: reader.f64(), count: reader.f64() };
  const matrix = { length: reader.u32(), count: reader.f64() };
  reader.end();
  return { estimates: { count, abs, absSum, mu, S, interval }, matrix };
}

/** `matrix` says the shape [rows, columns] and which slot is the newest: older rows are in the slots before it, around the ring. */
function toJson({ estimates, matrix }: SeriesState): unknown {
  const { count, abs, absSum, mu, interval } = estimates;
  return {
    features: mu.length - 1,
    N: count,
    abs: Array.from(abs),
    absSum: Array.from(absSum),
    mu: Array.from(mu),
    variance: count === 0 ? null : Array.from(mu, (_, j) => variance(estimates, j)),
    interval,
    matrix: shownRing(matrix, mu.length),
  };
}
