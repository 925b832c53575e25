/** How results become values of a registered schema. */
import { jsonSchema } from "../contract/json-schema.js";
import { type DescribedRecord, recordOf } from "../contract/records.js";
import { SchemaError } from "../errors.js";
import { formatOf, type RegistrySettings, type ValueFormat } from "../registry-settings.js";
import type { OutputTopic } from "../service-definition.js";
import type { ValueEncoder } from "../value-encoder.js";
import { framed } from "../wire-format.js";
import { avroSchema } from "./avro-schema.js";
import { type Compatibility, RegistryClient } from "./registry-client.js";

/** A registered form of values. */
interface Registered {
  readonly schemaType: "JSON" | "AVRO";
  /** What the schemas of the contract keep from one version to the next, as registries call it. */
  readonly compatibility: Compatibility;
  schemaOf(record: DescribedRecord): object;
  payload(record: DescribedRecord): Promise<ValueEncoder>;
}

const FORMS: Readonly<Record<Exclude<ValueFormat, "json">, Registered>> = {
  "json-schema": {
    schemaType: "JSON",
    // A registry takes a new member that may be left out for a break of readers' schemas that let in any other.
    compatibility: "FORWARD_TRANSITIVE",
    schemaOf: ({ schema }) => jsonSchema(schema, "draft-7"),
    payload: async () => (json) => json,
  },
  avro: {
    schemaType: "AVRO",
    compatibility: "FULL_TRANSITIVE",
    schemaOf: avroSchema,
    payload: async (record) => {
      // Most services do not need it.
      const { avroType } = await import("./avro-types.js");
      const type = avroType(JSON.stringify(avroSchema(record)));
      // JSON has the shortest text of each double, which reads back as the same double.
      return (json) => type.toBuffer(JSON.parse(json.toString("utf8")));
    },
  },
};

/**
 * Registers the schemas of the results that `VALUE_FORMAT` gives one, or looks them up.
 * @returns what the values of these topics go through, by topic
 * @throws {AwayError} the registry does not answer
 * @throws {SchemaError} it refuses a schema, or does not have it and `SCHEMA_REGISTRY_REGISTER` is off
 */
export async function valueEncoders(
  settings: RegistrySettings,
  outputs: readonly OutputTopic<never>[],
): Promise<ReadonlyMap<string, ValueEncoder>> {
  const client = new RegistryClient(settings);
  const encoders = new Map<string, ValueEncoder>();
  for (const output of outputs) {
    const topic = output.name;
    const format = formatOf(settings, topic);
    const record = recordOf(output);
    // The racers read observations as they stand.
    if (format === "json" || record === undefined || record.name === "observation") continue;
    const form = FORMS[format];
    const schemaId = await registeredId(client, `${topic}-value`, form, record, settings.registryRegister);
    const payload = await form.payload(record);
    encoders.set(topic, (json) => framed({ schemaId, payload: payload(json) }));
  }
  return encoders;
}

async function registeredId(
  client: RegistryClient,
  subject: string,
  { schemaType, compatibility, schemaOf }: Registered,
  record: DescribedRecord,
  register: RegistrySettings["registryRegister"],
): Promise<number> {
  const stored = { schema: JSON.stringify(schemaOf(record)), schemaType };
  const known = await client.lookUp(subject, stored);
  if (known !== undefined) return known;
  if (register === "off")
    throw new SchemaError(
      `the schema registry does not have the ${schemaType} schema of ${record.name} under ${subject}, and SCHEMA_REGISTRY_REGISTER is off: ` +
        "register that of the folder contract, or switch it on",
    );
  const isNew = !(await client.has(subject));
  const id = await client.register(subject, stored);
  // A rule that somebody has set stays, and so does it where somebody has left a subject without one.
  if (isNew && (await client.compatibility(subject)) === undefined)
    await client.setCompatibility(subject, compatibility);
  return id;
}
