/**
 * The bytes of a state value, the same in LevelDB and in the changelog:
 *   crc32 of the rest (4 bytes, little endian) | format of the codec (1 byte) | what the codec wrote
 * Of a packed value, whose body begins at a double:
 *   crc32 of the rest (4 bytes, little endian) | format (1 byte) | whole, step or short (1 byte) | 2 zeros | body
 * LevelDB does not verify its blocks on normal reads, so each value proves itself.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../../errors.js";
import { type WHOLE, wholeBody } from "../../packed-value.js";
import type { Codec, PackedCodec } from "../../service-definition.js";
import { bodyOfShort } from "./short-value.js";

const HEADER_BYTES = 5;
/** The format, and what the checksum is of begins there. */
const FORMAT_AT = 4;
/** Of a packed value, behind its format. */
const KIND_AT = 5;
/** A kind beside {@link WHOLE}: a step of a value, see {@link PackedCodec.steps}. It stands in changelogs only. */
export const STEP = 1;
/** And one more: a value as a whole whose runs of equal words are left out, see short-value.ts. */
export const SHORT = 2;

/** A value whose bytes cannot be trusted: the folder is damaged, and has to be reset and restored from its changelogs. */
export class ValueDamagedError extends Error {
  override readonly name = "ValueDamagedError";
}

/** What a codec reads. */
interface Formats {
  readonly format: number;
  readonly older?: object;
}

/** The bytes of a value, see the file's head. */
export function encodeStored<V>(codec: Codec<V>, value: V): Buffer {
  const body = codec.encode(value);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  bytes[FORMAT_AT] = codec.format;
  body.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(FORMAT_AT)), 0);
  return bytes;
}

/**
 * @param where what the bytes are the value of, for messages
 * @throws {ValueDamagedError} the checksum or the layout is not what was written
 * @throws {StoreError} the codec does not read this format
 */
export function decodeStored<V>(codec: Codec<V>, bytes: Buffer, where: string): V {
  const format = checkedFormat(codec, bytes, where);
  const decode = codec.older?.[format] ?? codec.decode;
  try {
    return decode(bytes.subarray(HEADER_BYTES));
  } catch (error) {
    throw new ValueDamagedError("the value cannot be decoded", { cause: error });
  }
}

/**
 * The body of a packed value, of today's format: a part of `bytes`, new bytes, or working memory that the next call writes into.
 * @throws as {@link decodeStored}
 */
export function bodyOfStored(codec: PackedCodec, bytes: Buffer, where: string): Buffer {
  const format = checkedFormat(codec, bytes, where);
  const convert = format === codec.format ? undefined : codec.older?.[format];
  try {
    if (convert !== undefined) return convert(bytes.subarray(HEADER_BYTES));
    const body = kindOf(bytes) === SHORT ? bodyOfShort(bytes) : wholeBody(bytes.subarray(HEADER_BYTES));
    codec.check(body);
    return body;
  } catch (error) {
    throw new ValueDamagedError("the value cannot be read", { cause: error });
  }
}

/** Completes a packed value, or a step of one, whose body is there: all of its head, since its place may have been another's. */
export function sealPacked(bytes: Buffer, format: number, kind: typeof WHOLE | typeof STEP | typeof SHORT): void {
  bytes.writeUInt32LE(format, FORMAT_AT);
  bytes[KIND_AT] = kind;
  bytes.writeUInt32LE(crc32(bytes.subarray(FORMAT_AT)), 0);
}

/** Whether a packed value is {@link WHOLE}, a {@link STEP} or {@link SHORT}. */
export function kindOf(bytes: Buffer): number {
  return bytes[KIND_AT];
}

function checkedFormat(codec: Formats, bytes: Buffer, where: string): number {
  if (bytes.length < HEADER_BYTES)
    throw new ValueDamagedError(`expected at least ${HEADER_BYTES} bytes, found ${bytes.length}`);
  if (!isIntact(bytes)) throw new ValueDamagedError("the checksum does not match");
  const format = formatOf(bytes);
  refuseUnknownFormat(codec, format, where);
  return format;
}

/** Whether stored bytes are what was written, as far as their checksum tells. */
export function isIntact(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.readUInt32LE(0) === crc32(bytes.subarray(FORMAT_AT));
}

/** The format of a stored value. */
export function formatOf(bytes: Buffer): number {
  return bytes[FORMAT_AT];
}

/**
 * Another program wrote a format that this one does not know. Its bytes are sound, here and in the changelog, so no folder is
 * reset: a restore would bring the same bytes back.
 * @param codec what is read: `format` and the keys of `older`
 * @param where what is of that format, for the message
 * @throws {StoreError} `format` is none of them
 */
export function refuseUnknownFormat(codec: Formats, format: number, where: string): void {
  const older = Object.keys(codec.older ?? {}).map(Number);
  if (format === codec.format || older.includes(format)) return;
  const [reads, remedy] =
    format > codec.format
      ? [`up to ${codec.format}`, "Use the newer program that wrote it"]
      : [`from ${Math.min(...older, codec.format)}`, "Upgrade by way of a program that reads both"];
  throw new StoreError(
    `${where} is of format ${format}, this program reads ${reads}. ${remedy}, or start anew under another APPLICATION_ID.`,
  );
}
