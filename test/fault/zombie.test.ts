import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceName } from "../../services/names.js";
import { Producer } from "../../shared/kafka/producer.js";
import { clientOptions } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { CONSUMING_SERVICES, WholeRace } from "../support/services/five-services.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackForEach } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** Longer than the group's session timeout (3 s) and the transaction timeout. */
const FROZEN_MS = long ? 90_000 : 12_000;
const TASKS = 4;
const RECORD_BYTES_MAX = 1_000_000;

describe("a process that was taken for dead, or has a double", function () {
  this.timeout(long ? 1_800_000 : 600_000);
  const stack = stackForEach();

  it("frozen while a second copy takes over, goes on as a member when it wakes, and none of its stale work is ever read", async () => {
    const race = WholeRace.start(stack, { environment: { TRANSACTION_TIMEOUT_MS: "4000" } });
    await race.progress();
    const pairs = CONSUMING_SERVICES.map((name) => ({ name, zombie: race.get(name), copy: race.start(name) }));
    const copies = pairs.map(({ copy }) => copy);
    for (const { name, copy } of pairs)
      await waitFor(`the tasks of ${name} to be shared`, async () => (await running(copy)) > 0);
    await race.progress();

    for (const { zombie } of pairs) await freezeAtWork(zombie);
    const sleep = delay(FROZEN_MS);
    for (const { name, copy } of pairs)
      await waitFor(`the copy of ${name} to own every task`, async () => (await running(copy)) === TASKS);
    await race.progress();
    await sleep;

    for (const { zombie } of pairs) zombie.signal("SIGCONT");
    for (const { name, zombie, copy } of pairs) {
      await waitFor(`the woken ${name} to have tasks again`, async () => {
        const counts = await Promise.all([running(zombie), running(copy)]);
        return counts[0] > 0 && counts[0] + counts[1] === TASKS;
      });
      console.log(`      ${name}: ${await told(zombie)}`);
    }
    const aborts = await Promise.all(pairs.map(({ zombie }) => zombie.metric("regatta_aborts_total")));
    assert.ok(
      aborts.some((count) => count > 0),
      "no zombie was refused: all of them slept with nothing begun",
    );
    await race.progress();
    for (const copy of copies) assert.equal(await copy.stop(), 0);
    await race.progress();
    race.assertAllRun();
    await race.finish(copies);
  });

  it("whose transactional id another process takes, says so once, makes a new producer and goes on", async () => {
    // The trees are slow, so that the id of ml-racer is taken while records are in process(): they are good all the same.
    const victims: readonly ServiceName[] = ["producer", "rls-racer", "ml-racer"];
    const race = WholeRace.start(stack, {
      environment: { ML_MODELS: "gb:n_estimators=300", COMMIT_INTERVAL_MS: "500" },
    });
    await race.progress();
    for (const name of victims) {
      const victim = race.get(name);
      const before = await victim.metric("regatta_producer_replacements_total");
      const { transactionalId } = await victim.logged("running");
      assert.ok(typeof transactionalId === "string");
      const thief = await Producer.connect(clientOptions(stack.brokers), {
        transactionalId,
        recordBytesMax: RECORD_BYTES_MAX,
      });
      await thief.initTransactions();
      await waitFor(
        `${name} to replace its producer`,
        async () => (await victim.metric("regatta_producer_replacements_total")) > before,
      );
      await race.progress();
      await race.progress();
      assert.equal((await victim.metric("regatta_producer_replacements_total")) - before, 1, "replaced more than once");
      assert.equal(victim.lines.filter(({ msg }) => msg === "producer replaced").length, 1);
      await thief.disconnect();
    }
    race.assertAllRun();
    await race.finish();
  });
});

function running(service: RunningService): Promise<number> {
  return service.metric("regatta_tasks", { state: "running" });
}

/** SIGSTOP with records in an open transaction. */
async function freezeAtWork(service: RunningService): Promise<void> {
  await waitFor(
    `an open transaction of ${service.name}`,
    async () => (await service.metric("regatta_transaction_open_records")) > 0,
  );
  service.signal("SIGSTOP");
}

/** What the process that woke up dropped, in its own figures. */
async function told(service: RunningService): Promise<string> {
  const aborts = await service.metric("regatta_aborts_total");
  const lost = await service.metric("regatta_rebalances_total", { kind: "lost" });
  const letters = await service.metric("regatta_dead_letters_total");
  return `${aborts} aborts, ${lost} lost partitions, ${letters} dead letters`;
}
