import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import type { ServiceName } from "../../services/names.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, topics } from "../../shared/contract/topics.js";
import { commitSteps } from "../../shared/failpoint.js";
import { Producer } from "../../shared/kafka/producer.js";
import { assertCountersFollow, judge } from "../support/judge/verdict.js";
import { clientOptions, createTopic, topicEnd, writeRecords } from "../support/kafka/kafka-topics.js";
import { seededRandom } from "../support/seed.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackForEach } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** On each way, so that a commit, which takes three answers or more, lasts longer than the pause before the next. */
const SLOWNESS_MS = 25;
const OFTEN = { COMMIT_INTERVAL_MS: "20", STATE_SAVE_INTERVAL_MS: "100" };
/** Enough that records come at all times; ml-racer with one quick model keeps up. */
const PRODUCER = { SERIES: "12", RATE: "300" };
/** A heartbeat that is late for the slowness does not cost the membership. */
const SESSION = { "group.consumer.session.timeout.ms": "10000", "group.consumer.min.session.timeout.ms": "10000" };
/** From the first record that is processed on, the steps that a batch and a commit beside it may be at. */
const STEPS = commitSteps.filter((step) => step !== "after-poll");
const PASSES = { least: 5, most: 25 };
const RACERS: readonly ServiceName[] = ["deserializer", "rls-racer", "ml-racer"];
const RESULTS: Readonly<Partial<Record<ServiceName, string>>> = {
  deserializer: `${LINEAR_TOPIC}.observations`,
  "rls-racer": topics.rlsPredictions.name,
  "ml-racer": topics.mlPredictions.name,
};
const DEATH_TIMEOUT_MS = 240_000;
const BACKLOG = 6000;
const ENDLESS = 1_000_000;

describe("a commit with the next records beside it", function () {
  this.timeout(900_000);
  const stack = stackForEach({ proxied: true, properties: SESSION });
  const start = (name: string, environment: Readonly<Record<string, string>> = {}) =>
    stack.start(name, { ...OFTEN, ML_MODELS: "lin", ...(name === "producer" ? PRODUCER : {}), ...environment });

  /** Waits until a service has written so many more results. */
  async function progress(names: readonly ServiceName[] = RACERS): Promise<void> {
    const end = (name: ServiceName) => topicEnd(stack.brokers, RESULTS[name] ?? name);
    await Promise.all(
      names.map(async (name) => {
        const before = await end(name);
        await waitFor(`results of ${name}`, async () => (await end(name)) >= before + 500);
      }),
    );
  }

  /** Ends the producer, waits for all results and compares them. */
  async function finish(producer: RunningService, others: readonly RunningService[]): Promise<void> {
    assert.equal(await producer.stop(), 0);
    const { equal } = await judge(stack.brokers, [deserializer, rlsRacer, mlRacer], { ML_MODELS: "lin" });
    for (const service of others) service.mustRun();
    assert.ok(equal);
    await assertCountersFollow(stack.brokers, Number(PRODUCER.SERIES));
    for (const service of others) assert.equal(await service.stop(), 0);
  }

  it("goes on for as long as Kafka does not answer, counts nothing of it, and publishes all of it once Kafka does", async () => {
    const raw = Array.from({ length: BACKLOG }, (_, k) => ({
      topic: LINEAR_TOPIC,
      key: `s${k % 10}`,
      value: `[${Math.floor(k / 10)}, ${(k % 7) / 8}, ${(k % 11) / 16}, ${(k % 13) / 32}]`,
    }));
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, 4);
    const parser = start("deserializer");
    await parser.ready(4);
    await writeRecords(stack.brokers, raw);
    await waitFor("all observations", async () => (await parser.metric("regatta_records_consumed_total")) === BACKLOG);

    stack.proxy.loseReplies("endTxn", ENDLESS);
    const racer = start("rls-racer");
    await waitFor("a commit without an answer", () => stack.proxy.lost > 0);
    await waitFor("every record to be processed", async () => {
      const lag = await racer.metric("regatta_consumer_lag_records");
      return lag === 0 && (await racer.metric("regatta_transaction_open_records")) > BACKLOG;
    });
    assert.equal(await racer.metric("regatta_records_consumed_total"), 0);
    assert.equal(await racer.metric("regatta_last_commit_timestamp_seconds"), 0);

    stack.proxy.loseReplies("endTxn", 0);
    await waitFor("the commits", async () => (await racer.metric("regatta_records_consumed_total")) === BACKLOG);
    assert.equal(await racer.metric("regatta_aborts_total"), 0);
    assert.ok((await judge(stack.brokers)).equal);
    for (const service of [parser, racer]) assert.equal(await service.stop(), 0);
  });

  it("may die at each step with a batch half processed beside it", async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    stack.proxy.delay(SLOWNESS_MS);
    const producer = start("producer", { SEED: "5" });
    const survivors = await Promise.all(
      RACERS.map(async (name) => {
        for (const step of STEPS) {
          const pass = PASSES.least + Math.floor(random() * (PASSES.most - PASSES.least + 1));
          const service = start(name, { FAILPOINT: `${step}:${pass}` });
          await waitFor(`${name} to die at ${step}:${pass}`, () => !service.running, DEATH_TIMEOUT_MS);
          assert.equal(await service.exited(), null, `${name} at ${step}: expected SIGKILL, got an exit`);
        }
        return start(name);
      }),
    );
    await progress();
    stack.proxy.delay(0);
    await finish(producer, survivors);
  });

  it("ends before partitions move, before its service stops, and before its work is dropped with that beside it", async () => {
    stack.proxy.delay(SLOWNESS_MS);
    const producer = start("producer", { SEED: "6" });
    const services = new Map(RACERS.map((name) => [name, start(name)]));
    await progress();

    const second = RACERS.map((name) => start(name));
    for (const service of second)
      await waitFor(
        `partitions of the second ${service.name}`,
        async () => (await service.metric("regatta_tasks", { state: "running" })) > 0,
      );
    await progress();
    for (const service of second) assert.equal(await service.stop(), 0);
    await progress();

    for (const name of RACERS) {
      assert.equal(await services.get(name)?.stop(), 0);
      services.set(name, start(name));
    }
    await progress();

    for (const api of ["endTxn", "txnOffsetCommit"] as const) {
      const before = stack.proxy.lost;
      stack.proxy.loseReplies(api, 5);
      await waitFor("lost replies", () => stack.proxy.lost >= before + 5);
      await progress();
    }

    for (const service of services.values()) {
      const { transactionalId } = await service.logged("running");
      assert.ok(typeof transactionalId === "string");
      const thief = await Producer.connect(clientOptions(stack.brokers), {
        transactionalId,
        recordBytesMax: 1_000_000,
      });
      await thief.initTransactions();
      await waitFor(
        `${service.name} to replace its producer`,
        async () => (await service.metric("regatta_producer_replacements_total", { reason: "fenced" })) > 0,
      );
      await thief.disconnect();
    }
    await progress();
    stack.proxy.delay(0);
    await finish(producer, [...services.values()]);
  });
});
