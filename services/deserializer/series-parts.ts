/**
 * What is remembered of a series beside its order, as bytes: nothing where there is none of it; else which parts there are (u16), 1
 * for lags, 2 for last values; the last values; what {@link encodeLags} writes.
 */
import { StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import { lastBytes, readLast, writeLast } from "./known-values.js";
import { decodeLags, encodeLags, type LagState } from "./lags.js";

/** See the file's head. */
export interface SeriesParts {
  /** Left out where no features are made of earlier records or the time. */
  readonly lags?: LagState | undefined;
  /** The last value of each feature, NaN where there is none yet; left out where none is asked for. */
  readonly last?: Float64Array | undefined;
}

/** Bits of what comes. */
const LAGS = 1;
const LAST = 2;

const NOTHING = Buffer.alloc(0);
const NO_PARTS: SeriesParts = {};

export function encodeParts({ lags, last }: SeriesParts): Buffer {
  if (lags === undefined && last === undefined) return NOTHING;
  const bytes = Buffer.allocUnsafe(2 + (last === undefined ? 0 : lastBytes(last)));
  const writer = new StateWriter(bytes);
  writer.u16((lags === undefined ? 0 : LAGS) + (last === undefined ? 0 : LAST));
  if (last !== undefined) writeLast(writer, last);
  writer.end();
  return lags === undefined ? bytes : Buffer.concat([bytes, encodeLags(lags)]);
}

/**
 * @param features of the series
 * @throws {RangeError} the bytes are no parts of such a series
 */
export function decodeParts(bytes: Buffer, features: number): SeriesParts {
  if (bytes.length === 0) return NO_PARTS;
  const reader = new StateReader(bytes);
  const parts = reader.u16();
  if (parts < LAGS || parts > LAGS + LAST)
    throw new RangeError(`expected 1 to 3 for the parts of a series, got ${parts}`);
  const last = parts >= LAST ? readLast(reader, features) : undefined;
  if (parts === LAST) reader.end();
  const lagsAt = 2 + (last === undefined ? 0 : lastBytes(last));
  return {
    ...(last && { last }),
    ...(parts !== LAST && { lags: decodeLags(bytes.subarray(lagsAt)) }),
  };
}
