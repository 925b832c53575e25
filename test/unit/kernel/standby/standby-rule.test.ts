import assert from "node:assert/strict";
import fc from "fast-check";
import type { Instance } from "../../../../shared/kernel/instances/roster.js";
import { standbyPartitions } from "../../../../shared/kernel/standby/standby-rule.js";
import { holds } from "../../../support/property.js";

const PARTITIONS = 12;

/** Hosts with their numbers of instances; every partition has one owner. */
const groups = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }).chain((counts) => {
  const members = counts.flatMap((count, host) =>
    Array.from({ length: count }, (_, slot) => ({ host: `h${host}`, slot })),
  );
  const owners = fc.array(fc.nat({ max: members.length - 1 }), { minLength: PARTITIONS, maxLength: PARTITIONS });
  return owners.map((owner) => groupOf(members, owner));
});

function groupOf(members: readonly { host: string; slot: number }[], owner: readonly number[]): Instance[] {
  return members.map((member, index) => ({
    ...member,
    partitions: owner.flatMap((of, partition) => (of === index ? [partition] : [])),
  }));
}

/** Instances that keep a standby, by partition. */
function keepers(group: readonly Instance[], replicas: number): Instance[][] {
  const result: Instance[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const self of group) {
    for (const partition of standbyPartitions(self, group, PARTITIONS, replicas) ?? []) result[partition].push(self);
  }
  return result;
}

describe("the rule of standbys", () => {
  it("gives each task as many as wanted or as there are other hosts, one a host and none on the owner's", () => {
    holds(
      fc.property(groups, fc.integer({ min: 1, max: 7 }), (group, replicas) => {
        const hosts = new Set(group.map(({ host }) => host));
        for (const [partition, kept] of keepers(group, replicas).entries()) {
          const owner = group.find(({ partitions }) => partitions.includes(partition));
          const keptOn = kept.map(({ host }) => host);
          assert.equal(new Set(keptOn).size, keptOn.length);
          assert.equal(kept.length, Math.min(replicas, hosts.size - 1));
          assert.ok(owner !== undefined && !keptOn.includes(owner.host));
        }
      }),
    );
  });

  it("does not depend on the order in which the members are told", () => {
    holds(
      fc.property(groups, (group) => {
        for (const self of group) {
          const one = standbyPartitions(self, group, PARTITIONS, 2);
          assert.deepEqual(standbyPartitions(self, [...group].reverse(), PARTITIONS, 2), one);
        }
      }),
    );
  });

  it("moves no standby between hosts that stay when a host without tasks goes", () => {
    holds(
      fc.property(groups, (group) => {
        const guest = { host: "guest", slot: 0, partitions: [] };
        const before = keepers([...group, guest], 1);
        const after = keepers(group, 1);
        for (const [partition, kept] of before.entries()) {
          if (kept[0]?.host !== "guest") assert.deepEqual(after[partition], kept);
        }
      }),
    );
  });

  it("spreads the standbys of one owner over the other hosts", () => {
    const hosts = ["owner", "a", "b", "c"].map((host) => ({ host, slot: 0 }));
    const owner = Array.from({ length: PARTITIONS }, () => 0);
    const counts = new Map<string, number>();
    for (const [kept] of keepers(groupOf(hosts, owner), 1)) counts.set(kept.host, (counts.get(kept.host) ?? 0) + 1);
    assert.deepEqual([...counts.keys()].sort(), ["a", "b", "c"]);
  });

  it("says nothing while a partition has no owner, or the instance itself is not told of", () => {
    const group = groupOf(
      [
        { host: "a", slot: 0 },
        { host: "b", slot: 0 },
      ],
      Array.from({ length: PARTITIONS }, () => 0),
    );
    assert.equal(standbyPartitions(group[1], group, PARTITIONS + 1, 1), undefined);
    assert.equal(standbyPartitions({ host: "c", slot: 0 }, group, PARTITIONS, 1), undefined);
    assert.equal(standbyPartitions({ host: "b", slot: 1 }, group, PARTITIONS, 1), undefined);
    assert.deepEqual(standbyPartitions(group[0], group, PARTITIONS, 1), []);
  });

  it("keeps none on a host that has one input of a split task", () => {
    const group = [
      { host: "a", slot: 0, partitions: [0] },
      { host: "b", slot: 0, partitions: [0] },
      { host: "c", slot: 0, partitions: [] },
    ];
    assert.deepEqual(
      group.map((self) => standbyPartitions(self, group, 1, 2)),
      [[], [], [0]],
    );
  });
});
