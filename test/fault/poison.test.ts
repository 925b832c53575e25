import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  DEAD_LETTER_BYTES_MAX,
  DEAD_LETTERS_TOPIC,
  LINEAR_TOPIC,
  NON_LINEAR_TOPIC,
} from "../../shared/contract/topics.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { OVERSIZE_POISON, POISON } from "../support/data/poison.js";
import { CHAIN, judge } from "../support/judge/verdict.js";
import {
  createTopic,
  headersOf,
  type RawRecord,
  readTopic,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { stackForEach } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const LARGE_RECORDS = { "max.message.bytes": "6000000" };
/** Poison alone, for the throughput. */
const FLOOD = long ? 1_000_000 : 50_000;
const SHORT_BYTES = 1000;

describe("poison on a raw topic", function () {
  this.timeout(long ? 1_800_000 : 300_000);
  const stack = stackForEach();

  beforeEach(async () => {
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, 4, LARGE_RECORDS);
  });

  it(`of ${POISON.length + OVERSIZE_POISON.length} kinds, one to one with good records, lands in dead-letters once each with its bytes; the good are exact`, async () => {
    assert.ok(POISON.length >= 300);
    const good = (topic: string, i: number): RawRecord => ({
      topic,
      key: "s0",
      value: `[${i}, ${Math.sin(i)}, ${Math.cos(i)}, ${i % 7}]`,
    });
    const records: RawRecord[] = [];
    const payloads = [...POISON, ...OVERSIZE_POISON].map(({ bytes }) => bytes);
    for (const [i, value] of payloads.entries()) {
      const topic = i % 2 === 0 ? LINEAR_TOPIC : NON_LINEAR_TOPIC;
      records.push(good(topic, i), { topic, key: "s0", value });
    }
    records.push(
      { topic: LINEAR_TOPIC, key: "s0", value: "[7, 1.5, 2.5]" }, // the series had two features
      { topic: LINEAR_TOPIC, key: Buffer.from([0xff, 0xfe]), value: "[0, 1, 2, 3]" },
      { topic: LINEAR_TOPIC, partition: 2, key: null, value: "[0, 1.25, -0, 3]" },
      { topic: LINEAR_TOPIC, partition: 2, key: null, value: "not this" },
      good(LINEAR_TOPIC, payloads.length),
      { topic: LINEAR_TOPIC, key: "s0", value: '{"i": 9000, "y": 1.5, "x": [2, 3]}' },
    );
    await writeRecords(stack.brokers, records);
    const services = CHAIN.map(({ name }) => stack.start(name));
    const bad = payloads.length + 3;
    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, bad);

    const origins = new Map<string, ConsumedRecord>();
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) {
      for (const record of await readTopic(stack.brokers, topic))
        origins.set(`${topic}/${record.partition}@${record.offset}`, record);
    }
    const letters = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    const seen = new Set<string>();
    for (const letter of letters) {
      const { topic, partition, offset, service, reason, envelope } = headersOf(letter);
      const place = `${topic}/${partition}@${offset}`;
      seen.add(place);
      assert.equal(service, "deserializer");
      assert.match(reason, /^[a-z0-9-]+$/);
      const value = origins.get(place)?.value;
      assert.notEqual(value, undefined, `no raw record at ${place}`);
      if (envelope === "true") assert.ok((value?.length ?? 0) > DEAD_LETTER_BYTES_MAX, place);
      else assert.deepEqual(letter.value, value);
    }
    assert.equal(letters.length, bad);
    assert.equal(seen.size, bad);
    assert.equal(await services[0].metric("regatta_dead_letters_total"), bad);
    for (const service of services) {
      assert.ok(service.running);
      assert.equal(await service.metric("regatta_aborts_total"), 0);
    }
    await judgeAll(bad);
  });

  it("too large for the dead-letter topic is told of by an envelope with its length and SHA-256", async () => {
    const value = Buffer.alloc(DEAD_LETTER_BYTES_MAX + 1, "9");
    await writeRecords(stack.brokers, [{ topic: LINEAR_TOPIC, key: "large", value }]);
    stack.start("deserializer");
    const envelope = await waitFor("the envelope", async () =>
      (await readTopic(stack.brokers, DEAD_LETTERS_TOPIC)).find((letter) => headersOf(letter).envelope === "true"),
    );
    assert.deepEqual(JSON.parse(envelope.value?.toString() ?? ""), {
      length: value.length,
      sha256: createHash("sha256").update(value).digest("hex"),
    });
  });

  it("and nothing else, for a while, is worked off: no service restarts, and the good record behind it is exact", async () => {
    const short = POISON.filter(({ bytes }) => bytes !== null && bytes.length < SHORT_BYTES);
    const records: RawRecord[] = Array.from({ length: FLOOD }, (_, i) => ({
      topic: LINEAR_TOPIC,
      key: `s${i % 8}`,
      value: short[i % short.length].bytes,
    }));
    records.push({ topic: LINEAR_TOPIC, key: "s0", value: "[0, 1, 2]" });
    await writeRecords(stack.brokers, records);
    const deserializer = stack.start("deserializer");
    const rls = stack.start("rls-racer");
    await deserializer.ready(4);
    const begun = performance.now();
    const before = await deserializer.metric("regatta_dead_letters_total");
    await waitFor("the flood to be worked off", async () => (await lettersOf()) >= FLOOD, 600_000);
    const seconds = (performance.now() - begun) / 1000;
    console.log(`      ${((FLOOD - before) / seconds).toFixed(0)} poisoned records per second`);
    await waitForRecords(stack.brokers, "rls-predictions", 2);
    for (const service of [deserializer, rls]) {
      assert.ok(service.running);
      assert.equal(await service.metric("regatta_aborts_total"), 0);
    }
    assert.equal(await lettersOf(), FLOOD);

    function lettersOf(): Promise<number> {
      return deserializer.metric("regatta_dead_letters_total");
    }
  });

  /** Compares everything; large dead letters are known by their envelopes, which were compared one by one. */
  async function judgeAll(bad: number): Promise<void> {
    const { topics } = await judge(stack.brokers, CHAIN);
    for (const [topic, { counts, expected }] of topics) {
      if (topic === DEAD_LETTERS_TOPIC) assert.equal(expected, bad);
      else assert.deepEqual(counts, { missing: 0, duplicate: 0, reordered: 0, different: 0 }, topic);
    }
  }
});
