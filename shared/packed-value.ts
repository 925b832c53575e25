/** Packed values in memory of their own, beside those that a store keeps. */
import type { PackedValue } from "./service-definition.js";

/** A value of `length` bytes that are all 0. */
export function newPackedValue(length: number): PackedValue {
  const doubles = new Float64Array(Math.ceil(length / 8));
  return { bytes: Buffer.from(doubles.buffer), doubles, at: 0, length };
}

/** A copy of a body as a value. */
export function packedValueOf(body: Buffer): PackedValue {
  const value = newPackedValue(body.length);
  body.copy(value.bytes);
  return value;
}

/** What stands before the body of a packed value behind its format: its kind, and two zeros. */
const KIND_BYTES = 3;
/** The kind of a value that is stored as a whole. */
export const WHOLE = 0;

/**
 * The body of a packed value that is stored as a whole, as {@link PackedCodec.older} takes it.
 * @param stored all that stands behind the format
 * @throws {RangeError} it is no whole value
 */
export function wholeBody(stored: Buffer): Buffer {
  if (stored.length < KIND_BYTES || stored[0] !== WHOLE)
    throw new RangeError(`expected a whole value, got ${stored.length} bytes of another kind`);
  return stored.subarray(KIND_BYTES);
}
