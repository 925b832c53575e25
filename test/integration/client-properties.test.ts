import assert from "node:assert/strict";
import { Consumer } from "../../shared/kafka/consumer.js";
import { KafkaCode, KafkaError } from "../../shared/kafka/kafka-error.js";
import { ORIGIN } from "../../shared/kafka/topic-partition.js";
import { clientOptions, createTopic, deleteRecords, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const LOG = "cut";
/** Records that retention has taken from the beginning of it. */
const DELETED = 5;
const RECORDS = 10;

/** murmur2 of keys, from the tests of Kafka's Java client (UtilsTest.testMurmur2); the sign bit does not count. */
const HASHES = new Map([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
]);
const PARTITIONS = 31;

/** What the client would ignore without a word, were it given in the wrong place. */
describe("properties of topics", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    await createTopic(stack.brokers, LOG, 1);
    const records = Array.from({ length: RECORDS }, (_, i) => ({ topic: LOG, key: null, value: String(i) }));
    await writeRecords(stack.brokers, records);
    await deleteRecords(stack.brokers, LOG, 0, DELETED);
  });

  it("hold for a reader: below a log's beginning it reads from there", async () => {
    const reader = await Consumer.connect(clientOptions(stack.brokers), "reader");
    try {
      reader.assign([{ topic: LOG, partition: 0, position: "beginning" }]);
      const offsets: number[] = [];
      await waitFor("the last record", async () => {
        for (const { offset } of await reader.consume(RECORDS, 100)) offsets.push(offset);
        return offsets.at(-1) === RECORDS - 1;
      });
      assert.deepEqual(offsets, [5, 6, 7, 8, 9]);
    } finally {
      await reader.disconnect();
    }
  });

  it("hold for a member: below a log's beginning it reads nothing and says so", async () => {
    const member = await Consumer.connect(clientOptions(stack.brokers), "member", { onRebalance: () => {} });
    try {
      member.assign([{ topic: LOG, partition: 0, position: ORIGIN }]);
      const failure = await waitFor("the refusal", () =>
        member.consume(RECORDS, 100).then(
          (records) => assert.deepEqual(records, []),
          (error: unknown) => error,
        ),
      );
      assert.ok(failure instanceof KafkaError);
      assert.equal(failure.code, KafkaCode.AUTO_OFFSET_RESET);
    } finally {
      await member.disconnect();
    }
  });

  it("hold for a producer: a key lies in the partition that Java's client puts it in", async () => {
    await createTopic(stack.brokers, "keys", PARTITIONS);
    await writeRecords(
      stack.brokers,
      [...HASHES.keys()].map((key) => ({ topic: "keys", key, value: null })),
    );
    const places = new Map(
      (await readTopic(stack.brokers, "keys")).map(({ key, partition }) => [String(key), partition]),
    );
    for (const [key, hash] of HASHES) assert.equal(places.get(key), (hash & 0x7fffffff) % PARTITIONS, key);
  });
});
