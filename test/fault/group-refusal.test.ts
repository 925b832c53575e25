import assert from "node:assert/strict";
import { judge } from "../support/judge/verdict.js";
import { createTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { type Stack, stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RECORDS = 200;

/** The broker lets no second member into any group: its answer makes the client's consumer unusable. */
describe("a consumer that is used up", function () {
  this.timeout(300_000);
  const stack = stackFor({ cluster: 1, properties: { "group.consumer.max.size": "1" } });

  before(async () => {
    for (const topic of ["dataLinearModel", "dataNonLinearModel"]) await createTopic(stack.brokers, topic, 2);
  });

  it("is replaced until the group takes the service, which goes on as a member", async () => {
    const first = stack.start("deserializer");
    const racer = stack.start("rls-racer");
    await write(0);
    await waitFor("the first to work", () => worked(first));
    const second = stack.start("deserializer", { SHUTDOWN_TIMEOUT_MS: "1000" });
    await waitFor("refusals", async () => (await replacements(second)) >= 2);
    // For longer than the time that a service has for its end: it is not at its end.
    await stack.kafka.kill();
    await second.logged("waiting for Kafka");
    await stack.kafka.restart();
    assert.equal((await second.get("/live")).status, 200);
    await waitFor("it to say so", async () => (await second.get("/ready")).text.includes("joining the group"));
    await first.kill();
    await write(RECORDS);
    assert.ok((await judge(stack.brokers)).equal);
    assert.ok(await worked(second));
    await waitFor("it to be ready", async () => (await second.get("/ready")).status === 200);
    for (const service of [second, racer]) assert.equal(await service.stop(), 0);
  });

  // Ten consumers one after another, with pauses that grow to 5 s.
  (long ? it : it.skip)("ends the process with 1 and the broker's refusal when no consumer is ever taken", async () => {
    const first = stack.start("deserializer");
    await waitFor("the first to be a member", async () => (await first.get("/ready")).status === 200);
    const second = stack.start("deserializer");
    // A broker that stands still for a moment may part with the first, and take the second.
    const [refused, member] = await Promise.race([
      first.exited().then(() => [first, second]),
      second.exited().then(() => [second, first]),
    ]);
    assert.equal(await refused.exited(), 1);
    assert.match(refused.lines.at(-1)?.msg ?? "", /Fatal error/);
    assert.equal(await member.stop(), 0);
  });

  async function write(from: number): Promise<void> {
    const records = Array.from({ length: RECORDS }, (_, k) => ({
      topic: "dataLinearModel",
      key: `s${k % 3}`,
      value: `[${from + Math.floor(k / 3)}, ${k % 7}, ${k % 5}]`,
    }));
    await writeRecords(stack.brokers, records);
  }
});

type Service = ReturnType<Stack["start"]>;
const worked = async (service: Service) => (await service.metric("regatta_last_commit_timestamp_seconds")) > 0;
const replacements = (service: Service) => service.metric("regatta_consumer_replacements_total");
