import assert from "node:assert/strict";
import { judge } from "../support/judge/verdict.js";
import { createTopic, topicEnd } from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TASKS = 4;
const ROUNDS = 5;

describe("instances of one service", function () {
  this.timeout(300_000);
  const stack = stackFor();

  it("share the partitions, and one that joins and leaves under load changes no value", async () => {
    const producer = stack.start("producer", { SERIES: "12", RATE: "500" });
    const deserializer = stack.start("deserializer");
    const first = stack.start("rls-racer");
    await first.ready(TASKS);
    const second = stack.start("rls-racer");
    await waitFor("the second to get a task", async () => (await running(second)) > 0);
    await shared([first, second]);
    await progress();

    const third = stack.start("rls-racer");
    const secondDeserializer = stack.start("deserializer");
    await waitFor("the third to get a task", async () => (await running(third)) > 0);
    await shared([first, second, third]);
    await shared([deserializer, secondDeserializer]);
    await progress();

    assert.equal(await third.stop(), 0);
    await shared([first, second]);
    await second.kill();
    await shared([first]);
    assert.equal(await secondDeserializer.stop(), 0);
    await progress();

    // More instances than tasks: the rest are idle, ready, and open no folder.
    const many = [1, 2, 3, 4].map(() => stack.start("rls-racer"));
    for (const instance of many) await instance.ready();
    await shared([first, ...many]);
    await progress();

    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(stack.brokers)).equal);
    for (const instance of [first, deserializer, ...many]) assert.equal(await instance.stop(), 0);
  });

  it("end with 0 one right after another: what one leaves goes to the next while that leaves", async () => {
    await createTopic(stack.brokers, "dataLinearModel.observations", TASKS);
    for (let round = 0; round < ROUNDS; round++) {
      const instances = Array.from({ length: TASKS + 1 }, () =>
        stack.start("rls-racer", { APPLICATION_ID: "leaving" }),
      );
      for (const instance of instances) await instance.ready();
      await shared(instances);
      for (const instance of instances) assert.equal(await instance.stop(), 0);
    }
  });

  /** Each task runs in exactly one instance. */
  async function shared(instances: readonly RunningService[]): Promise<void> {
    await waitFor(`${TASKS} tasks in ${instances.length} instances`, async () => {
      const counts = await Promise.all(instances.map(running));
      return counts.reduce((sum, count) => sum + count, 0) === TASKS;
    });
  }

  async function progress(): Promise<void> {
    const end = await topicEnd(stack.brokers, "rls-predictions");
    await waitFor("more predictions", async () => (await topicEnd(stack.brokers, "rls-predictions")) > end + 500);
  }
});

function running(service: RunningService): Promise<number> {
  return service.metric("regatta_tasks", { state: "running" });
}
