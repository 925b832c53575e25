import assert from "node:assert/strict";
import { SERVICE_NAMES } from "../../services/names.js";
import { atSignal, blockEventLoop, UNHANDLED_REJECTION } from "../support/services/code-at-signal.js";
import { WholeRace } from "../support/services/five-services.js";
import type { RunningService } from "../support/services/service-runner.js";
import { Stack } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TASKS = 4;
/** A service that cannot stop cleanly ends by itself after this time. */
const SHUTDOWN = { SHUTDOWN_TIMEOUT_MS: "5000" };
const POLL_INTERVAL_MS = 6000;
/** Time for the other instance to be given the tasks, to wait for folders that the blocked has open, and to run them from its own. */
const BLOCKED_MS = POLL_INTERVAL_MS + 15_000;
/** Each way: a replay asks several times, so that the signal comes before its end. */
const DELAY_MS = 200;

describe("signals, and a process that harms itself", function () {
  this.timeout(600_000);
  let stack: Stack;

  afterEach(async () => {
    await stack.close();
  });

  it("SIGTERM while busy, more than one, and SIGINT after it: exit code 0, and the next run goes on", async () => {
    stack = await Stack.open();
    const race = WholeRace.start(stack);
    await race.progress();
    for (const service of race.services.values()) await waitForOpenTransaction(service);
    for (const service of race.services.values()) {
      service.signal("SIGTERM");
      service.signal("SIGTERM");
      service.signal("SIGINT");
    }
    for (const service of race.services.values()) {
      assert.equal(await service.exited(), 0, service.name);
      await service.logged("stopped");
      assert.equal(service.lines.filter(({ msg }) => msg === "stopping").length, 1);
    }
    const successors = SERVICE_NAMES.map((name) => race.start(name));
    await race.progress();
    await race.finish(successors);
  });

  it("SIGTERM without a broker: every service ends in its time, and loses nothing", async () => {
    stack = await Stack.open({ cluster: 1 });
    const race = WholeRace.start(stack, { environment: SHUTDOWN });
    await race.progress();
    for (const service of race.services.values()) await waitForOpenTransaction(service);
    await stack.kafka.kill();
    const begun = performance.now();
    for (const service of race.services.values()) service.signal("SIGTERM");
    for (const service of race.services.values()) {
      const code = await service.exited();
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      console.log(`      ${service.name} ended after ${seconds} s with ${code ?? "its own SIGKILL"}`);
      const told = code === 0 ? "stopped" : "not done in time: uncommitted work is left to the next start";
      await service.logged(told);
    }
    await stack.kafka.restart();
    const successors = SERVICE_NAMES.map((name) => race.start(name));
    await race.progress();
    await race.finish(successors);
  });

  it("SIGTERM while state is replayed: exit code 0, and the replay is done by the next start", async () => {
    stack = await Stack.open({ proxied: true });
    const race = WholeRace.start(stack);
    await race.progress();
    const first = race.get("rls-racer");
    assert.equal(await first.stop(), 0);
    // Without its folder it has to replay everything.
    stack.proxy.delay(DELAY_MS);
    const second = race.start("rls-racer", { STATE_DIR: `${stack.stateDirectory}-new` });
    await waitFor("a replay", async () => (await second.metric("regatta_tasks", { state: "restoring" })) > 0);
    assert.equal(await second.stop(), 0);
    stack.proxy.delay(0);
    const replayed = second.lines.filter(({ msg }) => msg === "state replayed").length;
    console.log(`      ${replayed} of ${TASKS} tasks were replayed when it stopped`);
    assert.ok(replayed < TASKS, "it had replayed everything before it was told to stop");
    const third = race.start("rls-racer", { STATE_DIR: `${stack.stateDirectory}-new` });
    await third.ready(TASKS);
    await race.progress();
    await race.finish([third]);
  });

  it("an unhandled rejection ends the process with a line in its log, and its successor goes on exactly", async () => {
    stack = await Stack.open();
    const race = WholeRace.start(stack, { environment: atSignal(UNHANDLED_REJECTION) });
    await race.progress();
    const successors = [];
    for (const name of SERVICE_NAMES) {
      const service = race.get(name);
      service.signal("SIGUSR2");
      // It ends itself by SIGKILL, since the client's threads could hold an ordinary exit up: no exit code.
      assert.equal(await service.exited(), null);
      assert.equal((await service.logged("unexpected error")).level, "fatal");
      successors.push(race.start(name));
    }
    await race.progress();
    await race.finish(successors);
  });

  it("an event loop that stands still beyond max.poll.interval.ms: another takes over, and both go on exactly", async () => {
    stack = await Stack.open();
    const environment = {
      ...atSignal(blockEventLoop(BLOCKED_MS)),
      KAFKA_CONF_MAX_POLL_INTERVAL_MS: String(POLL_INTERVAL_MS),
      TRANSACTION_TIMEOUT_MS: "4000",
    };
    const race = WholeRace.start(stack, { environment });
    await race.progress();
    const blocked = race.get("rls-racer");
    const copy = race.start("rls-racer");
    await waitFor("the tasks to be shared", async () => (await running(copy)) > 0 && (await running(blocked)) > 0);
    await waitForOpenTransaction(blocked);
    blocked.signal("SIGUSR2");
    await waitFor("the copy to own every task", async () => (await running(copy)) === TASKS);
    await waitFor("the blocked to have tasks again", async () => {
      const counts = [await running(blocked), await running(copy)];
      return counts[0] > 0 && counts[0] + counts[1] === TASKS;
    });
    await race.progress();
    race.assertAllRun();
    await race.finish([copy]);
  });
});

function running(service: RunningService): Promise<number> {
  return service.metric("regatta_tasks", { state: "running" });
}

async function waitForOpenTransaction(service: RunningService): Promise<void> {
  await waitFor(
    `an open transaction of ${service.name}`,
    async () => (await service.metric("regatta_transaction_open_records")) > 0,
  );
}
