import assert from "node:assert/strict";
import kafka from "@confluentinc/kafka-javascript";
import { consumeBatchOf } from "../../shared/kafka/batch-calls.js";
import { Consumer, type ConsumerUse } from "../../shared/kafka/consumer.js";
import { KafkaCode, KafkaError } from "../../shared/kafka/kafka-error.js";
import { Producer, type ProducerUse } from "../../shared/kafka/producer.js";
import {
  type BatchRoom,
  batchOf,
  EMPTY_BATCH,
  lastOffset,
  newRoom,
  type RecordBatch,
  RecordView,
  ROW,
} from "../../shared/kafka/record-batch.js";
import { EMPTY } from "../../shared/kafka/record-headers.js";
import { ORIGIN, positionAt } from "../../shared/kafka/topic-partition.js";
import { ResultBlock } from "../../shared/kernel/commit/result-block.js";
import type { InputRecord, RecordHeaders } from "../../shared/service-definition.js";
import {
  clientOptions,
  createTopic,
  deleteRecords,
  readTopic,
  waitForKafka,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** Every byte, each once. */
const BYTES = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte));
const NOTHING = Buffer.alloc(0);
/** Not long ago: what is older than its topic keeps it is deleted within minutes. */
const TIME = Date.now() - 60_000;

interface Written {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers?: RecordHeaders;
}

/** Records that differ in what a client may get wrong. */
const ODD: readonly Written[] = [
  { key: Buffer.from("a"), value: Buffer.from("1"), timestamp: TIME },
  { key: null, value: Buffer.from("no key"), timestamp: TIME + 1 },
  { key: NOTHING, value: Buffer.from("empty key"), timestamp: TIME + 2 },
  { key: BYTES, value: BYTES, timestamp: TIME + 3 },
  { key: Buffer.from("\0\0"), value: NOTHING, timestamp: TIME + 4 },
  { key: Buffer.from("tombstone"), value: null, timestamp: TIME + 5 },
  { key: null, value: null, timestamp: TIME + 6 },
  { key: null, value: NOTHING, timestamp: TIME + 7, headers: [{ a: BYTES }, { a: NOTHING }, { "": Buffer.from("b") }] },
  { key: Buffer.from("b"), value: Buffer.from("2"), timestamp: TIME + 8 },
  { key: Buffer.from("c"), value: Buffer.from("3"), timestamp: 1, headers: [{ ключ: Buffer.from("\0") }] },
];

const rows = (written: readonly Written[], topic: string, partition = 0): RecordBatch =>
  batchOf(
    written.map((record, k) => ({ topic, partition, offset: positionAt(k) as never, ...record })),
    newRoom(written.length, 1024),
  );

const recordsOf = (batch: RecordBatch): InputRecord[] =>
  Array.from({ length: batch.count }, (_, k) => new RecordView().at(batch, k).copy());

const contentOf = ({ key, value, timestamp, headers }: Written | InputRecord): Written => ({
  key,
  value,
  timestamp,
  ...(headers === undefined ? {} : { headers: headers.map((header) => ({ ...header })) }),
});

/** Runs with the client as npm has it: its native half has no calls for batches. */
function withReadyMadeClient(): void {
  const removed: [object, string, unknown][] = [];
  before(() => {
    for (const [client, call] of [
      [new kafka.KafkaConsumer({ "group.id": "none" }, {}), "consumeBatch"],
      [new kafka.Producer({}, {}), "produceBatch"],
    ] as const) {
      const half = Object.getPrototypeOf((client as unknown as { _client: object })._client);
      removed.push([half, call, half[call]]);
      delete half[call];
    }
  });
  after(() => {
    for (const [half, call, body] of removed) Object.assign(half, { [call]: body });
  });
}

const subjects = [
  ["the calls for batches", () => {}, true],
  ["the client as npm has it", withReadyMadeClient, false],
] as const;

