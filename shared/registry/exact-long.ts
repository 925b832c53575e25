/** Avro's integers of 64 bits, exactly. */
import avro from "avsc";

/**
 * A type `long` for schemas: it takes safe integers, and gives those as numbers and larger ones as BigInt. The package's own goes by
 * doubles, and is wrong from 2^52 on.
 */
export const exactLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const value = bytes.readBigInt64LE();
    return isSafe(value) ? Number(value) : value;
  },
  toBuffer: (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: Number,
  toJSON: Number,
  isValid: Number.isSafeInteger,
  compare: (one: number, other: number) => one - other,
});

const isSafe = (value: bigint): boolean =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
