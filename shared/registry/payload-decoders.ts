/** From the payload of a registered schema to JSON, by the kind of the schema. */
import type avro from "avsc";
import protobuf from "protobufjs";
import { avroType, avroValue, refuseReplaced } from "./avro-types.js";
import { jsonText } from "./json-text.js";
import type { StoredSchema } from "./registry-client.js";

/** A payload as JSON. Throws where it is none of its schema. */
export type PayloadDecoder = (payload: Buffer) => Buffer;

/**
 * @param referred the schemas that this one refers to, directly or not, those first that others refer to
 * @throws {Error} the schema cannot be used, as a sentence
 */
export function payloadDecoder(stored: StoredSchema, referred: readonly StoredSchema[]): PayloadDecoder {
  switch (stored.schemaType) {
    case "JSON":
      return (payload) => payload;
    case "AVRO":
      return avroDecoder(stored, referred);
    case "PROTOBUF":
      return protobufDecoder(stored, referred);
    default:
      throw new Error(`expected a schema of AVRO, JSON or PROTOBUF, got ${stored.schemaType}`);
  }
}

function avroDecoder({ schema }: StoredSchema, referred: readonly StoredSchema[]): PayloadDecoder {
  const registry: Record<string, avro.Type> = {};
  for (const other of referred) avroType(other.schema, registry);
  const type = avroType(schema, registry);
  return (payload) => {
    const text = jsonText(avroValue(type, payload));
    refuseReplaced(text, payload);
    return Buffer.from(text);
  };
}

function protobufDecoder({ schema }: StoredSchema, referred: readonly StoredSchema[]): PayloadDecoder {
  const root = new protobuf.Root();
  const own = parsed(schema, root);
  const messages = messagesOf(own.package === undefined ? root : root.lookup(own.package));
  for (const { imports } of [own, ...referred.map((other) => parsed(other.schema, root))])
    for (const name of imports) {
      const common = protobuf.common.get(name)?.nested;
      if (common !== undefined) root.addJSON(common);
    }
  root.resolveAll();
  return (payload) => {
    const reader = protobuf.Reader.create(payload);
    const type = messageAt(messages, indexesOf(reader));
    const message = type.decode(reader, payload.length - reader.pos);
    const object = type.toObject(message, { defaults: true, enums: String });
    return Buffer.from(jsonText(withIntegers(object)));
  };
}

interface ParsedFile {
  readonly package: string | undefined;
  readonly imports: readonly string[];
}

function parsed(schema: string, root: protobuf.Root): ParsedFile {
  const { package: name, imports = [] } = protobuf.parse(schema, root, { keepCase: true });
  return { package: name, imports };
}

/** The messages that are declared in a file or message itself, in their order. */
function messagesOf(parent: protobuf.ReflectionObject | null): protobuf.Type[] {
  const declared = parent instanceof protobuf.Namespace ? parent.nestedArray : [];
  return declared.filter((object) => object instanceof protobuf.Type);
}

/** Which message of the file a payload is: its places from the outermost in. A count of 0 stands for the first message. */
function indexesOf(reader: protobuf.Reader): number[] {
  const count = reader.sint32();
  if (count === 0) return [0];
  if (count < 0 || count > reader.len - reader.pos) throw new RangeError("expected the places of a message");
  return Array.from({ length: count }, () => reader.sint32());
}

function messageAt(outermost: readonly protobuf.Type[], indexes: readonly number[]): protobuf.Type {
  let among = outermost;
  let found: protobuf.Type | undefined;
  for (const index of indexes) {
    found = among[index];
    if (found === undefined) throw new RangeError("expected a message that its file has");
    among = messagesOf(found);
  }
  if (found === undefined) throw new RangeError("expected the place of a message");
  return found;
}

/** Integers of 64 bits are objects of two halves. */
function withIntegers(value: unknown): unknown {
  if (value instanceof protobuf.util.Long) return BigInt(String(value));
  if (Array.isArray(value)) return value.map(withIntegers);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withIntegers(member)]));
}
