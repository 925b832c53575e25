/**
 * The bytes of a state value, the same in LevelDB and in the changelog:
 *   crc32 of the rest (4 bytes, little endian) | format of the codec (1 byte) | what the codec wrote
 * LevelDB does not verify its blocks on normal reads, so each value proves itself.
 */
import { crc32 } from "node:zlib";
import type { Codec } from "../service-definition.js";

const HEADER_BYTES = 5;

/** A value whose bytes cannot be trusted: the store is damaged and has to be rebuilt from its changelog. */
export class DamagedValueError extends Error {
  override readonly name = "DamagedValueError";
}

export function encodeStored<V>(codec: Codec<V>, value: V): Buffer {
  const body = codec.encode(value);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  bytes[4] = codec.format;
  body.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** @throws {DamagedValueError} the checksum, the format or the layout is not what was written */
export function decodeStored<V>(codec: Codec<V>, bytes: Buffer): V {
  if (bytes.length < HEADER_BYTES)
    throw new DamagedValueError(`expected at least ${HEADER_BYTES} bytes, found ${bytes.length}`);
  if (bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) throw new DamagedValueError("the checksum does not match");
  if (bytes[4] !== codec.format) throw new DamagedValueError(`expected format ${codec.format}, found ${bytes[4]}`);
  try {
    return codec.decode(bytes.subarray(HEADER_BYTES));
  } catch (error) {
    throw new DamagedValueError("the value cannot be decoded", { cause: error });
  }
}
