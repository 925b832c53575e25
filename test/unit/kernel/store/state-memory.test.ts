import assert from "node:assert/strict";
import { type KeptValue, StateMemory } from "../../../../shared/kernel/store/state-memory.js";

const home = () => new Map<string, KeptValue<string>>();

describe("the memory of a process's state values", () => {
  it("keeps those read last, within its bytes, whichever store they are of", () => {
    const memory = new StateMemory(100, 0);
    const [a, b] = [home(), home()];
    memory.keep(a, "1", "a1", 40);
    memory.keep(b, "1", "b1", 40);
    const kept = a.get("1");
    assert.ok(kept);
    memory.touch(kept);
    memory.keep(b, "2", "b2", 60);
    assert.deepEqual([[...a.keys()], [...b.keys()], memory.cachedBytes], [["1"], ["2"], 100]);
    memory.keep(a, "2", "a2", 70);
    assert.deepEqual([[...a.keys()], [...b.keys()], memory.cachedBytes], [["2"], [], 70]);
  });

  it("keeps one value a key, and counts what the newest takes", () => {
    const memory = new StateMemory(100, 0);
    const store = home();
    for (const bytes of [10, 90, 30]) memory.keep(store, "1", String(bytes), bytes);
    assert.deepEqual([store.get("1")?.value, memory.cachedBytes], ["30", 30]);
  });

  it("does not keep a value larger than all of it, nor the one that it takes the place of; the others stay", () => {
    const memory = new StateMemory(100, 0);
    const store = home();
    memory.keep(store, "1", "small", 10);
    memory.keep(store, "2", "small", 10);
    memory.keep(store, "1", "large", 101);
    assert.deepEqual([[...store.keys()], memory.cachedBytes], [["2"], 10]);
  });

  it("is full where the open work has changed half of what may be uncommitted, until that is sealed", () => {
    const memory = new StateMemory(0, 100);
    memory.changed(49);
    assert.equal(memory.isFull, false);
    memory.changed(1);
    assert.equal(memory.isFull, true);
    memory.changed(-50);
    memory.sealed(50);
    assert.deepEqual([memory.isFull, memory.changedBytes], [false, 50]);
    memory.changed(50);
    assert.deepEqual([memory.isFull, memory.changedBytes], [true, 100]);
    memory.sealed(-50);
    assert.equal(memory.changedBytes, 50);
  });
});
