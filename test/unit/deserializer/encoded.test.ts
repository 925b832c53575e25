import assert from "node:assert/strict";
import avro from "avsc";
import { fetchSchemas } from "../../../services/deserializer/raw-schemas.js";
import { deserializer } from "../../../services/deserializer/service.js";
import { registrySettings } from "../../../shared/registry-settings.js";
import type { InputRecord } from "../../../shared/service-definition.js";
import { framed } from "../../../shared/wire-format.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { inputRecordOf } from "../../support/kafka/input-record.js";
import { MemoryRegistry } from "../../support/registry/memory-registry.js";

const SCHEMA = {
  type: "record",
  name: "Sale",
  fields: [
    { name: "shop", type: "long" },
    { name: "price", type: ["null", "double"] },
    { name: "demand", type: "double" },
  ],
};
const USUAL = {
  type: "record",
  name: "Usual",
  fields: [
    { name: "i", type: "int" },
    { name: "y", type: "double" },
    { name: "x", type: { type: "array", items: "double" } },
  ],
};

describe("raw records of registered schemas in the deserializer", () => {
  let registry: MemoryRegistry;

  beforeEach(async () => {
    registry = await MemoryRegistry.start();
  });
  afterEach(() => registry.close());

  const driverOf = (environment: Record<string, string>) =>
    new TopologyDriver(
      { ...deserializer, settings: { ...registrySettings, ...deserializer.settings } },
      { SCHEMA_REGISTRY_URL: registry.url, ...environment },
    );
  async function registered(schema: object): Promise<(value: object) => Buffer> {
    const body = JSON.stringify({ schema: JSON.stringify(schema) });
    const answer = await fetch(`${registry.url}/subjects/s${registry.asked.length}/versions`, { method: "POST", body });
    const { id } = (await answer.json()) as { id: number };
    const type = avro.Type.forSchema(schema as avro.Schema);
    return (value) => framed({ schemaId: id, payload: type.toBuffer(value) });
  }
  const record = (topic: string, value: Buffer | string): InputRecord =>
    inputRecordOf({ topic, partition: 0, offset: 0, key: Buffer.from("k"), value: Buffer.from(value) } as never);

  /** The observations, and the reasons of what is none, after all that is brought to the partitions of its series has come there. */
  async function piped(driver: ReturnType<typeof driverOf>, of: InputRecord): Promise<string[]> {
    await fetchSchemas([of], driver.settings);
    const { outputs, deadLetters } = driver.pipe(of);
    const brought = outputs.filter(({ topic }) => topic.endsWith("-by-series"));
    const further = await Promise.all(
      brought.map(({ topic, key, value }) => piped(driver, { ...record(topic, value), key: Buffer.from(key) })),
    );
    const observations = outputs.filter((output) => !brought.includes(output)).map(({ value }) => String(value));
    return [...observations, ...further.flat(), ...deadLetters.map(({ reason }) => reason)];
  }

  it("are what the same in text is, with fields of their own, also where they are brought to their series first", async () => {
    const encode = await registered(SCHEMA);
    const named = { INPUT_FORMAT: "fields", INPUT_TARGET: "price", INPUT_FEATURES: "demand", INPUT_SERIES: "shop" };
    const encoded = driverOf({ INPUT_TOPICS: "raw", INPUT_ENCODING: "registry", ...named });
    const text = driverOf({ INPUT_TOPICS: "raw", ...named });
    for (const [price, demand] of [
      [0.1 + 0.2, -0],
      [null, 5e-324],
      [-1.7976931348623157e308, 1e21],
    ]) {
      const json = `{"shop":7,"price":${price},"demand":${Object.is(demand, -0) ? "-0" : demand}}`;
      const expected = await piped(text, record("raw", json));
      assert.match(expected.join(), /^\{"topic":"raw","series":"7"/);
      assert.deepEqual(await piped(encoded, record("raw", encode({ shop: 7, price, demand }))), expected);
    }
  });

  it("are what the same in text is, of i, y and x; a topic beside them stays text", async () => {
    const encode = await registered(USUAL);
    const driver = driverOf({ INPUT_TOPICS: "raw,plain", INPUT_ENCODING: "raw:registry" });
    const expected = '{"topic":"raw","series":"k","i":3,"y":-0,"x":[0.1,2]}';
    assert.deepEqual(await piped(driver, record("raw", encode({ i: 3, y: -0, x: [0.1, 2] }))), [expected]);
    assert.deepEqual(await piped(driver, record("plain", "[3, -0, 0.1, 2]")), [expected.replace("raw", "plain")]);
  });

  it("are rejected by what is wrong with them: their encoding, or what they say", async () => {
    const encode = await registered(USUAL);
    const driver = driverOf({ INPUT_TOPICS: "raw", INPUT_ENCODING: "registry" });
    const reasons = await Promise.all(
      [
        Buffer.from("[3, -0, 0.1, 2]"),
        framed({ schemaId: 99, payload: Buffer.alloc(0) }),
        encode({ i: 1, y: 2, x: [3] }).subarray(0, 12),
        encode({ i: 1, y: 2, x: [] }),
        encode({ i: 1, y: Number.NaN, x: [3] }),
      ].map((value) => piped(driver, record("raw", value))),
    );
    assert.deepEqual(reasons.flat().slice(0, 3), ["no-schema-id", "unknown-schema", "not-of-its-schema"]);
    assert.deepEqual(reasons.flat().length, 5);
    for (const reason of reasons.flat()) assert.doesNotMatch(reason, /[{]/);
  });
});
