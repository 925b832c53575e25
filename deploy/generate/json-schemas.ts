/** JSON Schema of every record, a file each. Readers pass over members that they do not know, so new ones may come. */
import { type ZodType, z } from "zod";
import { RAW_SHAPES, rawRecordSchema } from "../../shared/contract/raw-schemas.js";
import { type DescribedRecord, RECORDS } from "./contract-topics.js";

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

/** A folder of their own: they promise to those who write, what the others promise to those who read. */
const RAW_FOLDER = "raw";

/** The files, by their names: draft 2020-12. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...RECORDS.map(({ file, schema }) => schemaFile(file, schema)),
    ...Object.entries(RAW_SHAPES).map(([file, shape]) => schemaFile(`${RAW_FOLDER}/${file}`, rawRecordSchema(shape))),
  ]);
}

function schemaFile(file: string, schema: ZodType): [string, string] {
  const { $schema, ...own } = jsonSchema(schema, "draft-2020-12");
  const whole = { $schema, $id: `${file}.json`, ...own };
  return [`${file}.json`, `${JSON.stringify(whole, undefined, 2)}\n`];
}

/** Schemas of draft 7, which AsyncAPI takes without naming a format, by the names of the records. */
export function draft7Schemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    RECORDS.map(({ name, schema }: DescribedRecord) => {
      const { $schema: _, ...own } = jsonSchema(schema, "draft-7");
      return [name, own];
    }),
  );
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