describe("batches of records", function () {
  this.timeout(300_000);
  const stack = stackFor();

  for (const [name, prepare, isBuilt] of subjects) {
    describe(`with ${name}`, () => {
      prepare();

      it(`${isBuilt ? "has" : "has not"} the calls`, () => {
        const consumer = new kafka.KafkaConsumer({ "group.id": "none" }, {});
        assert.equal(consumeBatchOf(consumer) !== undefined, isBuilt);
      });

      /** A new topic with these records. */
      async function topicOf(written: readonly Written[], partitions = 1): Promise<string> {
        const topic = `batches-${topics++}-${isBuilt}`;
        await createTopic(stack.brokers, topic, partitions);
        await writeRecords(
          stack.brokers,
          written.map((record, k) => ({ topic, partition: k % partitions, ...record })),
        );
        return topic;
      }

      async function reading<T>(topic: string, use: ConsumerUse, read: (consumer: Consumer) => Promise<T>): Promise<T> {
        const consumer = await Consumer.connect(clientOptions(stack.brokers), `reader-${topic}`, use);
        try {
          if (use.onRebalance === undefined) consumer.assign([{ topic, partition: 0, position: "beginning" }]);
          return await read(consumer);
        } finally {
          await consumer.disconnect();
        }
      }

      /** Reads until `count` records have come. */
      async function readAll(topic: string, count: number, room: BatchRoom, limit = 1000): Promise<InputRecord[]> {
        return reading(topic, {}, async (consumer) => {
          const records: InputRecord[] = [];
          await waitFor("the records", async () => {
            records.push(...recordsOf(await consumer.consumeBatch(limit, 100, room)));
            return records.length >= count;
          });
          return records;
        });
      }

      async function writing<T>(use: Partial<ProducerUse>, write: (producer: Producer) => Promise<T>): Promise<T> {
        const producer = await Producer.connect(clientOptions(stack.brokers), { recordBytesMax: 1_000_000, ...use });
        try {
          return await write(producer);
        } finally {
          await producer.disconnect();
        }
      }

      it("reads records byte for byte", async () => {
        const topic = await topicOf(ODD);
        const records = await readAll(topic, ODD.length, newRoom(100, 10_000));
        assert.deepEqual(records.map(contentOf), ODD.map(contentOf));
        assert.deepEqual(
          records.map((record) => [record.topic, record.partition, record.offset]),
          ODD.map((_, k) => [topic, 0, k]),
        );
      });

      it("writes records byte for byte", async () => {
        const topic = await topicOf([]);
        await writing({}, async (producer) => {
          const batch = rows(ODD, topic);
          await waitForKafka("the topic to be known", async () => producer.produceBatch({ ...batch, count: 1 }, 0));
          assert.equal(producer.produceBatch(batch, 1), ODD.length);
          await producer.flush();
        });
        const records = await readAll(topic, ODD.length, newRoom(100, 10_000));
        assert.deepEqual(records.map(contentOf), ODD.map(contentOf));
      });

      it("gives each record its own headers where several lie in one place", async () => {
        const topic = await topicOf([]);
        const [one, two, other]: RecordHeaders[] = [
          [{ a: BYTES }],
          [{ a: BYTES }, { b: NOTHING }],
          [{ a: Buffer.from("other") }],
        ];
        const headers = [one, one, undefined, one, two, two, one, other, undefined, other, two, one, one, one];
        const block = new ResultBlock();
        for (const [k, of] of headers.entries())
          assert.ok(block.write(topic, 0, null, Buffer.from(String(k)), TIME, of));
        await writing({}, async (producer) => {
          // In parts, as where the client's queue is full: one ends within a run of the same headers.
          await waitForKafka("the topic to be known", async () => {
            block.handOver((batch, from) => producer.produceBatch({ ...batch, count: 2 }, from));
            return true;
          });
          block.handOver((batch, from) => producer.produceBatch({ ...batch, count: 6 }, from));
          block.handOver((batch, from) => producer.produceBatch(batch, from));
          await producer.flush();
        });
        assert.ok(block.isEmpty);
        block.close();
        const records = await readAll(topic, headers.length, newRoom(100, 10_000));
        assert.deepEqual(
          records.map((record) => contentOf(record).headers),
          headers.map((of) => of?.map((header) => ({ ...header }))),
        );
      });

      it("writes to the partition of a record's hash, and stamps it with the present, where it says neither", async () => {
        // murmur2 of "21" is -973932308 (Kafka's UtilsTest.testMurmur2). Without its sign bit that is 1173551340, modulo 31 it is 26.
        const topic = await topicOf([], 31);
        const beganMs = Date.now();
        await writing({}, async (producer) => {
          producer.produceBatch(rows([{ key: Buffer.from("21"), value: NOTHING, timestamp: 0 }], topic, -1), 0);
          await producer.flush();
        });
        const [{ partition, timestamp = 0 }] = await readTopic(stack.brokers, topic);
        assert.equal(partition, 26);
        assert.ok(timestamp >= beganMs && timestamp <= Date.now(), String(timestamp));
      });

      it("gives no more records than are asked for, nor than the room has rows for", async () => {
        const topic = await topicOf(ODD);
        await reading(topic, {}, async (consumer) => {
          const offsets: number[] = [];
          const room = newRoom(3, 10_000);
          await waitFor("all", async () => {
            const { count, rows } = await consumer.consumeBatch(offsets.length === 0 ? 2 : 1000, 100, room);
            assert.ok(count <= (offsets.length === 0 ? 2 : 3), String(count));
            for (let k = 0; k < count; k++) offsets.push(rows[ROW * k + 2]);
            return offsets.length === ODD.length;
          });
          assert.deepEqual(offsets, [...ODD.keys()]);
        });
      });

      it("gives a batch memory of its own where the room is too small for a record", async () => {
        const topic = await topicOf(ODD);
        const room = newRoom(100, 5);
        room.bytes.fill(7);
        const records = await readAll(topic, ODD.length, room);
        assert.deepEqual(records.map(contentOf), ODD.map(contentOf));
      });

      it("keeps the bytes of a batch within its room, but for the growth of one step", async () => {
        const value = Buffer.alloc(1000, 1);
        const topic = await topicOf(Array.from({ length: 200 }, () => ({ key: null, value, timestamp: TIME })));
        await reading(topic, { memory: { queue: 16 * 1024 * 1024, batch: 20_000 } }, async (consumer) => {
          const room = newRoom(1000, 20_000);
          let count = 0;
          await waitFor("all", async () => {
            const batch = await consumer.consumeBatch(1000, 100, room);
            assert.ok(batch.count <= 20, String(batch.count));
            assert.equal(batch.bytes, room.bytes);
            count += batch.count;
            return count === 200;
          });
        });
      });

      it("tells the end of a partition", async () => {
        const topic = await topicOf(ODD);
        const ends: number[] = [];
        await reading(topic, { onPartitionEnd: ({ position }) => ends.push(position) }, async (consumer) => {
          const room = newRoom(100, 10_000);
          await waitFor("the end", async () => {
            await consumer.consumeBatch(100, 100, room);
            return ends.length > 0;
          });
          assert.deepEqual(ends, [ODD.length]);
          assert.equal(consumer.position([{ topic, partition: 0 }])[0].position, ODD.length);
        });
      });

      it("gives an empty batch where nothing comes in time", async () => {
        const topic = await topicOf([]);
        await reading(topic, {}, async (consumer) => {
          assert.equal((await consumer.consumeBatch(10, 1, newRoom(10, 10))).count, 0);
        });
      });

      /** A member that reads a partition at whose position there is nothing any more, and others. */
      async function readingLost<T>(others: readonly number[], read: (member: Consumer) => Promise<T>): Promise<T> {
        const topic = await topicOf([...ODD, ...ODD], 2);
        await deleteRecords(stack.brokers, topic, 1, 1);
        return reading(topic, { onRebalance: () => {} }, async (member) => {
          member.assign([1, ...others].map((partition) => ({ topic, partition, position: ORIGIN })));
          return await read(member);
        });
      }

      it("fails as consume() does where nothing is at a position", async () => {
        const error = await readingLost([], (member) =>
          waitFor("the error", () =>
            member.consumeBatch(10, 100, newRoom(10, 10)).then(
              () => undefined,
              (error: unknown) => error,
            ),
          ),
        );
        assert.ok(error instanceof KafkaError);
        assert.equal(error.code, KafkaCode.AUTO_OFFSET_RESET);
      });

      // The package drops an error that comes behind records.
      const withBatches = isBuilt ? it : it.skip;
      withBatches("tells an error that comes beside records, and all of the records", async () => {
        const codes = new Set<number>();
        let count = 0;
        await readingLost([0], (member) =>
          waitFor("both", async () => {
            try {
              count += (await member.consumeBatch(4, 100, newRoom(10, 10_000))).count;
            } catch (error) {
              if (error instanceof KafkaError) codes.add(error.code);
            }
            return count === ODD.length && codes.size > 0;
          }),
        );
        assert.deepEqual([...codes], [KafkaCode.AUTO_OFFSET_RESET]);
      });

      it("fails as consume() does once the consumer is gone", async () => {
        const consumer = await Consumer.connect(clientOptions(stack.brokers), "gone");
        await consumer.disconnect();
        await assert.rejects(consumer.consumeBatch(10, 1, newRoom(10, 10)), KafkaError);
      });

      it("takes what the queue has room for, and the rest later", async () => {
        const topic = await topicOf([]);
        const records = 20_000;
        const batch = rows(
          Array.from({ length: records }, (_, k) => ({ key: null, value: Buffer.from(String(k)), timestamp: TIME })),
          topic,
        );
        const options = { ...clientOptions(stack.brokers), properties: { "queue.buffering.max.messages": "1000" } };
        const producer = await Producer.connect(options, { recordBytesMax: 1_000_000 });
        const steps: number[] = [];
        try {
          await waitFor("all to be taken", async () => {
            const before = steps.at(-1) ?? 0;
            const next = producer.produceBatch(batch, before);
            assert.ok(next >= before, `${before} ${next}`);
            steps.push(next);
            return next === records;
          });
          assert.ok(steps[0] < records, String(steps[0]));
          await producer.flush();
        } finally {
          await producer.disconnect();
        }
        const values = (await readAll(topic, records, newRoom(1000, 100_000))).map(({ value }) => Number(value));
        assert.deepEqual(values, [...values.keys()]);
      });

      it("tells of every record that did not arrive by the time all are waited for, and of none twice", async () => {
        const topic = `small-${name.replaceAll(" ", "-")}`;
        await createTopic(stack.brokers, topic, 1, { "max.message.bytes": "1000" });
        const records = 1234;
        const batch = rows(
          Array.from({ length: records }, () => ({ key: null, value: Buffer.alloc(100), timestamp: TIME })),
          topic,
        );
        await writing({}, async (producer) => {
          assert.equal(producer.produceBatch(batch, 0), records);
          const error = await producer.flush().catch((reason: unknown) => reason);
          assert.ok(error instanceof KafkaError && error.code === KafkaCode.MSG_SIZE_TOO_LARGE, String(error));
          assert.equal((error.cause as { records: number }).records, records);
          await producer.flush();
        });
      });

      it("throws what produce() throws for a record that the client refuses, and takes those before it", async () => {
        const topic = await topicOf([]);
        const large = { key: null, value: Buffer.alloc(100_000), timestamp: TIME };
        await writing({ recordBytesMax: 50_000 }, async (producer) => {
          const expected = caught(() => producer.produce(topic, 0, null, large.value));
          const batch = rows([ODD[0], ODD[1], large, ODD[2]], topic);
          const error = caught(() => producer.produceBatch(batch, 0));
          assert.ok(error instanceof KafkaError && expected instanceof KafkaError);
          assert.equal(error.code, KafkaCode.MSG_SIZE_TOO_LARGE);
          assert.equal(error.message, expected.message);
          assert.equal((error.cause as { topic?: string }).topic, topic);
          await producer.flush();
        });
        const records = await readAll(topic, 2, newRoom(10, 1000));
        assert.deepEqual(records.map(contentOf), ODD.slice(0, 2).map(contentOf));
      });

      it("throws what produce() throws outside of a transaction", async () => {
        const topic = await topicOf([]);
        await writing({ transactionalId: `batches-${isBuilt}` }, async (producer) => {
          await producer.initTransactions();
          const error = caught(() => producer.produceBatch(rows(ODD, topic), 0));
          assert.ok(error instanceof KafkaError);
          assert.equal(error.code, KafkaCode.STATE);
        });
      });

      it("hands over nothing of an empty batch", async () => {
        await writing({}, async (producer) => assert.equal(producer.produceBatch(EMPTY_BATCH, 0), 0));
      });
    });
  }

  it("knows the last offset that a batch has of a partition", () => {
    const batch = rows(ODD, "some", 2);
    assert.equal(lastOffset(batch, "some", 2), ODD.length - 1);
    assert.equal(lastOffset(batch, "some", 1), -1);
    assert.equal(lastOffset(batch, "other", 2), -1);
  });

  it("gives no bytes memory, which the client takes for no value otherwise", () => {
    const batch = rows([{ key: NOTHING, value: NOTHING, timestamp: TIME }], "some");
    const { key, value } = new RecordView().at(batch, 0);
    assert.deepEqual([key, value], [EMPTY, EMPTY]);
  });
});

let topics = 0;

function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
