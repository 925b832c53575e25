import assert from "node:assert/strict";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { createTopic, deleteRecords, logBegin, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PARTITIONS = 2;
const SERIES = 4;
const AGE_MS = 400 * 24 * 3_600_000;
const MODELS = 2;

describe("history with timestamps of its own", function () {
  this.timeout(300_000);
  const stack = stackFor({
    properties: { "log.retention.check.interval.ms": "500", "log.initial.task.delay.ms": "500" },
  });
  let looks = 0;

  /** Returns when the broker has deleted by time what was written before this call: a topic that keeps a week tells. */
  async function retentionHasLooked(): Promise<void> {
    for (let twice = 0; twice < 2; twice++) {
      const topic = `week-${looks++}`;
      await createTopic(stack.brokers, topic, 1, { "retention.ms": String(7 * 24 * 3_600_000) });
      await writeRecords(stack.brokers, [{ topic, key: "k", value: "v", timestamp: Date.now() - AGE_MS }]);
      await waitFor("the broker to delete by time", async () => (await logBegin(stack.brokers, topic, 0)) === 1);
    }
  }

  for (const [guarantee, perSeries] of [
    ["exactly_once", 1000],
    ["at_least_once", 1000],
  ] as const) {
    it(`is there until each reader has read it, and so is what comes of it: ${guarantee}`, async () => {
      const id = `old-${guarantee.replaceAll("_", "-")}`;
      const environment = { APPLICATION_ID: id, PROCESSING_GUARANTEE: guarantee };
      const firstMs = Date.now() - AGE_MS;
      await createTopic(stack.brokers, id, PARTITIONS, { "retention.ms": "-1" });
      const records = Array.from({ length: perSeries * SERIES }, (_, k) => {
        const i = Math.floor(k / SERIES);
        const value = `[${i}, ${Math.sin(k)}, ${Math.cos(k)}, ${i % 7}]`;
        return { topic: id, key: `s${k % SERIES}`, value, timestamp: firstMs + 1000 * i };
      });
      const bad = { topic: id, key: "bad", value: "not an observation", timestamp: firstMs };
      await writeRecords(stack.brokers, [bad, ...records]);

      const deserializer = stack.start("deserializer", { ...environment, INPUT_TOPICS: id });
      const consumed = async () =>
        (await deserializer.metric("regatta_records_consumed_total", { topic: id })) === records.length + 1;
      await waitFor("the deserializer to read all", consumed);
      assert.equal(await deserializer.stop(), 0);
      await retentionHasLooked();

      const racer = stack.start("rls-racer", { ...environment, INPUT_TOPICS: `${id}.observations` });
      const raced = async () => (await racer.metric("regatta_records_consumed_total")) === records.length;
      await waitFor("the racer to read all", raced);
      assert.equal(await racer.metric("regatta_input_records_lost_total"), 0);
      assert.equal(await racer.stop(), 0);
      await retentionHasLooked();

      const ofCase = (topic: string) =>
        readTopic(stack.brokers, topic).then((all) =>
          all.filter(({ value }) => topic === "dead-letters" || String(value).includes(`"topic":"${id}"`)),
        );
      const observations = await ofCase(`${id}.observations`);
      assert.equal(observations.length, records.length);
      const predictions = await ofCase("rls-predictions");
      assert.equal(predictions.length, records.length * MODELS);
      const stamps = new Set(records.map(({ timestamp }) => timestamp));
      for (const { timestamp } of [...observations, ...predictions]) assert.ok(stamps.has(timestamp ?? 0));
      assert.ok((await ofCase("dead-letters")).some(({ timestamp }) => timestamp === firstMs));
    });
  }

  describe("whose beginning is gone when an application reads it for the first time", () => {
    const value = (i: number) => JSON.stringify({ topic: "t", series: "s", i, y: Math.sin(i), x: [Math.cos(i)] });
    async function cut(topic: string, values: readonly string[]): Promise<void> {
      await createTopic(stack.brokers, topic, 1);
      await writeRecords(
        stack.brokers,
        values.map((text) => ({ topic, key: "s", value: text })),
      );
      await deleteRecords(stack.brokers, topic, 0, 3);
    }

    it("is refused where it is the product's own observations, and read from there when asked to, counted", async () => {
      const topic = "cut.observations";
      await cut(
        topic,
        Array.from({ length: 10 }, (_, i) => value(i)),
      );
      const environment = { APPLICATION_ID: "cut", INPUT_TOPICS: topic };
      const refused = stack.start("rls-racer", environment);
      assert.equal(await refused.exited(), EXIT_CONFIGURATION);
      assert.match(
        refused.lines.at(-1)?.msg ?? "",
        /cut\.observations\[0\] is read for the first time, but that log begins at 3.*ON_INPUT_LOSS=skip/,
      );
      const skipping = stack.start("rls-racer", { ...environment, ON_INPUT_LOSS: "skip" });
      await waitFor("the rest", async () => (await skipping.metric("regatta_records_consumed_total")) === 7);
      assert.equal(await skipping.metric("regatta_input_records_lost_total", { topic, cause: "unread" }), 3);
      assert.equal(await skipping.stop(), 0);
      // The group has a position now: what was gone before is no loss any more.
      const next = stack.start("rls-racer", environment);
      await next.ready(1);
      assert.equal(await next.metric("regatta_input_records_lost_total"), 0);
      assert.equal(await next.stop(), 0);
    });

    it("is read from what is left where it is a raw topic, told and counted", async () => {
      const topic = "cutraw";
      await cut(
        topic,
        Array.from({ length: 10 }, (_, i) => `[${i}, 1.5, 2]`),
      );
      const service = stack.start("deserializer", { APPLICATION_ID: "cutraw", INPUT_TOPICS: topic });
      await waitFor("the rest", async () => (await service.metric("regatta_records_consumed_total")) === 7);
      const told =
        "the beginning of an input was deleted before this group read it for the first time: it reads what is left";
      assert.equal((await service.logged(told)).lost, 3);
      assert.equal(await service.metric("regatta_input_records_lost_total", { topic, cause: "before-first-read" }), 3);
      assert.equal(await service.stop(), 0);
    });
  });
});
