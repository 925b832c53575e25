/** JSON Schemas of the records, as zod makes them. */
import { type ZodType, z } from "zod";

/** As much of JSON Schema as the records need. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** What zod makes of a schema. */
export function jsonSchema(schema: ZodType, target: "draft-2020-12" | "draft-7"): JsonSchema {
  return z.toJSONSchema(schema, { target, io: "input" }) as JsonSchema;
}

/** A schema apart from the null that may stand in its place. */
export interface Nullable {
  readonly isNullable: boolean;
  readonly shapes: readonly JsonSchema[];
}

/** Null is one of several types, or of several schemas. */
export function withoutNull(schema: JsonSchema): Nullable {
  const { type, anyOf, ...rest } = schema;
  if (anyOf !== undefined) {
    const shapes = anyOf.filter((shape) => shape.type !== "null");
    return { isNullable: shapes.length < anyOf.length, shapes };
  }
  if (typeof type === "string" || type === undefined) return { isNullable: false, shapes: [schema] };
  const types = type.filter((name) => name !== "null");
  return { isNullable: types.length < type.length, shapes: types.map((name) => ({ type: name, ...rest })) };
}
