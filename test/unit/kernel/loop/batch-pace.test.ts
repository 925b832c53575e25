import assert from "node:assert/strict";
import { BatchPace } from "../../../../shared/kernel/loop/batch-pace.js";

describe("the pace of batches", () => {
  it("begins with as many records as are worked on side by side, and grows to two thousand while they are quick", () => {
    for (const least of [1, 3, 8]) {
      const pace = new BatchPace(least);
      assert.equal(pace.records, least);
      for (let k = 0; k < 6; k++) pace.learn(pace.records, 0);
      assert.equal(pace.records, 2000);
    }
  });

  it("comes to batches of a quarter of a second for records of any slowness, but gives every thread one", () => {
    for (const [recordMs, records] of [
      [0.1, 2000],
      [0.25, 1000],
      [1, 250],
      [10, 25],
      [120, 4],
      [5000, 4],
    ]) {
      const pace = new BatchPace(4);
      for (let k = 0; k < 6; k++) pace.learn(pace.records, pace.records * recordMs);
      assert.equal(pace.records, records, `${recordMs} ms`);
    }
  });

  it("is slow at once when records become slow, whatever it was", () => {
    const pace = new BatchPace(1);
    for (let k = 0; k < 6; k++) pace.learn(1000, 10);
    pace.learn(1000, 100_000);
    assert.equal(pace.records, 2);
  });

  it("begins anew with the fewest when told so", () => {
    const pace = new BatchPace(3);
    for (let k = 0; k < 6; k++) pace.learn(1000, 10);
    pace.restart();
    assert.equal(pace.records, 3);
  });
});
