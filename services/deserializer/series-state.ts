/** What the deserializer remembers of a series. */
import type { Codec } from "../../shared/service-definition.js";
import { OBJECT_BYTES } from "../../shared/state/state-bytes.js";

export interface SeriesState {
  /** Number of features of its first observation, and so of every one, 1 and more. */
  readonly features: number;
  /** i of its newest observation, a safe integer. */
  lastI: number;
}

/** Format 1: `features` as an unsigned integer of 4 bytes, then `lastI` as a signed one of 8, both big-endian. */
export const seriesCodec: Codec<SeriesState> = {
  format: 1,
  encode({ features, lastI }) {
    const bytes = Buffer.allocUnsafe(12);
    bytes.writeUInt32BE(features, 0);
    bytes.writeBigInt64BE(BigInt(lastI), 4);
    return bytes;
  },
  bytes: () => OBJECT_BYTES,
  decode(bytes) {
    if (bytes.length !== 12) throw new RangeError(`expected a series of 12 bytes, got ${bytes.length}`);
    const features = bytes.readUInt32BE(0);
    const lastI = Number(bytes.readBigInt64BE(4));
    if (features === 0) throw new RangeError("expected 1 feature or more, got 0");
    if (!Number.isSafeInteger(lastI)) throw new RangeError(`expected the last i to be a safe integer, got ${lastI}`);
    return { features, lastI };
  },
  toJson: ({ features, lastI }) => ({ features, lastI }),
};
