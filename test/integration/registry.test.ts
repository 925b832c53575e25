import assert from "node:assert/strict";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, topics } from "../../shared/contract/topics.js";
import { createTopic, headersOf, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { MISSING_APICURIO, startApicurio } from "../support/registry/apicurio-registry.js";
import { content, registryReader } from "../support/registry/decoded.js";
import { MemoryRegistry } from "../support/registry/memory-registry.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RACING = ["stateful-estimator", "rls-racer", "ml-racer"];
const RECORDS = 60;
const RESULTS = Object.values(topics).map(({ name }) => name);

/** Those of each raw topic in their order: how records of two topics come together is nobody's promise. */
function byRawTopic(values: readonly unknown[]): readonly unknown[] {
  const topicOf = (value: unknown) => (value as { readonly topic: string }).topic;
  return [LINEAR_TOPIC, NON_LINEAR_TOPIC].flatMap((topic) => values.filter((value) => topicOf(value) === topic));
}

describe("results with a schema registry", function () {
  this.timeout(500_000);
  const stack = stackFor();
  const settings = { TOPIC_PARTITIONS: "1", ML_THREADS: "2", VERDICT_EVERY: "10" };
  let memory: MemoryRegistry;
  /** What the services make of the same observations without a registry, by topic. */
  const plain = new Map<string, readonly unknown[]>();
  const counts = new Map<string, number>();

  before(async () => {
    memory = await MemoryRegistry.start();
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, 1);
    const values = Array.from({ length: RECORDS }, (_, i) => {
      const x = [Math.sin(i * i), Math.cos(3 * i) * 1e-9, -0, 1e5 / (i + 1)];
      return JSON.stringify([i, 0.1 * x[0] + i, ...x]).replace(",0,", ",-0,");
    });
    await writeRecords(
      stack.brokers,
      [LINEAR_TOPIC, NON_LINEAR_TOPIC].flatMap((topic) => values.map((value) => ({ topic, key: "s", value }))),
    );
    stack.start("deserializer", settings);
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC])
      await waitForRecords(stack.brokers, `${topic}.observations`, RECORDS);
  });
  after(() => memory.close());

  /** The records of results that services of this application add, by topic. */
  async function run(application: string, environment: Record<string, string>): Promise<ReadonlyMap<string, Buffer[]>> {
    const services = RACING.map((name) =>
      stack.start(name, { ...settings, APPLICATION_ID: application, ...environment }),
    );
    for (const service of services) {
      await service.ready(1);
      const inputs = service.name === "stateful-estimator" ? 2 : 1;
      await waitFor(
        `${service.name} to be done`,
        async () => (await service.metric("regatta_records_consumed_total")) >= inputs * RECORDS,
      );
      assert.equal(await service.stop(), 0);
    }
    const added = new Map<string, Buffer[]>();
    for (const topic of RESULTS) {
      const all = await readTopic(stack.brokers, topic);
      added.set(
        topic,
        all.slice(counts.get(topic) ?? 0).map(({ value }) => value ?? Buffer.alloc(0)),
      );
      counts.set(topic, all.length);
      for (const record of all) assert.equal(headersOf(record)["regatta-schema"], "0.1");
    }
    return added;
  }

  async function holdsAgainstJson(added: ReadonlyMap<string, Buffer[]>, url: string): Promise<void> {
    const read = registryReader(url);
    for (const [topic, values] of added) {
      const decoded = await Promise.all(values.map(read));
      assert.deepEqual(byRawTopic(decoded.map(content)), plain.get(topic), topic);
    }
  }

  it("are JSON without one", async () => {
    for (const [topic, values] of await run("json", {})) {
      assert.ok(values.length > 0, topic);
      plain.set(topic, byRawTopic(values.map((value) => content(JSON.parse(value.toString("utf8"))))));
    }
    assert.equal(plain.get("rls-predictions")?.length, 2 * RECORDS);
  });

  it("are the same in JSON Schema, bit for bit", async () => {
    const added = await run("json-schema", { VALUE_FORMAT: "json-schema", SCHEMA_REGISTRY_URL: memory.url });
    await holdsAgainstJson(added, memory.url);
  });

  it("are the same in Avro, bit for bit, of a real registry, where they keep their rule", async function () {
    const apicurio = await startApicurio();
    if (apicurio === undefined) {
      console.log(`    ${MISSING_APICURIO}.`);
      return this.skip();
    }
    try {
      const added = await run("avro", { VALUE_FORMAT: "avro", SCHEMA_REGISTRY_URL: apicurio.url });
      await holdsAgainstJson(added, apicurio.url);
      const rule = await fetch(`${apicurio.url}/config/rls-best-value`);
      assert.deepEqual(await rule.json(), { compatibilityLevel: "FULL_TRANSITIVE" });
    } finally {
      await apicurio.close();
    }
  });

  it("wait for a registry that is away at the start, say so, and do not need it later", async () => {
    await memory.close();
    const service = stack.start("rls-racer", {
      ...settings,
      APPLICATION_ID: "away",
      VALUE_FORMAT: "json-schema",
      SCHEMA_REGISTRY_URL: memory.url,
    });
    const { reasons } = (await waitFor("the reason", async () => {
      const ready = (await service.json("/ready")) as { ready: boolean; reasons: string[] };
      return /schema registry/.test(ready.reasons.join()) ? ready : undefined;
    })) as { reasons: string[] };
    assert.match(reasons.join(), /^waiting for the schema registry: http:.*ECONNREFUSED/);
    await memory.listen();
    await service.ready(1);
    await memory.close();
    await waitFor("the results", async () => (await service.metric("regatta_records_consumed_total")) >= RECORDS);
    assert.equal(await service.stop(), 0);
    const told = service.lines.filter(({ msg }) => msg?.startsWith("waiting for the schema registry"));
    assert.equal(told.length, 1);
    await memory.listen();
  });

  it("are none of a service that the registry refuses: it ends with 78 and says why, before it reads anything", async () => {
    const service = stack.start("rls-racer", {
      ...settings,
      APPLICATION_ID: "refused",
      VALUE_FORMAT: "avro",
      SCHEMA_REGISTRY_URL: memory.url,
    });
    assert.equal(await service.exited(), 78);
    const fatal = service.lines.filter(({ level }) => level === "fatal");
    assert.equal(fatal.length, 1);
    assert.match(fatal[0].msg ?? "", /^the schema registry refuses rls-predictions-value \(409\): .*incompatible/);
  });
});
