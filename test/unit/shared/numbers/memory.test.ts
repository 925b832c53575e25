import assert from "node:assert/strict";
import { memoryBudget } from "../../../../shared/memory-budget.js";
import { codecBytes, codecMemory, regions, SLACK_BYTES } from "../../../../shared/numbers/memory.js";

describe("the memory of records and results", () => {
  const { numbers, layouts, keys, staging, inputs, results } = regions;
  const inOrder = [numbers, layouts, keys, ...staging, ...inputs, results];

  it("has regions that lie apart, each with its slack inside of the memory", () => {
    const ends = inOrder.map(({ at, length }) => at + length + SLACK_BYTES);
    const begins = inOrder.map(({ at }) => at);
    assert.ok(begins[0] >= 65_536);
    for (let k = 1; k < inOrder.length; k++) assert.ok(begins[k] >= ends[k - 1]);
    assert.ok(ends[ends.length - 1] <= codecBytes.length);
    for (const at of begins) assert.equal(at % 64, 0);
  });

  it("has room for two batches and for the results of the memory budget", () => {
    const budget = memoryBudget();
    for (const input of inputs) assert.equal(input.length, budget.batch);
    assert.equal(results.length, budget.results);
  });

  it("is one buffer as long as the process lives", () => {
    assert.equal(codecBytes.buffer, codecMemory.buffer);
    assert.equal(codecBytes.length, codecMemory.buffer.byteLength);
    codecBytes[codecBytes.length - 1] = 7;
    assert.equal(new Uint8Array(codecMemory.buffer)[codecBytes.length - 1], 7);
  });
});
