import assert from "node:assert/strict";
import {
  type Announcement,
  announcementKey,
  announcementValue,
  Roster,
} from "../../../../shared/kernel/instances/roster.js";

const A = { host: "a", slot: 0, partitions: [0, 2] };
const B = { host: "b", slot: 3, partitions: [] };

const announced = (instance: Announcement) => ({ key: announcementKey(instance), value: announcementValue(instance) });

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

  describe("knows who owns a partition", () => {
    const owner = (roster: Roster, nowMs: number, input?: string) => roster.claimant(0, input, nowMs)?.host;
    const claims = (host: string, partitions: number[], more: object = {}) =>
      announced({ host, slot: 0, partitions, process: `${host}1`, ...more });

    it("as the one whose claim began last, while both announce it", () => {
      const roster = new Roster();
      roster.record(claims("a", [0]), 0);
      roster.record(claims("b", []), 0);
      roster.record(claims("b", [0]), 1000);
      roster.record(claims("a", [0]), 2000);
      assert.equal(owner(roster, 2000), "b");
      roster.record(claims("b", []), 3000);
      assert.equal(owner(roster, 3000), "a");
      roster.record(claims("a", []), 4000);
      assert.equal(owner(roster, 4000), undefined);
    });

    it("and that one which was silent, and lost it meanwhile, does not have it again by saying so", () => {
      const roster = new Roster();
      roster.record(claims("a", [0]), 0);
      assert.equal(owner(roster, 10_001), undefined);
      roster.record(claims("b", [0]), 11_000);
      roster.record(claims("a", [0]), 12_000);
      assert.equal(owner(roster, 12_000), "b");
    });

    it("and that a process which was started again begins its claims anew", () => {
      const roster = new Roster();
      roster.record(claims("a", [0]), 0);
      roster.record(claims("b", [0]), 1000);
      roster.record(claims("a", [0], { process: "a2" }), 2000);
      assert.equal(owner(roster, 2000), "a");
    });

    it("input by input, where instances share a partition number", () => {
      const roster = new Roster();
      roster.record(claims("a", [0], { split: { 0: ["x"] } }), 0);
      roster.record(claims("b", [0], { split: { 0: ["y"] } }), 0);
      assert.equal(owner(roster, 0, "x"), "a");
      assert.equal(owner(roster, 0, "y"), "b");
      assert.equal(owner(roster, 0, "z"), undefined);
      roster.record(claims("a", [0]), 1000);
      assert.equal(owner(roster, 1000, "y"), "a");
    });
  });
});
