/** Avro schemas of the records, made from their JSON Schemas: the two say the same. */
import { type JsonSchema, jsonSchema, withoutNull } from "../contract/json-schema.js";
import type { DescribedRecord } from "../contract/records.js";

/** As much of an Avro schema as the records need. */
export type AvroSchema = string | AvroRecord | AvroList | readonly AvroSchema[];

export interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

interface AvroList {
  readonly type: "array";
  readonly items: AvroSchema;
}

interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: null;
  readonly doc?: string;
}

/**
 * Integers are `long`, other numbers `double`. What may be null or left out is a union with null and null by default: Avro has no
 * members that are left out. Texts of a closed list stay `string`, since Avro's enumerations do not take their hyphens.
 */
export function avroSchema({ name, schema }: DescribedRecord): AvroRecord {
  const { description, ...record } = jsonSchema(schema, "draft-2020-12");
  return { ...recordOf(record, capital(name)), namespace: "regatta", ...(description && { doc: description }) };
}

function recordOf({ properties = {}, required = [] }: JsonSchema, name: string): AvroRecord {
  const fields = Object.entries(properties).map(([member, of]) => fieldOf(member, of, required.includes(member), name));
  return { type: "record", name, fields };
}

function fieldOf(name: string, schema: JsonSchema, isAlways: boolean, parent: string): AvroField {
  const {
    isNullable,
    shapes: [shape],
  } = withoutNull(schema);
  const type = typeOf(shape, parent + capital(name));
  const doc = schema.description && { doc: schema.description };
  return isNullable || !isAlways ? { name, type: ["null", type], default: null, ...doc } : { name, type, ...doc };
}

/** @param name of the record, where it is one */
function typeOf(schema: JsonSchema, name: string): AvroSchema {
  const { type, items = {} } = schema;
  if (schema.const === true) return "boolean";
  switch (type) {
    case "string":
      return "string";
    case "integer":
      return "long";
    case "number":
      return "double";
    case "array":
      return { type: "array", items: typeOf(items, name) };
    case "object":
      return recordOf(schema, name);
    default:
      throw new RangeError(`expected ${name} to be of a type that Avro has, got ${type}`);
  }
}

const capital = (name: string): string => name[0].toUpperCase() + name.slice(1);
