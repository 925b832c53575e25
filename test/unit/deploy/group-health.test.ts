import assert from "node:assert/strict";
import { lagsOf, mergedHealth } from "../../../deploy/page/group-health.js";
import type { ServiceHealth } from "../../../deploy/page/messages.js";
import { positionAt } from "../../../shared/kafka/topic-partition.js";

const at = (topic: string, partition: number, position: number) => ({
  topic,
  partition,
  position: positionAt(position),
});
const health = (name: string, state: string): ServiceHealth => ({ name, state, recordsPerSecond: null, lagRecords: 0 });

describe("health from consumer groups", () => {
  it("has the lag of each topic, over its partitions; a position after the end is none", () => {
    const positions = [at("b", 0, 5), at("a", 1, 10), at("a", 0, 3), at("c", 0, 9)];
    const ends = [at("a", 0, 5), at("a", 1, 110), at("b", 0, 5), at("c", 0, 8)];
    assert.deepEqual(lagsOf(positions, ends), [
      { topic: "a", records: 102 },
      { topic: "b", records: 0 },
      { topic: "c", records: 0 },
    ]);
  });

  it("stands in for services that have not answered themselves", () => {
    const answers = [health("rls-racer", "restoring"), health("127.0.0.1:1", "does not answer")];
    const groups = [health("producer", "running"), health("rls-racer", "running")];
    assert.deepEqual(mergedHealth(answers, groups), [...answers, groups[0]]);
    assert.deepEqual(mergedHealth(answers, null), answers);
    assert.equal(mergedHealth([], null), null);
    assert.deepEqual(mergedHealth([], []), []);
  });
});
