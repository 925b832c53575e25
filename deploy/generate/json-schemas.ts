/** JSON Schema of every record, a file each. Readers pass over members that they do not know, so new ones may come. */
import type { ZodType } from "zod";
import { type JsonSchema, jsonSchema } from "../../shared/contract/json-schema.js";
import { RAW_SHAPES, rawRecordSchema } from "../../shared/contract/raw-schemas.js";
import { type DescribedRecord, RECORDS } from "../../shared/contract/records.js";
import { avroSchema } from "../../shared/registry/avro-schema.js";

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

/** The files that a schema registry takes, by their names: Avro, and JSON Schema of draft 7, which every registry knows. */
export function registryFiles(): ReadonlyMap<string, string> {
  const results = RECORDS.filter(({ name }) => name !== "observation");
  return new Map(
    results.flatMap((record) => [
      [`${record.file}.avsc`, `${JSON.stringify(avroSchema(record), undefined, 2)}\n`],
      [`${record.file}.json`, `${JSON.stringify(jsonSchema(record.schema, "draft-7"), undefined, 2)}\n`],
    ]),
  );
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
