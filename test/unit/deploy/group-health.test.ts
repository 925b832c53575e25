import assert from "node:assert/strict";
import { type GroupAdmin, GroupHealth, lagsOf, mergedHealth } from "../../../deploy/page/group-health.js";
import type { ServiceHealth } from "../../../deploy/page/messages.js";
import type { ClientOptions } from "../../../shared/kafka/client.js";
import { KafkaError } from "../../../shared/kafka/kafka-error.js";
import { positionAt } from "../../../shared/kafka/topic-partition.js";
import { waitFor } from "../../support/wait.js";

const at = (topic: string, partition: number, position: number) => ({
  topic,
  partition,
  position: positionAt(position),
});
const health = (name: string, state: string): ServiceHealth => ({ name, state, recordsPerSecond: null, lagRecords: 0 });

/** Answers about groups, of topics of one partition with 100 records each. */
const ANSWERS: GroupAdmin = {
  describeGroup: async () => ({ members: 1, isStable: true, assigned: [{ topic: "a", partition: 0 }] }),
  positions: async () => [at("a", 0, 90)],
  beginnings: async (partitions) => partitions.map(({ topic, partition }) => at(topic, partition, 0)),
  ends: async (partitions) => partitions.map(({ topic, partition }) => at(topic, partition, 100)),
  disconnect: async () => {},
};

/** What is told once it has so many services, or as many as there are. */
async function toldOf(answers: Partial<GroupAdmin>, names = ["one"], count = names.length) {
  const services = new Map(names.map((name) => [name, `regatta-${name}`]));
  const told = new GroupHealth({} as ClientOptions, services, { ...ANSWERS, ...answers });
  const health = await waitFor("health", () => ((told.health?.length ?? 0) >= count ? (told.health ?? []) : undefined));
  return { health, close: () => told.close() };
}

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

  it("has no lag of a topic that is read no more, unless nobody reads at all", async () => {
    const positions = async () => [at("a", 0, 90), at("old", 0, 1), at("regatta-one-state-changelog", 0, 1)];
    const running = await toldOf({ positions });
    await running.close();
    assert.deepEqual(running.health[0].lags, [{ topic: "a", records: 10 }]);
    const describeGroup = async () => ({ members: 0, isStable: false, assigned: [] });
    const stopped = await toldOf({ positions, describeGroup });
    await stopped.close();
    assert.equal(stopped.health[0].lagRecords, 10 + 99);
  });

  it("has the lag of all other topics where one is not told", async () => {
    const assigned = ["b", "a", "hidden"].map((topic) => ({ topic, partition: 0 }));
    const { health, close } = await toldOf({
      describeGroup: async () => ({ members: 1, isStable: true, assigned }),
      beginnings: async (partitions) => {
        if (partitions.some(({ topic }) => topic === "hidden")) throw new KafkaError("offsets", { code: 29 });
        return ANSWERS.beginnings(partitions);
      },
    });
    await close();
    const lags = [
      { topic: "a", records: 10 },
      { topic: "b", records: 100 },
      { topic: "hidden", records: null },
    ];
    assert.deepEqual(health, [
      { name: "one", state: "running", recordsPerSecond: null, lagRecords: 110, members: 1, lags },
    ]);
  });

  it("tells of each service once it is known, and goes on after any error", async () => {
    let answer = () => {};
    const silent = new Promise<undefined>((resolve) => {
      answer = () => resolve(undefined);
    });
    const describeGroup = async (group: string) => {
      if (group === "regatta-broken") throw new TypeError("no such thing");
      return group === "regatta-silent" ? silent : ANSWERS.describeGroup(group);
    };
    const { health, close } = await toldOf({ describeGroup }, ["broken", "one", "silent"], 2);
    answer();
    await close();
    assert.deepEqual(
      health.map(({ name, state }) => [name, state]),
      [
        ["broken", "not known: no such thing"],
        ["one", "running"],
      ],
    );
  });
});
