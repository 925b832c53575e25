import assert from "node:assert/strict";
import { announcementKey, announcementValue, Roster } from "../../../../shared/kernel/standby/standby-roster.js";

const A = { host: "a", slot: 0, partitions: [0, 2] };
const B = { host: "b", slot: 3, partitions: [] };

const announced = (instance: typeof A) => ({ key: announcementKey(instance), value: announcementValue(instance) });

describe("the roster of instances", () => {
  it("holds what each instance said last, in order of their names", () => {
    const roster = new Roster();
    roster.record(announced(B), 0);
    roster.record(announced(A), 0);
    assert.deepEqual(roster.record(announced({ ...A, partitions: [1] }), 1), { ...A, partitions: [1] });
    assert.deepEqual(roster.instances(2), [{ ...A, partitions: [1] }, B]);
  });

  it("forgets an instance that takes its leave, or is silent for more than ten seconds", () => {
    const roster = new Roster();
    roster.record(announced(A), 0);
    roster.record(announced(B), 5000);
    assert.deepEqual(roster.instances(10_000), [A, B]);
    assert.deepEqual(roster.instances(10_001), [B]);
    roster.record({ key: announcementKey(B), value: null }, 10_002);
    assert.deepEqual(roster.instances(10_003), []);
  });

  it("passes over what is no announcement", () => {
    const roster = new Roster();
    for (const text of [
      "",
      "{",
      "{}",
      '{"host":"a","slot":-1,"partitions":[]}',
      '{"host":"a","slot":0,"partitions":["0"]}',
    ])
      roster.record({ key: Buffer.from("a/0"), value: Buffer.from(text) }, 0);
    assert.deepEqual(roster.instances(0), []);
  });
});
