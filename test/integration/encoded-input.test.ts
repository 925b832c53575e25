import assert from "node:assert/strict";
import avro from "avsc";
import protobuf from "protobufjs";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import { createTopic, headersOf, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { MemoryRegistry } from "../support/registry/memory-registry.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RECORDS = 40;
const TOPICS = ["as-text", "as-avro", "as-json", "as-protobuf"];
const AVRO = {
  type: "record",
  name: "Sale",
  fields: [
    { name: "shop", type: "string" },
    { name: "price", type: ["null", "double"] },
    { name: "demand", type: "double" },
    { name: "weather", type: { type: "record", name: "Weather", fields: [{ name: "temperature", type: "double" }] } },
  ],
};
const PROTO = `syntax = "proto3";
message Weather { double temperature = 1; }
message Sale { string shop = 1; optional double price = 2; double demand = 3; Weather weather = 4; }`;

interface Sale {
  readonly shop: string;
  readonly price: number | null;
  readonly demand: number;
  readonly weather: { readonly temperature: number };
}

const sale = (n: number): Sale => ({
  shop: `shop ${n % 3}`,
  // A question now and then.
  price: n % 7 === 6 ? null : Math.sin(n) / 3,
  demand: n % 5 === 0 ? -0 : 1e-300 * n,
  weather: { temperature: 0.1 + 0.2 * n },
});
const text = ({ demand, ...others }: Sale) =>
  JSON.stringify({ ...others, demand: "@" }).replace('"@"', Object.is(demand, -0) ? "-0" : String(demand));

/** As producers of registered schemas write. */
function framed(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...parts]);
}

describe("raw records of registered schemas", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const settings = () => ({
    INPUT_TOPICS: TOPICS.join(","),
    INPUT_FORMAT: "fields",
    INPUT_ENCODING: "as-avro:registry,as-json:registry,as-protobuf:registry",
    INPUT_TARGET: "price",
    INPUT_FEATURES: "demand,weather.temperature",
    INPUT_SERIES: "shop",
    TOPIC_PARTITIONS: "2",
    SCHEMA_REGISTRY_URL: registry.url,
  });
  let registry: MemoryRegistry;
  let ids: { readonly avro: number; readonly json: number; readonly protobuf: number };

  before(async () => {
    registry = await MemoryRegistry.start();
    const register = async (topic: string, schemaType: string, schema: string): Promise<number> => {
      const body = JSON.stringify({ schemaType, schema });
      const answer = await fetch(`${registry.url}/subjects/${topic}-value/versions`, { method: "POST", body });
      return ((await answer.json()) as { id: number }).id;
    };
    ids = {
      avro: await register("as-avro", "AVRO", JSON.stringify(AVRO)),
      json: await register("as-json", "JSON", '{"type":"object"}'),
      protobuf: await register("as-protobuf", "PROTOBUF", PROTO),
    };
    for (const topic of TOPICS) await createTopic(stack.brokers, topic, 2);
  });
  after(() => registry.close());

  const avroType = avro.Type.forSchema(AVRO as avro.Schema);
  const protoType = protobuf.parse(PROTO, new protobuf.Root()).root.lookupType("Sale");
  /** The same sales to each topic, in its encoding; the key says nothing of the shop, so they are brought together. */
  const encoded = (from: number, end: number) =>
    Array.from({ length: end - from }, (_, k) => sale(from + k)).flatMap((one, k) => {
      const key = `any ${k % 2}`;
      const { price, ...others } = one;
      const proto = protoType.encode(protoType.fromObject(price === null ? others : one)).finish();
      return [
        { topic: "as-text", key, value: text(one) },
        { topic: "as-avro", key, value: framed(ids.avro, avroType.toBuffer(one)) },
        { topic: "as-json", key, value: framed(ids.json, Buffer.from(text(one))) },
        { topic: "as-protobuf", key, value: framed(ids.protobuf, Buffer.from([2, 2]), proto) },
      ];
    });

  /** The observations of each series of a topic, as they stand there but for the topic's name. */
  async function observationsOf(topic: string): Promise<Record<string, string[]>> {
    const bySeries: Record<string, string[]> = {};
    for (const { key, value } of await readTopic(stack.brokers, `${topic}.observations`)) {
      const series = String(key);
      bySeries[series] = [...(bySeries[series] ?? []), String(value).replace(topic, "raw")];
    }
    return bySeries;
  }

  async function holdsAgainstText(records: number): Promise<void> {
    for (const topic of TOPICS) await waitForRecords(stack.brokers, `${topic}.observations`, records);
    const expected = await observationsOf("as-text");
    assert.equal(Object.values(expected).flat().length, records);
    for (const topic of TOPICS.slice(1)) {
      const actual = await observationsOf(topic);
      // Records of two partitions come together in any order; i counts them in it.
      const sorted = (of: Record<string, string[]>) =>
        Object.entries(of).map(([series, values]) => [
          series,
          values.map((value) => value.replace(/"i":\d+/, "")).sort(),
        ]);
      assert.deepEqual(sorted(actual).sort(), sorted(expected).sort(), topic);
    }
  }

  it("are the observations that text of the same is, to the byte, also after a kill and of records that wait between", async () => {
    const service = stack.start("deserializer", settings());
    await writeRecords(stack.brokers, encoded(0, RECORDS / 2));
    await holdsAgainstText(RECORDS / 2);
    await writeRecords(stack.brokers, encoded(RECORDS / 2, RECORDS));
    await service.kill();
    stack.start("deserializer", settings());
    await holdsAgainstText(RECORDS);
  });

  it("go to the dead letters where they are none, each with its reason, and no other does", async () => {
    const bad: readonly (readonly [Buffer, string])[] = [
      [Buffer.from("[1, 2, 3]"), "no-schema-id"],
      [framed(4711, Buffer.alloc(3)), "unknown-schema"],
      [framed(ids.avro, Buffer.from([200, 1])), "not-of-its-schema"],
    ];
    await writeRecords(
      stack.brokers,
      bad.map(([value]) => ({ topic: "as-avro", partition: 0, key: "bad", value })),
    );
    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, bad.length);
    const letters = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    assert.deepEqual(
      letters.map((letter) => [letter.value, headersOf(letter).reason, headersOf(letter).topic]),
      bad.map(([value, reason]) => [value, reason, "as-avro"]),
    );
  });

  it("wait for a registry that is away, of which /ready and one line tell, and are lost by nothing", async () => {
    const service = stack.services.at(-1) ?? assert.fail();
    const before = (await readTopic(stack.brokers, "as-avro.observations")).length;
    const other = { ...AVRO, name: "Another" };
    const body = JSON.stringify({ schemaType: "AVRO", schema: JSON.stringify(other) });
    const answer = await fetch(`${registry.url}/subjects/other-value/versions`, { method: "POST", body });
    const { id } = (await answer.json()) as { id: number };
    await registry.close();
    await writeRecords(
      stack.brokers,
      [0, 1, 2].map((n) => ({
        topic: "as-avro",
        key: "any",
        value: framed(n === 1 ? id : ids.avro, avroType.toBuffer(sale(n))),
      })),
    );
    await waitFor("the reason", async () =>
      /waiting for the schema registry: .*ECONNREFUSED/.test((await service.get("/ready")).text),
    );
    await registry.listen();
    await waitForRecords(stack.brokers, "as-avro.observations", before + 3);
    await service.ready();
    assert.equal((await readTopic(stack.brokers, DEAD_LETTERS_TOPIC)).length, 3);
    const told = service.lines.filter(({ msg }) => msg?.startsWith("waiting for the schema registry"));
    assert.equal(told.length, 1);
  });
});
