import assert from "node:assert/strict";
import { type ClosedEntry, ClosedList } from "../../../../../shared/race/ledger/closed-list.js";

const answered = (i: number, y: number, asked = Number.NaN): ClosedEntry => ({
  i,
  y,
  asked,
  forecasts: Float64Array.of(y - 1, y - 2, y - 3, y - 4, Number.NaN),
});

describe("a list of closed questions", () => {
  it("keeps the last ones, answered and given up, and forgets the oldest", () => {
    const list = new ClosedList().limitTo(2);
    list.close(answered(1, 10));
    list.expire(2);
    assert.deepEqual([list.find(1), list.find(2), list.find(3)], [0, 1, -1]);
    assert.equal(list.y(0), 10);
    assert.ok(Number.isNaN(list.y(1)));
    list.close(answered(3, 30));
    assert.deepEqual([list.find(1), list.find(2), list.find(3)], [-1, 0, 1]);
    assert.deepEqual(list.limitTo(1).entries, [answered(3, 30)]);
    assert.deepEqual(list.limitTo(0).entries, []);
    list.close(answered(4, 40));
    assert.deepEqual(list.entries, []);
  });

  it("passes its doubles, and follows when models are added and dropped", () => {
    const list = new ClosedList().limitTo(3);
    list.close(answered(1, 10, 77));
    list.expire(2);
    const again = ClosedList.fromDoubles(list.toDoubles(2), 2).limitTo(3);
    assert.deepEqual(again.entries[0], answered(1, 10, 77));
    assert.ok(Number.isNaN(again.entries[1].y));
    again.map([1, -1, 0]);
    assert.deepEqual(again.entries[0].forecasts, Float64Array.of(8, Number.NaN, 9, 7, 6, Number.NaN));
    assert.throws(() => ClosedList.fromDoubles(new Float64Array(6), 2), RangeError);
  });

  it("is read from the doubles of a race that had no judge: nothing was scored of mixture and baselines", () => {
    const [{ forecasts }] = ClosedList.fromDoubles(Float64Array.of(1, 10, 77, 9, 8), 2, 0).limitTo(3).entries;
    assert.deepEqual(forecasts, Float64Array.of(9, 8, Number.NaN, Number.NaN, Number.NaN));
  });
});
