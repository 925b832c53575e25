import assert from "node:assert/strict";
import { ObservationView } from "../../../shared/contract/observation-view.js";
import { Column, type RecordBatch, RecordView, ROW } from "../../../shared/kafka/record-batch.js";
import { codecBytes, placesOf, regions } from "../../../shared/numbers/memory.js";

const VALUE = '{"topic":"raw","series":"s","i":1,"y":2,"x":[3,4]}';

/** Two records, the second without key and value, at place 3 of `bytes`. */
function batchIn(bytes: Buffer): RecordBatch {
  const rows = new Float64Array(2 * ROW);
  bytes.write(`s${VALUE}`, 3);
  rows.set([3, 1, 4, VALUE.length], Column.keyAt);
  rows.set([0, -1, 0, -1], ROW + Column.keyAt);
  return { count: 2, topics: ["raw.observations"], bytes, rows, headers: new Float64Array(0) };
}

describe("the places of a record", () => {
  const { at, length } = regions.inputs[1];
  let inMemory: RecordBatch;
  let elsewhere: RecordBatch;

  // Other tests use the memory of the process, too.
  beforeEach(() => {
    inMemory = batchIn(codecBytes.subarray(at, at + length));
    elsewhere = batchIn(Buffer.alloc(100));
  });

  it("are where the batch lies in the codec's memory, and staged where it lies elsewhere", () => {
    for (const batch of [inMemory, elsewhere]) {
      const record = new RecordView().at(batch, 0);
      const { keyAt, keyLength, valueAt, valueLength } = placesOf(record);
      assert.equal(codecBytes.toString("latin1", keyAt, keyAt + keyLength), "s");
      assert.equal(codecBytes.toString("latin1", valueAt, valueAt + valueLength), VALUE);
      assert.equal(record.places === undefined, batch === elsewhere);
      if (batch === inMemory) assert.equal(valueAt, at + 4);
      const none = placesOf(record.at(batch, 1));
      assert.deepEqual([none.keyLength, none.valueLength], [-1, -1]);
    }
  });

  it("follow a view from a batch in one memory to a batch in another", () => {
    const record = new RecordView();
    const view = new ObservationView();
    for (const batch of [inMemory, elsewhere, inMemory, elsewhere]) {
      assert.ok(view.read(record.at(batch, 0)));
      assert.equal(view.key, "raw/s");
      assert.equal(view.read(record.at(batch, 1)), false);
      assert.equal(record.at(batch, 0).copy().places, undefined);
    }
  });
});
