import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DEAD_LETTER_BYTES_MAX } from "../../shared/topics.js";
import { createTopic, headersOf, type RawRecord, readTopic, writeRecords } from "../support/kafka-topics.js";
import { POISON } from "../support/poison.js";
import { Stack } from "../support/stack.js";
import { judge } from "../support/verdict.js";
import { waitFor } from "../support/wait.js";

const TOPIC = "dataLinearModel";
const WHOLE = POISON.filter(({ bytes }) => (bytes?.length ?? 0) <= DEAD_LETTER_BYTES_MAX);
const LARGE_RECORDS = { "max.message.bytes": "4000000" };

describe("bad input", function () {
  this.timeout(300_000);
  let stack: Stack;

  before(async () => {
    stack = await Stack.open();
  });
  after(async () => {
    await stack.close();
  });

  it("lands in dead-letters once each with its bytes; the good records around it are untouched and nothing restarts", async () => {
    for (const topic of [TOPIC, "dataNonLinearModel"]) await createTopic(stack.brokers, topic, 4, LARGE_RECORDS);
    const good = (i: number): RawRecord => ({
      topic: TOPIC,
      key: "s0",
      value: `[${i}, ${Math.sin(i)}, ${Math.cos(i)}, ${i % 7}]`,
    });
    const records: RawRecord[] = [];
    for (const [i, { bytes }] of WHOLE.entries()) records.push(good(i), { topic: TOPIC, key: "s0", value: bytes });
    const more = WHOLE.length;
    records.push(
      { topic: TOPIC, key: "s0", value: "[7, 1.5, 2.5]" }, // the series had two features
      { topic: TOPIC, key: Buffer.from([0xff, 0xfe]), value: "[0, 1, 2, 3]" },
      { topic: TOPIC, partition: 2, key: null, value: "[0, 1.25, -0, 3]" },
      { topic: TOPIC, partition: 2, key: null, value: "not this" },
      good(more),
      { topic: TOPIC, key: "s0", value: '{"i": 9000, "y": 1.5, "x": [2, 3]}' },
    );
    await writeRecords(stack.brokers, records);
    const services = [stack.start("deserializer"), stack.start("rls-racer")];
    const bad = WHOLE.length + 3;
    const letters = await waitFor(`${bad} dead letters`, async () => {
      const found = await readTopic(stack.brokers, "dead-letters");
      return found.length >= bad && found;
    });
    assert.equal(letters.length, bad);

    const raw = await readTopic(stack.brokers, TOPIC);
    for (const letter of letters) {
      const { topic, partition, offset, service, reason } = headersOf(letter);
      assert.equal(topic, TOPIC);
      assert.equal(service, "deserializer");
      assert.match(reason, /^[a-z0-9-]+$/);
      const origin = raw.find((record) => record.partition === Number(partition) && record.offset === Number(offset));
      assert.ok(origin, `no raw record at ${partition}@${offset}`);
      assert.deepEqual(letter.value, origin.value);
    }
    assert.equal(
      new Set(letters.map((letter) => `${headersOf(letter).partition}@${headersOf(letter).offset}`)).size,
      bad,
    );
    assert.ok((await judge(stack.brokers)).equal);
    for (const service of services) {
      assert.ok(service.running);
      assert.equal(await service.metric("regatta_aborts_total"), 0);
    }
    assert.equal(await services[0].metric("regatta_dead_letters_total"), bad);
  });

  it("too large for the dead-letter topic is told of by an envelope with its length and SHA-256", async () => {
    const value = Buffer.alloc(3_000_000, "9");
    await writeRecords(stack.brokers, [{ topic: TOPIC, key: "large", value }]);
    const envelope = await waitFor("the envelope", async () =>
      (await readTopic(stack.brokers, "dead-letters")).find((letter) => headersOf(letter).envelope === "true"),
    );
    assert.deepEqual(JSON.parse(envelope.value?.toString() ?? ""), {
      length: value.length,
      sha256: createHash("sha256").update(value).digest("hex"),
    });
  });
});
