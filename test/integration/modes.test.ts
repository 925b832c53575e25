import assert from "node:assert/strict";
import { judge } from "../support/judge/verdict.js";
import { readTopic } from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackForEach } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const NAMES = ["producer", "deserializer", "rls-racer"] as const;
const PRODUCER = { SERIES: "4", RATE: "500", RECORDS: "300" };
const RESULTS = 4 * 300;

describe("the settings that users may choose", function () {
  this.timeout(300_000);
  const stack = stackForEach();

  const start = (environment: Readonly<Record<string, string>>) =>
    new Map(
      NAMES.map((name) => [
        name,
        stack.start(name, name === "producer" ? { ...PRODUCER, ...environment } : environment),
      ]),
    );

  const consumed = async (service: RunningService | undefined) => service?.metric("regatta_records_consumed_total");

  it("at_least_once gives the exact results where nothing fails, and loses none where a service is killed", async () => {
    const environment = { PROCESSING_GUARANTEE: "at_least_once" };
    const services = start(environment);
    await waitFor("all records to be raced", async () => (await consumed(services.get("rls-racer"))) === RESULTS);
    assert.ok((await judge(stack.brokers)).equal);

    await services.get("producer")?.stop();
    stack.start("producer", { ...PRODUCER, ...environment, RECORDS: "900" });
    const deserializer = services.get("deserializer");
    await waitFor("more work", async () => ((await consumed(deserializer)) ?? 0) > 2 * RESULTS + 100);
    await deserializer?.kill();
    stack.start("deserializer", environment);
    for (const topic of ["dataLinearModel", "dataNonLinearModel"]) {
      await waitFor(`all of ${topic}`, async () => (await readTopic(stack.brokers, topic)).length >= 4 * 900);
      const parsed = `${topic}.observations`;
      await waitFor(`all of ${parsed}`, async () => (await readTopic(stack.brokers, parsed)).length >= 4 * 900);
    }
    const { topics } = await judge(stack.brokers);
    assert.equal(topics.get("dataLinearModel.observations")?.counts.missing, 0);
    assert.equal(topics.get("dataNonLinearModel.observations")?.counts.missing, 0);
  });

  it("the range assignor of the classic protocol shares and moves partitions without changing a value", async () => {
    const environment = { GROUP_PROTOCOL: "range" };
    const services = start(environment);
    await services.get("rls-racer")?.ready(4);
    const second = stack.start("rls-racer", environment);
    await waitFor(
      "the second to get tasks",
      async () => (await second.metric("regatta_tasks", { state: "running" })) > 0,
    );
    await waitFor("all records to be raced", async () => {
      const counts = await Promise.all([consumed(services.get("rls-racer")), consumed(second)]);
      return (counts[0] ?? 0) + (counts[1] ?? 0) >= RESULTS;
    });
    assert.equal(await second.stop(), 0);
    assert.ok((await judge(stack.brokers)).equal);
    for (const service of services.values()) assert.equal(await service.stop(), 0);
  });
});
