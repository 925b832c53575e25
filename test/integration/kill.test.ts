import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { topicEnd } from "../support/kafka-topics.js";
import { seededRandom } from "../support/seed.js";
import type { RunningService } from "../support/service-runner.js";
import { Stack } from "../support/stack.js";
import { assertCountersFollow, CHAIN, judge } from "../support/verdict.js";
import { waitFor } from "../support/wait.js";

const KILLS = 25;
const NAMES = ["producer", "deserializer", "stateful-estimator", "rls-racer", "ml-racer"] as const;
/** A rate that the trees of ml-racer keep up with on one slow processor. */
const PRODUCER = { SERIES: "6", RATE: "60", SEED: "7" };
/** A topic that grows only while the service works. */
const RESULTS: Readonly<Record<(typeof NAMES)[number], string>> = {
  producer: "rls-predictions",
  deserializer: "rls-predictions",
  "stateful-estimator": "estimates",
  "rls-racer": "rls-predictions",
  "ml-racer": "ml-predictions",
};

describe("killing services under load", function () {
  this.timeout(600_000);
  let stack: Stack;

  before(async () => {
    stack = await Stack.open();
  });
  after(async () => {
    await stack.close();
  });

  it(`gives exactly the results of an undisturbed run after ${KILLS} SIGKILLs at random moments`, async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    const start = (name: string) => stack.start(name, name === "producer" ? PRODUCER : {});
    const services = new Map<string, RunningService>(NAMES.map((name) => [name, start(name)]));
    for (const service of services.values()) await service.ready(4);

    let inTransaction = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const name = NAMES[kill % NAMES.length];
      const service = services.get(name);
      assert.ok(service);
      // The service is at work: it has consumed or generated since it was started.
      await waitFor(`${name} to work`, async () => (await service.metric("regatta_records_produced_total")) > 0);
      await delay(random() * 400);
      const visible = await topicEnd(stack.brokers, RESULTS[name]);
      const open = async () => (await service.metric("regatta_transaction_open_records")) > 0;
      // Two of three kills are aimed at an open transaction, the third at whatever the moment brings.
      const hit = kill % 3 === 0 ? await open() : await waitFor("an open transaction", open);
      if (hit) inTransaction++;
      await service.kill();
      services.set(name, start(name));
      // It counts only if work was left: results go on growing after it.
      await waitFor(
        "results to grow after the kill",
        async () => (await topicEnd(stack.brokers, RESULTS[name])) > visible,
      );
    }
    console.log(`      ${KILLS} kills, ${inTransaction} of them into an open transaction`);
    assert.ok(inTransaction * 2 >= KILLS, `only ${inTransaction} of ${KILLS} kills hit an open transaction`);

    assert.equal(await services.get("producer")?.stop(), 0);
    assert.ok((await judge(stack.brokers, CHAIN)).equal);
    await assertCountersFollow(stack.brokers, Number(PRODUCER.SERIES));
    for (const name of NAMES.slice(1)) assert.equal(await services.get(name)?.stop(), 0);
  });
});
