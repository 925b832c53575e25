import assert from "node:assert/strict";
import { UnstableInputs } from "../../../../shared/kernel/observe/unstable-inputs.js";

const INPUT = { topic: "raw", partition: 0 };
const openAt = (lastStableOffset: number) => [{ ...INPUT, low: 0, lastStableOffset, highWatermark: 9 }];

describe("an input with an open transaction", () => {
  it("stands still for as long as its last stable offset does", () => {
    const inputs = new UnstableInputs();
    inputs.onStatistics(openAt(4), 1000);
    inputs.onStatistics(openAt(4), 3000);
    assert.deepEqual(inputs.of([INPUT], 6000), [{ ...INPUT, records: 5, lastStableOffset: 4, standsStillMs: 5000 }]);
    inputs.onStatistics(openAt(6), 7000);
    assert.deepEqual(inputs.of([INPUT], 7000), [{ ...INPUT, records: 3, lastStableOffset: 6, standsStillMs: 0 }]);
  });

  it("is nothing that is known any more once its partition was elsewhere, however it comes back", () => {
    const inputs = new UnstableInputs();
    inputs.onStatistics(openAt(4), 1000);
    inputs.onStatistics([], 3000);
    assert.deepEqual(inputs.of([INPUT], 300_000), []);
    inputs.onStatistics(openAt(4), 300_000);
    assert.equal(inputs.of([INPUT], 301_000)[0].standsStillMs, 1000);
  });
});
