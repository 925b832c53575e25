/** What the deserializer remembers of a series. */
import type { Codec } from "../../shared/service-definition.js";
import { arrayBytes, OBJECT_BYTES, StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import { lastBytes, readLast, shownLast, writeLast } from "./known-values.js";
import { decodeLags, encodeLags, type LagState, lagMemory, shownLags } from "./lags.js";

export interface SeriesState {
  /** Features that its first record had of its own, and so every one has: 0 where all of them are made of earlier records. */
  readonly features: number;
  /** i of its newest record, a safe integer. */
  lastI: number;
  /** Left out where no features are made of earlier records or the time. */
  lags?: LagState | undefined;
  /** The last value of each feature, NaN where there is none yet; left out where none is asked for. */
  last?: Float64Array | undefined;
}

/** Bytes of `features` and `lastI`. */
const ORDER_BYTES = 12;
/** Bits of what follows those. */
const LAGS = 1;
const LAST = 2;

/**
 * Format 3: `features` as an unsigned integer of 4 bytes, then `lastI` as a signed one of 8, both big-endian; then, where either is
 * there, which of the two (u16): 1 for lags, 2 for last values; the last values; what {@link encodeLags} writes. Format 2 had no
 * last values and nothing before its lags, format 1 no lags and 1 feature or more.
 */
export const seriesCodec: Codec<SeriesState> = {
  format: 3,
  encode({ features, lastI, lags, last }) {
    const order = Buffer.allocUnsafe(ORDER_BYTES);
    order.writeUInt32BE(features, 0);
    order.writeBigInt64BE(BigInt(lastI), 4);
    if (lags === undefined && last === undefined) return order;
    const parts = Buffer.allocUnsafe(2 + (last === undefined ? 0 : lastBytes(last)));
    const writer = new StateWriter(parts);
    writer.u16((lags === undefined ? 0 : LAGS) + (last === undefined ? 0 : LAST));
    if (last !== undefined) writeLast(writer, last);
    writer.end();
    return Buffer.concat(lags === undefined ? [order, parts] : [order, parts, encodeLags(lags)]);
  },
  bytes: ({ lags, last }) =>
    OBJECT_BYTES + (lags === undefined ? 0 : lagMemory(lags)) + (last === undefined ? 0 : arrayBytes(last.length)),
  decode(bytes) {
    const order = decodeOrder(bytes);
    return bytes.length === ORDER_BYTES ? order : { ...order, ...decodeParts(bytes.subarray(ORDER_BYTES), order) };
  },
  older: {
    1: (bytes) => {
      if (bytes.length !== ORDER_BYTES) throw new RangeError(`expected a series of 12 bytes, got ${bytes.length}`);
      const order = decodeOrder(bytes);
      if (order.features === 0) throw new RangeError("expected 1 feature or more, got 0");
      return order;
    },
    2: (bytes) => {
      const order = decodeOrder(bytes);
      return bytes.length === ORDER_BYTES ? order : { ...order, lags: decodeLags(bytes.subarray(ORDER_BYTES)) };
    },
  },
  toJson: ({ features, lastI, lags, last }) => ({
    features,
    lastI,
    ...(lags === undefined ? {} : { lags: shownLags(lags) }),
    ...(last === undefined ? {} : { last: shownLast(last) }),
  }),
};

function decodeOrder(bytes: Buffer): SeriesState {
  if (bytes.length < ORDER_BYTES) throw new RangeError(`expected a series of 12 bytes or more, got ${bytes.length}`);
  const features = bytes.readUInt32BE(0);
  const lastI = Number(bytes.readBigInt64BE(4));
  if (!Number.isSafeInteger(lastI)) throw new RangeError(`expected the last i to be a safe integer, got ${lastI}`);
  return { features, lastI };
}

function decodeParts(bytes: Buffer, { features }: SeriesState): Pick<SeriesState, "lags" | "last"> {
  const reader = new StateReader(bytes);
  const parts = reader.u16();
  if (parts < LAGS || parts > LAGS + LAST)
    throw new RangeError(`expected 1 to 3 for the parts of a series, got ${parts}`);
  const last = parts >= LAST ? readLast(reader, features) : undefined;
  const lagsAt = 2 + (last === undefined ? 0 : lastBytes(last));
  if (parts === LAST) reader.end();
  return {
    ...(last && { last }),
    ...(parts !== LAST && { lags: decodeLags(bytes.subarray(lagsAt)) }),
  };
}
