import assert from "node:assert/strict";
import avro from "avsc";
import fc from "fast-check";
import { readSettings } from "../../../../shared/config.js";
import { RECORDS } from "../../../../shared/contract/records.js";
import {
  encodeEstimate,
  encodePrediction,
  encodeRlsPrediction,
  encodeStandings,
} from "../../../../shared/contract/schemas.js";
import { observationsTopic, topics } from "../../../../shared/contract/topics.js";
import { SchemaError } from "../../../../shared/errors.js";
import { avroSchema } from "../../../../shared/registry/avro-schema.js";
import { valueEncoders } from "../../../../shared/registry/value-encoders.js";
import { registrySettings } from "../../../../shared/registry-settings.js";
import type { OutputTopic } from "../../../../shared/service-definition.js";
import { frameOf } from "../../../../shared/wire-format.js";
import { exampleRecords } from "../../../support/contract/schema-files.js";
import { holds } from "../../../support/property.js";
import { content, registeredType } from "../../../support/registry/decoded.js";
import { MemoryRegistry } from "../../../support/registry/memory-registry.js";

const RESULTS: readonly OutputTopic<never>[] = Object.values(topics);
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const number = fc.option(double);
const whole = fc.maxSafeNat();
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const head = { topic: fc.string(), series: fc.string(), i: fc.maxSafeInteger() };
const prediction = {
  ...head,
  model: fc.string(),
  n: whole,
  y: number,
  yhat: number,
  error: number,
  mse: number,
  reason: optional(fc.string()),
  asked: optional(double),
  corrected: optional(fc.constant(true as const)),
};
const rows = fc.array(double);
describe("values of a registered schema", () => {
  let registry: MemoryRegistry;
  const settingsOf = (environment: Record<string, string>) =>
    readSettings(registrySettings, { SCHEMA_REGISTRY_URL: registry.url, ...environment });
  const encodersOf = (environment: Record<string, string>, of = RESULTS) => valueEncoders(settingsOf(environment), of);

  beforeEach(async () => {
    registry = await MemoryRegistry.start();
  });
  afterEach(() => registry.close());

  it("are for topics of results that the setting names, and for no others, and json asks nobody", async () => {
    assert.equal((await encodersOf({})).size, 0);
    assert.deepEqual(registry.asked, []);
    assert.deepEqual(
      [...(await encodersOf({ VALUE_FORMAT: "rls-best:avro,ml-best:json-schema" })).keys()],
      ["rls-best", "ml-best"],
    );
    const all = [...RESULTS, observationsTopic("raw") as OutputTopic<never>];
    const encoders = await encodersOf({ VALUE_FORMAT: "avro,estimates:json,ml-best:json-schema" }, all);
    assert.deepEqual(
      [...encoders.keys()].sort(),
      RESULTS.map(({ name }) => name)
        .filter((name) => name !== "estimates")
        .sort(),
    );
  });

  it("are the same JSON behind the id of its schema, which takes it", async () => {
    const encoders = await encodersOf({ VALUE_FORMAT: "json-schema" });
    const json = Buffer.from('{"topic":"t"}');
    const { schemaId = 0, payload } = frameOf(encoders.get("rls-best")?.(json) ?? json) ?? {};
    assert.deepEqual(payload, json);
    const schema = await (await fetch(`${registry.url}/schemas/ids/${schemaId}`)).json();
    assert.equal((schema as { schemaType: string }).schemaType, "JSON");
  });

  it("are records of Avro with every double and text as they were, by a reader that has the registered schema alone", async () => {
    const encoders = await encodersOf({ VALUE_FORMAT: "avro" });
    const read = async (topic: string) => {
      const example = encoders.get(topic)?.(Buffer.from(exampleRecords().get(fileOf(topic)) ?? ""));
      const type = await registeredType(registry.url, frameOf(example ?? Buffer.alloc(0))?.schemaId ?? -1);
      return (json: Buffer): unknown => type.fromBuffer(frameOf(encoders.get(topic)?.(json) ?? json)?.payload ?? json);
    };
    const cases: readonly (readonly [string, fc.Arbitrary<Buffer>])[] = [
      ["ml-predictions", fc.record(prediction).map(encodePrediction)],
      ["rls-predictions", fc.record({ ...prediction, nu: number, beta: fc.option(rows) }).map(encodeRlsPrediction)],
      [
        "rls-standings",
        fc
          .record({
            ...head,
            n: whole,
            leader: fc.string(),
            since: whole,
            models: fc.array(fc.record({ model: fc.string(), mse: number })),
          })
          .map(encodeStandings),
      ],
      [
        "estimates",
        fc
          .record({
            ...head,
            n: whole,
            max: double,
            mean: double,
            text: fc.string(),
            abs: rows,
            count: whole,
            absSum: rows,
            mu: rows,
            variance: rows,
          })
          .map(encodeEstimate),
      ],
    ];
    for (const [topic, values] of cases) {
      const decoded = await read(topic);
      holds(
        fc.property(values, (json) => {
          // deepEqual of the strict kind tells -0 from 0.
          assert.deepEqual(content(decoded(json)), content(JSON.parse(json.toString("utf8"))));
        }),
      );
    }
  });

  it("are of schemas that take the examples of the contract, every member of them", () => {
    for (const record of RECORDS) {
      const example = JSON.parse(exampleRecords().get(`${record.file}.json`) ?? "");
      const type = avro.Type.forSchema(avroSchema(record) as avro.Schema);
      assert.deepEqual(content(type.fromBuffer(type.toBuffer(example))), content(example), record.name);
    }
  });

  it("are registered once, under the topic's name, with the rule that the contract keeps, unless somebody has set another", async () => {
    const settings = { VALUE_FORMAT: "rls-best:avro,ml-best:avro,estimates:json-schema" };
    await encodersOf(settings);
    const rule = async (topic: string) => (await fetch(`${registry.url}/config/${topic}-value`)).json();
    assert.deepEqual(await rule("rls-best"), { compatibilityLevel: "FULL_TRANSITIVE" });
    assert.deepEqual(await rule("estimates"), { compatibilityLevel: "FORWARD_TRANSITIVE" });
    const first = { method: "POST", body: JSON.stringify({ schema: '"double"' }) };
    await fetch(`${registry.url}/subjects/rls-standings-value/versions`, first);
    await encodersOf({ VALUE_FORMAT: "rls-standings:avro" });
    assert.equal((await fetch(`${registry.url}/config/rls-standings-value`)).status, 404);
    registry.asked.length = 0;
    await encodersOf(settings);
    assert.deepEqual(
      registry.asked.sort(),
      ["estimates", "ml-best", "rls-best"].map((topic) => `POST /subjects/${topic}-value`),
    );
  });

  it("are none where the registry has another schema that readers hold to, or may not be given one", async () => {
    const other = {
      type: "record",
      name: "RlsPrediction",
      namespace: "regatta",
      fields: [{ name: "other", type: "string" }],
    };
    const post = (method: string, path: string, body: object) =>
      fetch(registry.url + path, { method, body: JSON.stringify(body) });
    await post("POST", "/subjects/rls-predictions-value/versions", { schema: JSON.stringify(other) });
    await post("PUT", "/config/rls-predictions-value", { compatibility: "BACKWARD" });
    await assert.rejects(encodersOf({ VALUE_FORMAT: "avro" }), (error: Error) => {
      return (
        error instanceof SchemaError && /refuses rls-predictions-value \(409\): .*incompatible/.test(error.message)
      );
    });
    await assert.rejects(
      encodersOf({ VALUE_FORMAT: "rls-best:avro", SCHEMA_REGISTRY_REGISTER: "off" }),
      /does not have the AVRO schema of best under rls-best-value/,
    );
    await encodersOf({ VALUE_FORMAT: "rls-best:avro" });
    assert.equal((await encodersOf({ VALUE_FORMAT: "rls-best:avro", SCHEMA_REGISTRY_REGISTER: "off" })).size, 1);
  });
});

function fileOf(topic: string): string {
  const name = RESULTS.find((of) => of.name === topic)?.record;
  return `${RECORDS.find((record) => record.name === name)?.file}.json`;
}
