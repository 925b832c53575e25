import assert from "node:assert/strict";
import {
  newestSlot,
  newestSlots,
  newRing,
  putRow,
  readRows,
  resizeRing,
  rowCodec,
  rowsHeld,
  shownRing,
} from "../../../../shared/state/row-ring.js";
import { memoryStore } from "../../../driver/task-context.js";

const KEY = "topic/s1";

/** A ring of `length` into which rows [0], [1], ... went. */
function filled(length: number, count: number) {
  const store = memoryStore(rowCodec);
  const ring = newRing(length);
  for (let k = 0; k < count; k++) putRow(store, KEY, ring, Float64Array.of(k));
  const rows = () => readRows(store, KEY, ring).map((row) => row[0]);
  return { store, ring, rows };
}

describe("a ring of rows", () => {
  it("holds the newest rows, oldest first, one key per slot", () => {
    const { store, ring, rows } = filled(3, 5);
    assert.deepEqual(rows(), [2, 3, 4]);
    assert.deepEqual(store.keys(), [`${KEY}/0`, `${KEY}/1`, `${KEY}/2`]);
    assert.deepEqual([rowsHeld(ring), newestSlot(ring)], [3, 1]);
  });

  it("holds all rows until it is full", () => {
    assert.deepEqual(filled(3, 0).rows(), []);
    assert.equal(newestSlot(newRing(3)), undefined);
    const { ring, rows } = filled(3, 2);
    assert.deepEqual(rows(), [0, 1]);
    assert.deepEqual([rowsHeld(ring), newestSlot(ring)], [2, 1]);
  });

  it("is shown with where its rows are, the newest first", () => {
    const slots = (count: number) => newestSlots({ window: shownRing(filled(3, count).ring, 2) }, "window");
    assert.deepEqual([0, 1, 3, 5].map(slots), [[], [0], [2, 1, 0], [1, 0, 2]]);
    assert.deepEqual(newestSlots({}, "window"), []);
    assert.deepEqual(newestSlots(undefined, "window"), []);
  });

  const lengths: [from: number, count: number, to: number, kept: number[]][] = [
    [4, 6, 2, [4, 5]],
    [4, 6, 9, [2, 3, 4, 5]],
    [4, 3, 2, [1, 2]],
    [4, 1, 2, [0]],
    [4, 0, 1, []],
    [4, 6, 4, [2, 3, 4, 5]],
  ];
  for (const [from, count, to, kept] of lengths) {
    it(`made ${to} long keeps ${kept.length} of ${count} rows put into ${from} slots, and goes on`, () => {
      const { store, ring, rows } = filled(from, count);
      resizeRing(store, KEY, ring, to);
      store.commit();
      assert.deepEqual(rows(), kept);
      assert.equal(store.keys().filter((key) => store.get(key) !== undefined).length, kept.length);
      putRow(store, KEY, ring, Float64Array.of(99));
      assert.deepEqual(rows(), [...kept, 99].slice(-to));
    });
  }

  it("says which slot is empty where the store is not of the same commit", () => {
    const { store, ring } = filled(3, 2);
    store.delete(`${KEY}/1`);
    assert.throws(() => readRows(store, KEY, ring), /expected a row in topic\/s1\/1 after 2 rows, got none/);
  });
});

describe("the bytes of a row", () => {
  it("are its doubles, little endian, bit for bit", () => {
    const bytes = rowCodec.encode(Float64Array.of(1.5, -0));
    assert.equal(bytes.toString("hex"), "000000000000f83f0000000000000080");
    assert.deepEqual(rowCodec.decode(bytes), Float64Array.of(1.5, -0));
    assert.deepEqual(rowCodec.toJson(Float64Array.of(1.5, 2)), [1.5, 2]);
  });

  it("are not written while a number is not finite, nor read while they are no whole doubles", () => {
    assert.throws(() => rowCodec.encode(Float64Array.of(1, Number.NaN)), RangeError);
    assert.throws(() => rowCodec.decode(Buffer.alloc(15)), RangeError);
  });
});
