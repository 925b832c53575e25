/** What the deserializer remembers of a series. */
import type { Codec } from "../../shared/service-definition.js";
import { OBJECT_BYTES } from "../../shared/state/state-bytes.js";
import { decodeLags, encodeLags, type LagState, lagMemory, shownLags } from "./lags.js";

export interface SeriesState {
  /** Features that its first record had of its own, and so every one has: 0 where all of them are made of earlier records. */
  readonly features: number;
  /** i of its newest record, a safe integer. */
  lastI: number;
  /** Left out where no features are made of earlier records or the time. */
  lags?: LagState | undefined;
}

/** Bytes of `features` and `lastI`. */
const ORDER_BYTES = 12;

/**
 * Format 2: `features` as an unsigned integer of 4 bytes, then `lastI` as a signed one of 8, both big-endian; then what
 * {@link encodeLags} writes, where there are lags. Format 1 ended before those, and had 1 feature or more.
 */
export const seriesCodec: Codec<SeriesState> = {
  format: 2,
  encode({ features, lastI, lags }) {
    const bytes = Buffer.allocUnsafe(ORDER_BYTES);
    bytes.writeUInt32BE(features, 0);
    bytes.writeBigInt64BE(BigInt(lastI), 4);
    return lags === undefined ? bytes : Buffer.concat([bytes, encodeLags(lags)]);
  },
  bytes: ({ lags }) => OBJECT_BYTES + (lags === undefined ? 0 : lagMemory(lags)),
  decode(bytes) {
    const order = decodeOrder(bytes);
    return bytes.length === ORDER_BYTES ? order : { ...order, lags: decodeLags(bytes.subarray(ORDER_BYTES)) };
  },
  older: {
    1: (bytes) => {
      if (bytes.length !== ORDER_BYTES) throw new RangeError(`expected a series of 12 bytes, got ${bytes.length}`);
      const order = decodeOrder(bytes);
      if (order.features === 0) throw new RangeError("expected 1 feature or more, got 0");
      return order;
    },
  },
  toJson: ({ features, lastI, lags }) => ({
    features,
    lastI,
    ...(lags === undefined ? {} : { lags: shownLags(lags) }),
  }),
};

function decodeOrder(bytes: Buffer): SeriesState {
  if (bytes.length < ORDER_BYTES) throw new RangeError(`expected a series of 12 bytes or more, got ${bytes.length}`);
  const features = bytes.readUInt32BE(0);
  const lastI = Number(bytes.readBigInt64BE(4));
  if (!Number.isSafeInteger(lastI)) throw new RangeError(`expected the last i to be a safe integer, got ${lastI}`);
  return { features, lastI };
}
