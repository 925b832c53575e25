import assert from "node:assert/strict";
import { BatchBytes } from "../../../shared/kafka/batch-bytes.js";
import type { ConsumedRecord } from "../../../shared/kafka/consumed-record.js";

const MIB = 1024 * 1024;
const records = (count: number, bytes: number): ConsumedRecord[] =>
  Array.from({ length: count }, (_, offset) => ({
    topic: "t",
    partition: 0,
    offset,
    key: null,
    value: Buffer.alloc(bytes),
  }));

describe("a batch's number of records", () => {
  it("begins small, and grows to what its bytes hold of records like those that came", () => {
    const batch = new BatchBytes(8 * MIB);
    const asked = [batch.records];
    for (let k = 0; k < 6; k++) {
      batch.learn(records(batch.records, 512));
      asked.push(batch.records);
    }
    assert.deepEqual(asked, [16, 64, 256, 1024, 4096, 8192, 8192]);
  });

  it("falls at once where records are large, and is 1 where one is larger than all bytes", () => {
    const batch = new BatchBytes(8 * MIB);
    batch.learn(records(16, 100));
    batch.learn(records(64, MIB - 512));
    assert.equal(batch.records, 8);
    batch.learn(records(1, 9 * MIB));
    assert.equal(batch.records, 1);
  });

  it("counts headers too", () => {
    const batch = new BatchBytes(8 * MIB);
    batch.learn(records(16, 0).map((record) => ({ ...record, headers: [{ a: Buffer.alloc(2 * MIB) }] })));
    assert.equal(batch.records, 3);
  });

  it("is a number also where the client has made a header's value the prototype, as it does with the name __proto__", () => {
    const batch = new BatchBytes(8 * MIB);
    const header = Object.setPrototypeOf({}, Buffer.alloc(2 * MIB));
    batch.learn(records(16, 0).map((record) => ({ ...record, headers: [header] })));
    assert.equal(batch.records, 3);
  });

  it("learns nothing from an empty one", () => {
    const batch = new BatchBytes(8 * MIB);
    batch.learn([]);
    assert.equal(batch.records, 16);
  });
});
