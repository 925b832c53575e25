/** Values of registered schemas as readers of other systems have them: by the schema that the registry gives, and nothing of ours. */
import assert from "node:assert/strict";
import avro from "avsc";

/** The package's own is wrong from 2^52 on. */
const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => Number(bytes.readBigInt64LE()),
  toBuffer: () => assert.fail("a reader writes nothing"),
  fromJSON: Number,
  toJSON: Number,
  isValid: Number.isSafeInteger,
  compare: (one: number, other: number) => one - other,
});

/** The type of an Avro schema. */
export async function registeredType(url: string, id: number): Promise<avro.Type> {
  const { schema } = await registered(url, id);
  return avro.Type.forSchema(JSON.parse(schema), { registry: { long } });
}

async function registered(url: string, id: number): Promise<{ schema: string; schemaType?: string }> {
  return (await fetch(`${url}/schemas/ids/${id}`)).json() as Promise<{ schema: string }>;
}

/** A reader that asks the registry at `url`. */
export function registryReader(url: string): (value: Buffer) => Promise<unknown> {
  const readers = new Map<number, Promise<(payload: Buffer) => unknown>>();
  const readerOf = async (id: number): Promise<(payload: Buffer) => unknown> => {
    const { schemaType } = await registered(url, id);
    if (schemaType === "JSON") return (payload) => JSON.parse(payload.toString("utf8"));
    const type = await registeredType(url, id);
    return (payload) => type.fromBuffer(payload);
  };
  return async (value) => {
    assert.equal(value[0], 0);
    const id = value.readUInt32BE(1);
    const reader = readers.get(id) ?? readerOf(id);
    readers.set(id, reader);
    return (await reader)(value.subarray(5));
  };
}

/** A value without what is null or left out: which of the two it was, Avro does not say. Members are in one order. */
export function content(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(content);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, content(member)]).sort());
}
