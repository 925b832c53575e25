import assert from "node:assert/strict";
import { join } from "node:path";
import { deserializer } from "../../services/deserializer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { judge } from "../support/judge/verdict.js";
import { readTopic, topicEnd } from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { splitInput } from "../support/services/split-input.js";
import { stackForEach } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SERIES = 8;
const STICKY = { GROUP_PROTOCOL: "cooperative-sticky", SESSION_TIMEOUT_MS: "3000" };

describe("membership of the classic protocol", function () {
  this.timeout(300_000);
  const stack = stackForEach();

  const elsewhere = (name: string) => ({ INSTANCE_ID: name, STATE_DIR: join(stack.directory, name) });

  async function progress(topic: string, records: number): Promise<void> {
    const end = await topicEnd(stack.brokers, topic);
    await waitFor(`${records} more in ${topic}`, async () => (await topicEnd(stack.brokers, topic)) > end + records);
  }

  it("cooperative-sticky loses nothing where it splits the inputs of a task over instances and joins them again", async () => {
    const load = (records: number, more: Readonly<Record<string, string>> = {}) =>
      stack.start("producer", { SERIES: String(SERIES), RATE: "200", RECORDS: String(records), ...more });
    const estimated = (count: number) =>
      waitFor(`${count} estimates`, async () => (await readTopic(stack.brokers, "estimates")).length >= count);

    const first = stack.start("stateful-estimator", STICKY);
    const deserializers = [stack.start("deserializer", STICKY)];
    const racer = stack.start("rls-racer", STICKY);
    const producers = [load(100)];
    await first.ready(4);
    // One on another host, one on the same: each takes topics at partition numbers whose other topic stays.
    const second = stack.start("stateful-estimator", { ...STICKY, ...elsewhere("b") });
    deserializers.push(stack.start("deserializer", STICKY));
    const split = await waitFor("a split task", () => splitInput(second));
    await waitFor("a split task", () => splitInput(deserializers[1]));
    for (const service of [first, second, ...deserializers]) await service.ready(1);
    await estimated(2 * SERIES * 100);
    assert.equal(await producers[0].stop(), 0);
    producers.push(load(150));
    await estimated(2 * SERIES * 150);
    assert.equal(await producers[1].stop(), 0);

    // The first reads the other topic for so long that the changelog positions of its folder move past what the second has
    // written.
    const half = split.startsWith("dataLinearModel.") ? "dataNonLinearModel:nonlinear" : "dataLinearModel:linear";
    producers.push(load(350, { PRODUCER_TOPICS: half }));
    await estimated(SERIES * (150 + 350));
    assert.equal(await producers[2].stop(), 0);

    assert.equal(await second.stop(), 0);
    await deserializers[1].kill();
    for (const service of [first, deserializers[0]]) await service.ready(4);
    producers.push(load(400));
    await estimated(SERIES * (400 + 400));

    assert.equal(await producers[3].stop(), 0);
    assert.ok((await judge(stack.brokers, [deserializer, statefulEstimator, rlsRacer])).equal);
    for (const service of [first, deserializers[0], racer]) assert.equal(await service.stop(), 0);
  });

  it("moves no partition in a rolling restart of static members that are back within the session timeout", async () => {
    const member = (name: string) => ({
      ...STICKY,
      SESSION_TIMEOUT_MS: "60000",
      GROUP_INSTANCE_ID: name,
      ...elsewhere(name),
    });
    const producer = stack.start("producer", { SERIES: "6", RATE: "200" });
    stack.start("deserializer");
    const names = ["a", "b", "c"];
    const members = new Map(names.map((name) => [name, stack.start("rls-racer", member(name))]));
    const tasks = () => Promise.all([...members.values()].map(running));
    const rebalances = () =>
      Promise.all([...members.values()].map((service) => service.metric("regatta_rebalances_total")));
    await waitFor("every member to run a task", async () => {
      const counts = await tasks();
      return counts.every((count) => count > 0) && counts.reduce((sum, count) => sum + count) === 4;
    });
    const tasksBefore = await tasks();
    const before = await rebalances();

    for (const [index, name] of names.entries()) {
      // One is killed, the others are stopped: each keeps its place.
      if (index === 1) await members.get(name)?.kill();
      else assert.equal(await members.get(name)?.stop(), 0);
      const again = stack.start("rls-racer", member(name));
      members.set(name, again);
      await again.ready(tasksBefore[index]);
      await progress("rls-predictions", 200);
      // The new process is given its own partitions; nobody else sees an event.
      before[index] = 1;
      assert.deepEqual(await rebalances(), before, `after the restart of ${name}`);
      assert.deepEqual(await tasks(), tasksBefore);
    }

    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(stack.brokers)).equal);
  });

  it("is what static membership and a session timeout need: without it they are refused with the reason", async () => {
    const service = stack.start("rls-racer", { GROUP_INSTANCE_ID: "a", SESSION_TIMEOUT_MS: "6000" });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    const [line] = service.lines;
    assert.match(String(line.msg), /GROUP_INSTANCE_ID=a needs GROUP_PROTOCOL=cooperative-sticky or range: .*refused/);
    assert.match(String(line.msg), /SESSION_TIMEOUT_MS=6000 needs .*group\.consumer\.session\.timeout\.ms/);
  });

  it("has a session shorter than the time between two polls: another is refused with both numbers", async () => {
    const service = stack.start("rls-racer", { ...STICKY, KAFKA_CONF_MAX_POLL_INTERVAL_MS: "2000" });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(String(service.lines[0].msg), /KAFKA_CONF_MAX_POLL_INTERVAL_MS=2000 .*SESSION_TIMEOUT_MS, 3000/);
  });
});

function running(service: RunningService): Promise<number> {
  return service.metric("regatta_tasks", { state: "running" });
}
