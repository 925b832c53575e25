import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import {
  addPartitions,
  createTopic,
  headersOf,
  partitionsOf,
  readTopic,
  topicNames,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { splitInput } from "../support/services/split-input.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TOPIC = "meters";
const PARTITIONS = 4;
const SERIES = ["north", "south", "east"];
/** Records of each series. */
const RECORDS = 60;
const SETTINGS = {
  INPUT_TOPICS: TOPIC,
  INPUT_FORMAT: "fields",
  INPUT_TARGET: "kwh",
  INPUT_FEATURES: "sent",
  INPUT_SERIES: "meter",
  LAGS: "1",
};

describe("series that a field names, whose records lie in all partitions", function () {
  this.timeout(180_000);
  const stack = stackFor();
  const records = (from: number, end: number, topic = TOPIC) =>
    Array.from({ length: end - from }, (_, k) => from + k).flatMap((n) =>
      SERIES.map((meter, at) => ({
        topic,
        // Many keys: the partition of a record has nothing to do with its series.
        key: `sender ${(n + at) % 17}`,
        value: JSON.stringify({ meter, kwh: n / 4, sent: n }),
      })),
    );

  it("are one race each, counted and with lags without a gap, though the deserializer is killed and its folder lost", async () => {
    await createTopic(stack.brokers, TOPIC, PARTITIONS);
    const half = RECORDS / 2;
    await writeRecords(stack.brokers, records(0, half));
    await writeRecords(stack.brokers, [{ topic: TOPIC, key: "sender 3", value: '{"meter": "north", "kwh": "x"}' }]);
    const places = (await readTopic(stack.brokers, TOPIC)).map(({ partition, value }) => [
      JSON.parse(String(value)).meter,
      partition,
    ]);
    for (const meter of SERIES)
      assert.ok(new Set(places.filter(([of]) => of === meter).map(([, partition]) => partition)).size > 1, meter);

    const killed = stack.start("deserializer", SETTINGS);
    await waitForRecords(stack.brokers, `${TOPIC}.observations`, half);
    await killed.kill();
    rmSync(join(stack.stateDirectory, "regatta-deserializer"), { recursive: true });
    await writeRecords(stack.brokers, records(half, RECORDS));
    const service = stack.start("deserializer", SETTINGS);
    // The first record of a series warms its lag up.
    await waitForRecords(stack.brokers, `${TOPIC}.observations`, SERIES.length * (RECORDS - 1));

    const observations = (await readTopic(stack.brokers, `${TOPIC}.observations`)).map(({ key, partition, value }) => ({
      key: String(key),
      partition,
      ...(JSON.parse(String(value)) as { i: number; y: number; x: [sent: number, lag: number] }),
    }));
    const raw = await readTopic(stack.brokers, TOPIC);
    for (const series of SERIES) {
      const own = observations.filter(({ key }) => key === series);
      assert.deepEqual(
        own.map(({ i }) => i),
        Array.from({ length: RECORDS - 1 }, (_, k) => k + 1),
      );
      const [{ partition }] = own;
      assert.ok(own.every((one) => one.partition === partition));
      // Every record once: the first one is seen as a lag alone.
      const [{ x }] = own;
      assert.deepEqual(
        [x[1], ...own.map(({ y }) => y)].sort((a, b) => a - b),
        Array.from({ length: RECORDS }, (_, n) => n / 4),
      );
      for (const [k, { x }] of own.entries()) if (k > 0) assert.equal(x[1], own[k - 1].y);
      // Records that lay in one partition keep their order.
      const order = new Map(own.map(({ y }, place) => [y, place]));
      for (let at = 0; at < PARTITIONS; at++) {
        const lay = raw.filter((one) => one.partition === at).map(({ value }) => JSON.parse(String(value)));
        const passed = lay
          .filter(({ meter, kwh }) => meter === series && order.has(kwh))
          .map(({ kwh }) => order.get(kwh));
        assert.deepEqual(
          passed,
          passed.toSorted((a, b) => Number(a) - Number(b)),
        );
      }
    }
    const [letter, ...others] = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    assert.equal(others.length, 0);
    const { reason, topic } = headersOf(letter);
    assert.deepEqual([reason, topic, String(letter.key)], ["number-as-text", TOPIC, "sender 3"]);
    assert.equal(await service.metric("regatta_series_misplaced_total"), 0);
    assert.equal(await service.stop(), 0);
  });

  it("go on without a gap after partitions were added to the topic and the state was moved, and a reset deletes the topic between", async () => {
    const environment = { KAFKA_BROKERS: stack.brokers, ...SETTINGS, STATE_DIR: stack.stateDirectory };
    const done = async (name: "repartition" | "reset") => {
      const ended = await RunningCommand.start(name, ["deserializer", "--yes"], environment).ended();
      assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    };
    const bySeries = `regatta-deserializer-${TOPIC}-by-series`;
    await addPartitions(stack.brokers, TOPIC, 2 * PARTITIONS);
    await done("repartition");
    assert.equal(await partitionsOf(stack.brokers, bySeries), 2 * PARTITIONS);
    const service = stack.start("deserializer", SETTINGS);
    await service.ready(2 * PARTITIONS);
    await writeRecords(stack.brokers, records(RECORDS, RECORDS + 20));
    const all = SERIES.length * (RECORDS - 1 + 20);
    await waitForRecords(stack.brokers, `${TOPIC}.observations`, all);
    const observations = (await readTopic(stack.brokers, `${TOPIC}.observations`)).map(({ key, value }) => ({
      key: String(key),
      ...(JSON.parse(String(value)) as { i: number }),
    }));
    for (const series of SERIES)
      assert.deepEqual(
        observations.flatMap(({ key, i }) => (key === series ? [i] : [])),
        Array.from({ length: RECORDS - 1 + 20 }, (_, k) => k + 1),
      );
    assert.equal(await service.stop(), 0);
    await done("reset");
    assert.equal((await topicNames(stack.brokers)).includes(bySeries), false);
  });

  it("are so, too, where an assignor gives the inputs of one partition number to two instances, one of which is killed", async () => {
    const topic = "shared";
    const settings = { ...SETTINGS, APPLICATION_ID: "two", INPUT_TOPICS: topic, GROUP_PROTOCOL: "cooperative-sticky" };
    await createTopic(stack.brokers, topic, PARTITIONS);
    await writeRecords(stack.brokers, records(0, RECORDS, topic));
    const kept = stack.start("deserializer", settings);
    await kept.ready(PARTITIONS);
    const other = { INSTANCE_ID: "b", STATE_DIR: join(stack.directory, "b") };
    const killed = stack.start("deserializer", { ...settings, ...other });
    await waitFor("a split task", () => splitInput(killed));
    await killed.ready(1);
    const end = SERIES.length * (RECORDS - 1);
    await waitForRecords(stack.brokers, `${topic}.observations`, end);
    await writeRecords(stack.brokers, records(RECORDS, 2 * RECORDS, topic));
    await waitForRecords(stack.brokers, `${topic}.observations`, end + 1);
    await killed.kill();
    await writeRecords(stack.brokers, records(2 * RECORDS, 3 * RECORDS, topic));
    await waitForRecords(stack.brokers, `${topic}.observations`, SERIES.length * (3 * RECORDS - 1));
    const observations = (await readTopic(stack.brokers, `${topic}.observations`)).map(
      ({ value }) =>
        JSON.parse(String(value)) as { series: string; i: number; y: number; x: [sent: number, lag: number] },
    );
    for (const series of SERIES) {
      const own = observations.filter((one) => one.series === series);
      assert.deepEqual(
        own.map(({ i }) => i),
        Array.from({ length: 3 * RECORDS - 1 }, (_, k) => k + 1),
      );
      for (const [k, { x }] of own.entries()) if (k > 0) assert.equal(x[1], own[k - 1].y);
    }
    assert.equal(await kept.stop(), 0);
  });
});
