import assert from "node:assert/strict";
import { StoreError } from "../../../../shared/errors.js";
import { ORIGIN, type Position, positionAt } from "../../../../shared/kafka/topic-partition.js";
import { positionsHeaders } from "../../../../shared/kernel/changelog/changelog.js";
import { ChangelogReader } from "../../../../shared/kernel/changelog/changelog-reader.js";
import type { ReadRequest } from "../../../../shared/kernel/changelog/changelog-reading.js";
import { encodeStored } from "../../../../shared/kernel/store/stored-value.js";
import type { Codec } from "../../../../shared/service-definition.js";
import { clientOptions, writeRecords } from "../../../support/kafka/kafka-topics.js";
import { type MockKafka, openMockKafka } from "../../../support/kafka/mock-kafka.js";
import { waitFor } from "../../../support/wait.js";

const TOPIC = "app-race-changelog";
const VALUES = 3000;

const codec: Codec<{ text: string }> = {
  format: 1,
  encode: ({ text }) => Buffer.from(text),
  bytes: () => 100,
  decode: (bytes) => ({ text: bytes.toString() }),
  toJson: (value) => value,
};
const stored = (partition: number, i: number) => encodeStored(codec, { text: `${partition} ${i} ${"x".repeat(500)}` });

/** Values, and the record that closes their commit. */
function logOf(partition: number, values: number) {
  const common = { topic: TOPIC, partition };
  const positions = positionsHeaders({ in: positionAt(values) });
  return [
    ...Array.from({ length: values }, (_, i) => ({ ...common, key: `in/s${i % 100}`, value: stored(partition, i) })),
    { ...common, key: "positions", value: Buffer.from([0]), headers: positions },
  ];
}

describe("the reader of changelogs", function () {
  this.timeout(60_000);
  let mock: MockKafka;
  let reader: ChangelogReader;

  before(async () => {
    mock = await openMockKafka();
    for (const partition of [0, 1, 2]) await writeRecords(mock.brokers, logOf(partition, VALUES));
    await writeRecords(mock.brokers, [{ topic: TOPIC, partition: 3, key: "in/s", value: Buffer.from("damaged") }]);
  });
  after(() => mock.close());
  beforeEach(() => {
    reader = new ChangelogReader(clientOptions(mock.brokers), "app-restore");
  });
  afterEach(() => reader.close());

  /** A restore that keeps what it is given. */
  function restore(partition: number, parts: Partial<ReadRequest> & { from?: Position; end?: number } = {}) {
    const { from = ORIGIN, end = VALUES + 1, ...more } = parts;
    const values: string[] = [];
    const request: ReadRequest = {
      partition,
      changelogs: [{ store: "race", codec, topic: TOPIC, from, range: { begin: ORIGIN, end: positionAt(end) } }],
      cutTail: undefined,
      apply: async (writes) => {
        for (const { value } of writes) values.push(String(value?.subarray(5)).slice(0, 9).split(" x")[0]);
      },
      cancelled: () => false,
      progress: () => undefined,
      ...more,
    };
    return { values, read: reader.read(request) };
  }
  const all = (partition: number, from = 0) =>
    Array.from({ length: VALUES - from }, (_, k) => `${partition} ${k + from}`);

  it("gives each restore the values of its partition, once and in order, whenever it begins", async () => {
    const first = restore(0);
    let later: ReturnType<typeof restore> | undefined;
    const second = restore(1, {
      progress: () => {
        later ??= restore(2, { from: positionAt(1000) });
      },
    });
    const reads = [await first.read, await second.read, await later?.read];
    for (const read of reads)
      assert.deepEqual(read, { positions: { in: VALUES }, ends: { race: VALUES + 1 }, cutKeys: false });
    assert.deepEqual(first.values, all(0));
    assert.deepEqual(second.values, all(1));
    assert.deepEqual(later?.values, all(2, 1000));
  });

  it("reads a partition again from where the next restore of its task begins, after one was cancelled amid it", async () => {
    const other = restore(1);
    let batches = 0;
    const cancelled = restore(0, {
      // More than there is: it never ends by itself.
      end: VALUES + 100,
      progress: () => {
        batches++;
      },
      cancelled: () => batches > 0,
      apply: async () => undefined,
    });
    assert.equal(await cancelled.read, undefined);
    const again = restore(0);
    assert.ok(await again.read);
    assert.deepEqual(again.values, all(0));
    assert.ok(await other.read);
    assert.deepEqual(other.values, all(1));
  });

  it("ends the restore whose changelog is damaged, or whose folder takes no value, and no other", async () => {
    const damaged = restore(3, { end: 1 });
    const failing = restore(1, { apply: () => Promise.reject(new Error("no room")) });
    const sound = restore(0);
    await assert.rejects(
      damaged.read,
      (error: unknown) => error instanceof StoreError && /checksum/.test(error.message),
    );
    await assert.rejects(failing.read, /no room/);
    assert.ok(await sound.read);
    assert.deepEqual(sound.values, all(0));
  });

  it("has nothing to do where the folder has all, and closes its consumer when nothing is left", async () => {
    const read = await restore(0, { from: positionAt(VALUES + 1) }).read;
    assert.deepEqual(read, { positions: {}, ends: { race: VALUES + 1 }, cutKeys: false });
    await restore(0).read;
    let closed = false;
    void reader.close().then(() => {
      closed = true;
    });
    await waitFor("the consumer to be gone", async () => closed);
  });
});
