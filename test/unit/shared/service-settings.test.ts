import assert from "node:assert/strict";
import { readSettings } from "../../../shared/config.js";
import { MIB, memoryBudget } from "../../../shared/memory-budget.js";
import { kernelFaults, kernelSettings } from "../../../shared/service-settings.js";

describe("STORE_CACHE_MIB", () => {
  const cacheOf = (text: string) => readSettings(kernelSettings, { STORE_CACHE_MIB: text }).storeCacheBytes;

  it("is a number of MiB, 0 for no cache, or follows the memory limit", () => {
    assert.deepEqual(["0", "1", "300"].map(cacheOf), [0, MIB, 300 * MIB]);
    assert.deepEqual(["auto", ""].map(cacheOf), ["auto", "auto"]);
    for (const text of ["-1", "1.5", "10MB", "1048577"]) assert.throws(() => cacheOf(text), /STORE_CACHE_MIB/);
  });

  it("takes the place of STORE_CACHE_ENTRIES, which is refused with the new name", () => {
    const [fault, ...more] = kernelFaults({}, { STORE_CACHE_ENTRIES: "500" });
    assert.match(fault, /^STORE_CACHE_ENTRIES: .*STORE_CACHE_MIB/);
    assert.deepEqual(more, []);
    assert.deepEqual(kernelFaults({}, { STORE_CACHE_ENTRIES: "" }), []);
  });
});

describe("the shares of a process's memory", () => {
  it("leave about half of a container to the program and its heap, whatever its size", () => {
    for (const mib of [256, 512, 1024]) {
      const budget = memoryBudget(mib * MIB);
      const {
        stateCache,
        transactionState,
        unsavedState,
        producerQueue,
        consumerQueue,
        batch,
        restoreQueue,
        restoreBatch,
      } = budget;
      const replays = restoreQueue + 2 * restoreBatch;
      const held =
        stateCache +
        2 * transactionState +
        2 * unsavedState +
        producerQueue +
        consumerQueue +
        2 * batch +
        replays +
        budget.levelDb;
      assert.ok(held <= (mib * MIB * 9) / 16, `${held / MIB} of ${mib} MiB`);
    }
  });

  it("do not grow for ever with a machine", () => {
    assert.equal(memoryBudget(2 ** 40).stateCache, 256 * MIB);
    assert.equal(memoryBudget(2 ** 40).packedState, 512 * MIB);
  });
});
