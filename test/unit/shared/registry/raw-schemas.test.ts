import assert from "node:assert/strict";
import avro from "avsc";
import fc from "fast-check";
import protobuf from "protobufjs";
import { AwayError, RecordError } from "../../../../shared/errors.js";
import { RawSchemas, type SchemaFault } from "../../../../shared/registry/raw-schemas.js";
import { framed, frameOf } from "../../../../shared/wire-format.js";
import { holds } from "../../../support/property.js";
import { MemoryRegistry } from "../../../support/registry/memory-registry.js";

const READING = {
  type: "record",
  name: "Reading",
  fields: [
    { name: "i", type: "long" },
    { name: "y", type: ["null", "double"] },
    { name: "x", type: { type: "array", items: "double" } },
  ],
};
const PROTO = `syntax = "proto3";
package plant;
import "google/protobuf/timestamp.proto";
message Unused { string note = 1; }
message Reading {
  int64 i = 1;
  optional double y = 2;
  repeated double x = 3;
  State state = 4;
  enum State { OFF = 0; ON = 1; }
  message Inner { double z = 1; }
  google.protobuf.Timestamp at = 5;
}`;

describe("records of a registered schema", () => {
  let registry: MemoryRegistry;
  let schemas: RawSchemas;
  /** Gives a fetch up after the first question of each that asks. */
  let impatient: RawSchemas;

  beforeEach(async () => {
    registry = await MemoryRegistry.start();
    const access = { registryAuth: undefined, registryCa: undefined, registryCert: undefined, registryKey: undefined };
    schemas = new RawSchemas({ registryUrl: [registry.url], ...access });
    impatient = new RawSchemas({ registryUrl: [registry.url], ...access }, -1);
  });
  afterEach(() => registry.close());

  /** Registers a schema, which is fetched. @returns its id */
  async function registered(schemaType: string, schema: string | object, references: object[] = []): Promise<number> {
    const text = typeof schema === "string" ? schema : JSON.stringify(schema);
    const body = JSON.stringify({ schemaType, schema: text, references });
    const answer = await fetch(`${registry.url}/subjects/s${registry.asked.length}/versions`, { method: "POST", body });
    const { id } = (await answer.json()) as { id: number };
    await schemas.fetch([id]);
    return id;
  }
  const json = (schemaId: number, payload: Uint8Array) =>
    schemas.json(framed({ schemaId, payload: Buffer.from(payload) })).toString("utf8");
  const fails = (value: Buffer, reason: SchemaFault) =>
    assert.throws(
      () => schemas.json(value),
      (error) => error instanceof RecordError && error.reason === reason,
    );

  it("are the JSON that they would have been, every double and integer bit for bit: Avro", async () => {
    const id = await registered("AVRO", READING);
    const type = avro.Type.forSchema(READING as avro.Schema);
    const double = fc.double({ noNaN: true, noDefaultInfinity: true });
    holds(
      // The package that writes is wrong beyond 2^52.
      fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), fc.option(double), fc.array(double), (i, y, x) => {
        assert.deepEqual(JSON.parse(json(id, type.toBuffer({ i, y, x }))), { i, y, x });
      }),
    );
    const large = Buffer.from([...zigzag(2n ** 62n + 1n), 0, 0]);
    assert.equal(json(id, large), '{"i":4611686018427387905,"y":null,"x":[]}');
    assert.equal(
      json(id, type.toBuffer({ i: 1, y: Number.NaN, x: [-0, Infinity] })),
      '{"i":1,"y":"NaN","x":[-0,"Infinity"]}',
    );
  });

  it("are the JSON that they would have been: Protobuf, of any message of its file", async () => {
    const id = await registered("PROTOBUF", PROTO);
    const root = protobuf.parse(PROTO, new protobuf.Root(), { keepCase: true }).root;
    root.addJSON(protobuf.common.get("google/protobuf/timestamp.proto")?.nested ?? {});
    const reading = root.lookupType("plant.Reading");
    const bytes = (object: object) => reading.encode(reading.fromObject(object)).finish();
    const second = [2, 2];
    const text = json(
      id,
      Buffer.concat([Buffer.from(second), bytes({ i: "9007199254740993", y: -0, x: [0.1], state: 1 })]),
    );
    assert.match(text, /"i":9007199254740993/);
    assert.deepEqual(JSON.parse(text.replace("9007199254740993", "1")), {
      i: 1,
      y: -0,
      x: [0.1],
      state: "ON",
      at: null,
    });
    assert.equal("y" in JSON.parse(json(id, Buffer.concat([Buffer.from(second), bytes({ i: 1 })]))), false);
    const inner = root.lookupType("plant.Reading.Inner");
    const nested = Buffer.concat([Buffer.from([4, 2, 0]), inner.encode(inner.fromObject({ z: 0.5 })).finish()]);
    assert.equal(json(id, nested), '{"z":0.5}');
    assert.equal(json(id, Buffer.from([0])), '{"note":""}');
  });

  it("are themselves behind the id of a JSON Schema", async () => {
    const id = await registered("JSON", { type: "object" });
    assert.equal(json(id, Buffer.from('{"i": 1.0}')), '{"i": 1.0}');
  });

  it("may use names of other schemas, of Avro and of Protobuf, which are asked for again where the registry is away", async () => {
    const schemaOf = (name: string, type: unknown) => ({ type: "record", name, fields: [{ name: "of", type }] });
    const kept = (subject: string, schemaType: string, schema: string, references: object[] = []) => {
      const body = JSON.stringify({ schemaType, schema, references });
      return fetch(`${registry.url}/subjects/${subject}/versions`, { method: "POST", body });
    };
    await kept("inner", "AVRO", JSON.stringify(schemaOf("Inner", "double")));
    const reference = (name: string, subject: string) => [{ name, subject, version: 1 }];
    await kept("middle", "AVRO", JSON.stringify(schemaOf("Middle", "Inner")), reference("Inner", "inner"));
    const outer = JSON.stringify(schemaOf("Outer", "Middle"));
    const { id } = (await (await kept("outer", "AVRO", outer, reference("Middle", "middle"))).json()) as { id: number };
    registry.failingPath = /inner/;
    registry.failing = 503;
    await assert.rejects(schemas.fetch([id]) ?? assert.fail(), AwayError);
    registry.failing = undefined;
    await schemas.fetch([id]);
    assert.equal(json(id, avro.Type.forSchema("double").toBuffer(-0)), '{"of":{"of":{"of":-0}}}');

    await kept("proto", "PROTOBUF", 'syntax = "proto3"; package a; message Inner { double z = 1; }');
    const importing = 'syntax = "proto3"; package a; import "inner.proto"; message First { Inner of = 1; }';
    const proto = await registered("PROTOBUF", importing, reference("inner.proto", "proto"));
    assert.equal(json(proto, Buffer.from([0, 10, 9, 9, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f])), '{"of":{"z":0.5}}');

    const lost = await registered("AVRO", outer.replace("Outer", "Lost"), reference("Middle", "nowhere"));
    fails(framed({ schemaId: lost, payload: Buffer.alloc(8) }), "unknown-schema");
  });

  it("are rejected where they have no id, an id that nobody has, a schema that cannot be used, or another's bytes", async () => {
    const id = await registered("AVRO", READING);
    await schemas.fetch([77, 2 ** 32 - 1]);
    for (const text of ["", "[1,2,3]", "\0\0\0", "\u0001\0\0\0\u0001x"]) fails(Buffer.from(text), "no-schema-id");
    for (const schemaId of [77, 2 ** 32 - 1]) fails(framed({ schemaId, payload: Buffer.alloc(3) }), "unknown-schema");
    for (const payload of [[], [2], [2, 0, 0, 9], [2, 6, 0]])
      fails(framed({ schemaId: id, payload: Buffer.from(payload) }), "not-of-its-schema");
    const broken = await registered("PROTOBUF", "message {");
    const other = await registered("THRIFT", "struct X {}");
    for (const schemaId of [broken, other]) fails(framed({ schemaId, payload: Buffer.alloc(1) }), "unknown-schema");
    const proto = await registered("PROTOBUF", PROTO);
    for (const payload of [[], [1], [2, 9], [2, 2, 8], [254, 255, 255, 255, 15, 0]])
      fails(framed({ schemaId: proto, payload: Buffer.from(payload) }), "not-of-its-schema");
  });

  it("are rejected at once where a list or map claims more than its bytes may hold, also of items that take none", async () => {
    const list = await registered("AVRO", { type: "array", items: "double" });
    const nothing = await registered("AVRO", { type: "array", items: "null" });
    const nested = await registered("AVRO", { type: "array", items: { type: "array", items: "null" } });
    const map = await registered("AVRO", { type: "map", values: "double" });
    for (const schemaId of [list, nothing, nested, map])
      for (const count of [10n ** 9n, 2n ** 52n, -(2n ** 53n) + 1n])
        fails(framed({ schemaId, payload: Buffer.from([...zigzag(count), 0]) }), "not-of-its-schema");
    const inner = [...zigzag(900n), 0];
    const bomb = Buffer.concat([Buffer.from(zigzag(300n)), ...Array.from({ length: 300 }, () => Buffer.from(inner))]);
    fails(framed({ schemaId: nested, payload: bomb }), "not-of-its-schema");
    assert.equal(json(nothing, Buffer.from([4, 0])), "[null,null]");
    const double = avro.Type.forSchema("double").toBuffer(0.5);
    assert.equal(json(map, Buffer.concat([Buffer.from([1, 20, 2, 97]), double, Buffer.from([0])])), '{"a":0.5}');
  });

  it("have integers of 64 bits, exactly, also where these are times", async () => {
    for (const attributes of [{ logicalType: "timestamp-nanos" }, { "connect.version": 1 }]) {
      const id = await registered("AVRO", { type: "array", items: { type: "long", ...attributes } });
      const payload = Buffer.from([4, ...zigzag(1796083200123456789n), ...zigzag(-5000000000000001n), 0]);
      assert.equal(json(id, payload), "[1796083200123456789,-5000000000000001]");
    }
  });

  it("are rejected where a text in them is not UTF-8", async () => {
    const id = await registered("AVRO", '"string"');
    fails(framed({ schemaId: id, payload: Buffer.from([2, 0xff]) }), "not-of-its-schema");
    assert.equal(json(id, Buffer.from([6, 0xef, 0xbf, 0xbd])), '"\uFFFD"');
  });

  it("wait where something else answers in the registry's place", async () => {
    const id = await registered("AVRO", READING);
    for (const status of [200, 400, 404, 422]) {
      registry.failing = status;
      await assert.rejects(schemas.fetch([id + 1]) ?? assert.fail(), AwayError, String(status));
    }
    registry.failing = undefined;
    await schemas.fetch([id + 1]);
    fails(framed({ schemaId: id + 1, payload: Buffer.alloc(1) }), "unknown-schema");
  });

  it("of ids that none can be are no question, and displace nothing", async () => {
    const id = await registered("AVRO", '"null"');
    registry.asked.length = 0;
    assert.equal(schemas.fetch(Array.from({ length: 50_000 }, (_, k) => 2 ** 31 + k)), undefined);
    assert.equal(schemas.fetch([id]), undefined);
    assert.deepEqual(registry.asked, []);
    fails(framed({ schemaId: 2 ** 31, payload: Buffer.alloc(1) }), "unknown-schema");
  });

  it("are fetched over several attempts where one takes too long, and what was found is not asked again", async () => {
    const ids = Array.from({ length: 50 }, (_, k) => 100 + k);
    let attempts = 0;
    for (let fetching = impatient.fetch(ids); fetching !== undefined; fetching = impatient.fetch(ids)) {
      attempts++;
      await fetching.catch((error: unknown) => assert.ok(error instanceof AwayError, String(error)));
    }
    assert.ok(attempts > 1, String(attempts));
    assert.equal(registry.asked.length, ids.length);
    assert.equal(new Set(registry.asked).size, ids.length);
  });

  it("wait for a registry that is away, each id asked for once", async () => {
    const id = await registered("AVRO", READING);
    assert.equal(schemas.fetch([id, id]), undefined);
    await registry.close();
    assert.equal(schemas.fetch([id]), undefined);
    await assert.rejects(schemas.fetch([id, 5]) ?? assert.fail(), AwayError);
    await assert.rejects(schemas.fetch([5]) ?? assert.fail(), AwayError);
    await registry.listen();
    registry.asked.length = 0;
    await schemas.fetch([5, 5, id]);
    assert.deepEqual(registry.asked, ["GET /schemas/ids/5"]);
    assert.equal(schemas.fetch([5]), undefined);
  });

  it("are told from any other value by their beginning, which is as long as five bytes", () => {
    assert.deepEqual(frameOf(Buffer.from([0, 1, 2, 3, 4, 5])), { schemaId: 0x01020304, payload: Buffer.from([5]) });
    assert.equal(frameOf(Buffer.from([0, 1, 2, 3])), undefined);
    assert.equal(frameOf(Buffer.from("{}   ")), undefined);
  });
});

/** As Avro writes an integer. */
function zigzag(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value < 0n ? -2n * value - 1n : 2n * value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
