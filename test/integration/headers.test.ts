import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import kafka from "@confluentinc/kafka-javascript";
import { DEAD_LETTERS_TOPIC, LINEAR_TOPIC, NON_LINEAR_TOPIC, topics } from "../../shared/contract/topics.js";
import { connectClient } from "../../shared/kafka/client.js";
import { NO_TOPIC_CONFIGURATION } from "../../shared/kafka/client-properties.js";
import { callKafka } from "../../shared/kafka/kafka-error.js";
import { headerEntry } from "../../shared/kafka/record-headers.js";
import { ContractCheck } from "../support/contract/contract-check.js";
import { caseRecords } from "../support/data/case-records.js";
import { readPage } from "../support/docs/pages.js";
import {
  clientOptions,
  createTopic,
  headersOf,
  readTopic,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { CONSUMING_SERVICES } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";

const RAW = [LINEAR_TOPIC, NON_LINEAR_TOPIC];
/** Records that came of one raw record each, and how many of one. */
const RESULTS: Readonly<Record<string, number>> = {
  [`${LINEAR_TOPIC}.observations`]: 1,
  [`${NON_LINEAR_TOPIC}.observations`]: 1,
  estimates: 2,
  "rls-predictions": 2,
  "rls-best": 1,
  "rls-verdicts": 1,
  "rls-standings": 1,
  "ml-predictions": 3,
  "ml-best": 1,
  "ml-verdicts": 1,
  "ml-standings": 1,
};

/** Writes as kcat does, which is librdkafka with its own defaults, where there is no kcat. */
async function writeAsKcat(
  brokers: string,
  topic: string,
  partitioner: string,
  keys: readonly string[],
): Promise<void> {
  const properties = { "bootstrap.servers": brokers, partitioner, dr_cb: true };
  const producer = new kafka.Producer(properties as object, NO_TOPIC_CONFIGURATION);
  await connectClient(producer as never, clientOptions(brokers), "producer");
  for (const key of keys) producer.produce(topic, null, Buffer.from("theirs"), Buffer.from(key));
  await callKafka("flush", (done) => producer.flush(10_000, done));
  await callKafka("disconnect", (done) => producer.disconnect(1000, done as never));
}

describe("headers and places of raw records", function () {
  this.timeout(120_000);
  const stack = stackFor();

  before(async () => {
    for (const topic of RAW) await createTopic(stack.brokers, topic, 2);
  });

  it("have headers that go along to every result within a bound, each to those of its own record, and are kept in dead letters", async () => {
    const trace = (i: number) => Buffer.from([i, 0, 0xff, i]);
    const headersOfRecord = (i: number) => [
      { traceparent: trace(i) },
      { twice: "1" },
      { twice: "" },
      { "regatta-positions": "{}" },
      { large: Buffer.alloc(9000) },
      // The client makes the value of this one the prototype of what it hands over.
      { ["__proto__"]: Buffer.from([1, 2, 3]) },
    ];
    await writeRecords(
      stack.brokers,
      RAW.flatMap((topic) => [
        { topic, key: "bare", value: "[0, 1, 2]" },
        // Each series begins with its record, so that there are standings and a verdict of it.
        ...[0, 1, 2, 3].map((i) => ({ topic, key: `s${i}`, value: `[${i}, 1, 2]`, headers: headersOfRecord(i) })),
      ]),
    );
    await writeRecords(stack.brokers, caseRecords("k04-headers", LINEAR_TOPIC));
    const services = CONSUMING_SERVICES.map((name) => stack.start(name, { ML_THREADS: "2" }));

    assert.deepEqual(
      Object.values(topics).filter(({ name }) => !(name in RESULTS)),
      [],
    );
    const check = new ContractCheck();
    for (const [topic, of] of Object.entries(RESULTS)) {
      await waitForRecords(stack.brokers, topic, 5 * of);
      const results = await readTopic(stack.brokers, topic);
      assert.equal(results.length, 5 * of, topic);
      for (const result of results) {
        const { value, headers } = result;
        const { series, i } = JSON.parse(String(value)) as { series: string; i: number };
        const expected = [
          ["traceparent", trace(i)],
          ["twice", Buffer.from("1")],
          ["twice", Buffer.alloc(0)],
          ["__proto__", Buffer.from([1, 2, 3])],
        ];
        const own = ["regatta-schema", Buffer.from("0.1")];
        const all = series === "bare" ? [own] : [...expected, own];
        assert.deepEqual(headers?.map(headerEntry), all, `${topic}: ${value}`);
        assert.deepEqual(check.resultHeaderFaults(headersOf(result)), [], topic);
      }
    }
    assert.equal(await services[0].metric("regatta_headers_left_out_total"), 8);
    assert.equal(await services[3].metric("regatta_headers_left_out_total"), 0);

    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, 1);
    const [letter] = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    assert.equal(String(letter.value), "oops");
    assert.equal(letter.headers?.length, 9);
    assert.deepEqual(check.letterFaults(headersOf(letter)), []);
    const { reason, traceparent, "raw-reason": theirs } = headersOf(letter);
    assert.deepEqual(
      { reason, traceparent, theirs },
      {
        reason: "not-an-observation",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        theirs: "theirs",
      },
    );
  });

  it("are where the kcat line of docs/topics.md writes, too: in the partition that our producer chooses", async () => {
    const [, partitioner] =
      /-X partitioner=(\S+) -P -t dataLinearModel -K:/.exec(readPage("docs/topics.md").text) ?? [];
    const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
    await createTopic(stack.brokers, "kcat", 16);
    const ours = keys.map((key) => ({ topic: "kcat", key, value: "ours" }));
    await writeRecords(stack.brokers, ours);
    const lines = keys.map((key) => `${key}:theirs\n`).join("");
    const args = ["-b", stack.brokers, "-X", `partitioner=${partitioner}`, "-P", "-t", "kcat", "-K:"];
    const kcat = spawnSync("kcat", args, { input: lines });
    if (kcat.error === undefined) assert.equal(kcat.status, 0, String(kcat.stderr));
    else await writeAsKcat(stack.brokers, "kcat", partitioner, keys);
    const places = new Map<string, Set<number>>();
    for (const { key, partition } of await readTopic(stack.brokers, "kcat")) {
      const name = String(key);
      places.set(name, (places.get(name) ?? new Set()).add(partition));
    }
    assert.equal(places.size, keys.length);
    for (const [key, partitions] of places) assert.equal(partitions.size, 1, key);
  });

  it("of a series that a second writer puts into another partition are counted and told", async () => {
    const [deserializer] = stack.services;
    assert.equal(await deserializer.metric("regatta_series_misplaced_total"), 0);
    const home = (await readTopic(stack.brokers, LINEAR_TOPIC)).find(({ key }) => String(key) === "s1")?.partition;
    assert.ok(home !== undefined);
    const foreign = 1 - home;
    const records = [1, 2].map((i) => ({ topic: LINEAR_TOPIC, partition: foreign, key: "s1", value: `[${i}, 1, 2]` }));
    await writeRecords(stack.brokers, records);
    await waitForRecords(stack.brokers, `${LINEAR_TOPIC}.observations`, 7);
    assert.equal(await deserializer.metric("regatta_series_misplaced_total", { topic: LINEAR_TOPIC }), 1);
    const told = deserializer.lines.filter(({ msg }) => msg?.startsWith("series begins in another partition"));
    assert.deepEqual(
      told.map(({ series, partition: found, expected }) => ({ series, found, expected })),
      [{ series: "s1", found: foreign, expected: home }],
    );
  });
});
