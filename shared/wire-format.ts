/** Confluent's wire format: a byte 0, the schema's id as four bytes, big endian, and what was encoded by that schema. */

const MAGIC = 0;
const PREFIX_BYTES = 5;

export interface Frame {
  readonly schemaId: number;
  readonly payload: Buffer;
}

export function framed({ schemaId, payload }: Frame): Buffer {
  const value = Buffer.allocUnsafe(PREFIX_BYTES + payload.length);
  value[0] = MAGIC;
  value.writeUInt32BE(schemaId, 1);
  payload.copy(value, PREFIX_BYTES);
  return value;
}

/** @returns undefined where the value is in another format */
export function frameOf(value: Buffer): Frame | undefined {
  if (value.length < PREFIX_BYTES || value[0] !== MAGIC) return undefined;
  return { schemaId: value.readUInt32BE(1), payload: value.subarray(PREFIX_BYTES) };
}
