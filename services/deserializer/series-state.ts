/**
 * What the deserializer remembers of a series, as the bytes that it is stored in, format 5: two doubles, `features` and `lastI`, then
 * its parts, see series-parts.ts. Most series have none: then a record reads and writes 16 bytes where they lie.
 */
import type { PackedStateStore, PackedValue } from "../../shared/service-definition.js";
import { decodeParts, encodeParts, type SeriesParts } from "./series-parts.js";

/** The same as an object. */
export interface SeriesState extends SeriesParts {
  /** Features that its first record had of its own, and so every one has: 0 where all of them are made of earlier records. */
  readonly features: number;
  /** i of its newest record, a safe integer. */
  readonly lastI: number;
}

/** Places of the doubles, from the first one. */
const FEATURES = 0;
const LAST_I = 1;
/** Bytes of the doubles. */
const HEAD_BYTES = 16;
const FEATURES_MAX = 2 ** 32 - 1;

/** See {@link SeriesState.features}. */
export function featuresOf({ doubles, at }: PackedValue): number {
  return doubles[at + FEATURES];
}

/** See {@link SeriesState.lastI}. */
export function lastIOf({ doubles, at }: PackedValue): number {
  return doubles[at + LAST_I];
}

/** The series as an object, which does not live in the value. */
export function readSeries(value: PackedValue): SeriesState {
  const features = featuresOf(value);
  const lastI = lastIOf(value);
  if (value.length === HEAD_BYTES) return { features, lastI };
  const from = 8 * value.at;
  return { features, lastI, ...decodeParts(value.bytes.subarray(from + HEAD_BYTES, from + value.length), features) };
}

/** Puts a series in the place of what the store has of it. @param before its value; undefined where it has none */
export function keepSeries(
  store: PackedStateStore,
  key: string,
  before: PackedValue | undefined,
  series: SeriesState,
): void {
  const parts = encodeParts(series);
  const length = HEAD_BYTES + parts.length;
  let value = before;
  if (value?.length === length) store.touch(value);
  else value = store.create(key, length);
  const { bytes, doubles, at } = value;
  doubles[at + FEATURES] = series.features;
  doubles[at + LAST_I] = series.lastI;
  if (parts.length > 0) parts.copy(bytes, 8 * at + HEAD_BYTES);
}

/** The bytes of a series. */
export function bodyOfSeries(series: SeriesState): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeDoubleLE(series.features, 8 * FEATURES);
  head.writeDoubleLE(series.lastI, 8 * LAST_I);
  return Buffer.concat([head, encodeParts(series)]);
}

/**
 * Checks the shape of a series.
 * @throws {RangeError} the bytes are none of this format
 */
export function checkSeries(body: Buffer): void {
  if (body.length < HEAD_BYTES)
    throw new RangeError(`expected a series of ${HEAD_BYTES} bytes or more, got ${body.length}`);
  const features = body.readDoubleLE(8 * FEATURES);
  const lastI = body.readDoubleLE(8 * LAST_I);
  if (!(Number.isInteger(features) && features >= 0 && features <= FEATURES_MAX))
    throw new RangeError(`expected a number of features, got ${features}`);
  if (!Number.isSafeInteger(lastI)) throw new RangeError(`expected the last i to be a safe integer, got ${lastI}`);
  decodeParts(body.subarray(HEAD_BYTES), features);
}
