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
