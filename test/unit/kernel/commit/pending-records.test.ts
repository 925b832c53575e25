import assert from "node:assert/strict";
import type { Producer } from "../../../../shared/kafka/producer.js";
import { type RecordBatch, RecordView } from "../../../../shared/kafka/record-batch.js";
import { PendingRecords } from "../../../../shared/kernel/commit/pending-records.js";
import { codecBytes, regions } from "../../../../shared/numbers/memory.js";
import type { RecordHeaders } from "../../../../shared/service-definition.js";

const TIME = 1_700_000_000_000;
const HEADERS: RecordHeaders = [{ trace: Buffer.from("1") }, { trace: Buffer.alloc(0) }];

interface Taken {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly timestamp: number;
  readonly headers: readonly string[];
}

const taken = (
  topic: string,
  partition: number | undefined,
  key: Buffer | null,
  value: Buffer | null,
  timestamp: number | undefined,
  headers: RecordHeaders | undefined,
): Taken => ({
  topic,
  partition: partition ?? -1,
  key: key?.toString(),
  value: value?.toString(),
  timestamp: timestamp ?? 0,
  headers: (headers ?? []).flatMap(Object.entries).map(([name, bytes]) => `${name}=${bytes}`),
});

/** The two calls of a producer that are made here, with a queue of so many records. */
function queueOf(room: number): { readonly records: Taken[]; room: number; readonly producer: Producer } {
  const records: Taken[] = [];
  const produce = (...record: Parameters<typeof taken>): boolean => {
    if (records.length >= queue.room) return false;
    records.push(taken(...record));
    return true;
  };
  const produceBatch = (batch: RecordBatch, from: number): number => {
    for (let k = from; k < batch.count; k++) {
      const { topic, partition, key, value, timestamp, headers } = new RecordView().at(batch, k);
      if (!produce(topic, partition, key, value, timestamp, headers)) return k;
    }
    return batch.count;
  };
  const queue = { records, room, producer: { produce, produceBatch } as unknown as Producer };
  return queue;
}

describe("records that are not handed over yet", () => {
  let pending: PendingRecords;

  beforeEach(() => {
    pending = new PendingRecords();
  });
  afterEach(() => pending.close());

  const write = (value: string, headers?: RecordHeaders) =>
    pending.write("some", 3, Buffer.from("key"), Buffer.from(value), TIME, headers);

  /** Renders a record as a service does. */
  function render(value: string, headers?: RecordHeaders): boolean {
    const at = pending.room(100);
    if (at === 0) return false;
    const keyLength = codecBytes.write("rendered", at);
    pending.take("other", at, keyLength, codecBytes.write(value, at + keyLength), TIME, headers);
    return true;
  }

  it("keep their order and all that they are, whether they were copied or rendered", () => {
    write("1");
    render("2", HEADERS);
    pending.write("some", undefined, null, null, undefined, undefined);
    pending.write("some", undefined, Buffer.alloc(0), Buffer.alloc(0), 1, HEADERS);
    render("3");
    const queue = queueOf(100);
    pending.handOver(queue.producer);
    const headers = ["trace=1", "trace="];
    assert.deepEqual(queue.records, [
      { topic: "some", partition: 3, key: "key", value: "1", timestamp: TIME, headers: [] },
      { topic: "other", partition: -1, key: "rendered", value: "2", timestamp: TIME, headers },
      { topic: "some", partition: -1, key: undefined, value: undefined, timestamp: 0, headers: [] },
      { topic: "some", partition: -1, key: "", value: "", timestamp: 1, headers },
      { topic: "other", partition: -1, key: "rendered", value: "3", timestamp: TIME, headers: [] },
    ]);
    assert.ok(pending.isEmpty);
  });

  it("are copied: what they were made of may change", () => {
    const value = Buffer.from("before");
    pending.write("some", 0, null, value, TIME, undefined);
    value.fill(0);
    const queue = queueOf(1);
    pending.handOver(queue.producer);
    assert.equal(queue.records[0].value, "before");
  });

  it("are handed over as far as the queue has room, and the others later, each once", () => {
    for (let k = 0; k < 10; k++) write(String(k), k % 2 === 0 ? HEADERS : undefined);
    const queue = queueOf(4);
    pending.handOver(queue.producer);
    assert.ok(!pending.isEmpty);
    write("10");
    queue.room = 7;
    pending.handOver(queue.producer);
    queue.room = 100;
    pending.handOver(queue.producer);
    assert.deepEqual(
      queue.records.map(({ value }) => value),
      Array.from({ length: 11 }, (_, k) => String(k)),
    );
    assert.deepEqual(
      queue.records.map(({ headers }) => headers.length),
      [2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 0],
    );
    assert.ok(pending.isEmpty);
  });

  it("keep their order where the block has no room for some of them", () => {
    const large = "x".repeat(regions.results.length);
    const values = ["before", large, "after"];
    for (const value of values) write(value);
    assert.ok(pending.isFull);
    assert.ok(!render("a later one would overtake them"));
    const queue = queueOf(2);
    pending.handOver(queue.producer);
    assert.ok(!pending.isEmpty);
    queue.room = 100;
    pending.handOver(queue.producer);
    assert.ok(pending.isEmpty && !pending.isFull);
    assert.ok(queue.records.every(({ value }, k) => value === values[k]));
    assert.ok(render("again"));
  });

  it("say that they should be handed over at half of the block, and begin anew when they were", () => {
    const value = "x".repeat(regions.results.length / 4 - 3);
    write(value);
    assert.ok(!pending.isFull);
    write(value);
    assert.ok(pending.isFull);
    pending.handOver(queueOf(2).producer);
    assert.ok(!pending.isFull && pending.isEmpty);
  });

  it("say so for many small ones too", () => {
    let count = 0;
    for (; !pending.isFull; count++) pending.write("some", 0, null, null, undefined, undefined);
    assert.ok(count > 10_000 && count < 100_000, String(count));
  });

  it("are forgotten when that is asked for", () => {
    write("1", HEADERS);
    write("x".repeat(regions.results.length));
    pending.clear();
    const queue = queueOf(10);
    write("2", HEADERS);
    pending.handOver(queue.producer);
    assert.deepEqual(
      queue.records.map(({ value, headers }) => [value, headers.length]),
      [["2", 2]],
    );
  });

  it("give no place to render at while others of the process have the region of results", () => {
    const others = new PendingRecords();
    assert.equal(others.room(10), 0);
    others.write("some", 0, null, Buffer.from("copied"), TIME, undefined);
    const queue = queueOf(1);
    others.handOver(queue.producer);
    assert.equal(queue.records[0].value, "copied");
    others.close();
    assert.ok(render("the region is still here"));
  });
});
