import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CHAIN, judge } from "../support/judge/verdict.js";
import { readTopic, topicEnd } from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TASKS = 4;
/** Two inputs and a large state, and one input and a small one. */
const SERVICES = [
  { name: "stateful-estimator", changelog: "regatta-stateful-estimator-series-changelog", results: "estimates" },
  { name: "rls-racer", changelog: "regatta-rls-racer-race-changelog", results: "rls-predictions" },
] as const;
type Service = (typeof SERVICES)[number];

describe("a standby", function () {
  this.timeout(600_000);
  const stack = stackFor();
  let producer: RunningService;
  /** Two hosts: each has a STATE_DIR and an INSTANCE_ID of its own. */
  const running = new Map<string, RunningService>();

  before(() => {
    producer = stack.start("producer", { SERIES: "10", RATE: "60", SEED: "5" });
    for (const name of ["deserializer", "ml-racer"]) stack.start(name);
    for (const service of SERVICES) for (const host of ["a", "b"]) start(service, host);
  });

  const stateOf = (host: string) => join(stack.directory, `host-${host}`);
  const on = ({ name }: Service, host: string): RunningService => {
    const service = running.get(`${name}@${host}`);
    assert.ok(service);
    return service;
  };
  const environmentOf = (host: string) => ({ STANDBY_REPLICAS: "1", INSTANCE_ID: host, STATE_DIR: stateOf(host) });
  function start({ name }: Service, host: string): void {
    running.set(`${name}@${host}`, stack.start(name, environmentOf(host)));
  }

  it("lets its instance take a dead owner's tasks over with the rest of their changelog only", async () => {
    await both(async (service) => {
      await progress(service);
      await takeover(service);
      start(service, "a");
    });
  });

  it("does so after it was stopped and came back", async () => {
    await both(async (service) => {
      await warm(service);
      assert.equal(await on(service, "b").stop(), 0);
      await on(service, "a").ready(TASKS);
      await progress(service);
      start(service, "b");
      await takeover(service);
      start(service, "a");
    });
  });

  it("does so after its folders were deleted", async () => {
    await both(async (service) => {
      await warm(service);
      assert.equal(await on(service, "b").stop(), 0);
      rmSync(join(stateOf("b"), `regatta-${service.name}`), { recursive: true });
      start(service, "b");
      await takeover(service);
      start(service, "a");
    });
  });

  it("is handed to the other instance of its host where that is given the task", async () => {
    const service = SERVICES[1];
    await warm(service);
    const sibling = stack.start(service.name, environmentOf("b"));
    const instances = [on(service, "b"), sibling];
    const runningTasks = () =>
      Promise.all(instances.map((instance) => instance.metric("regatta_tasks", { state: "running" })));
    await waitFor("the sibling and both hosts to have tasks, and host b the copies of a's", async () => {
      const [a, ...b] = [
        await on(service, "a").metric("regatta_tasks", { state: "running" }),
        ...(await runningTasks()),
      ];
      const copies = await Promise.all(instances.map((instance) => instance.metric("regatta_standby_tasks")));
      const lags = await Promise.all(instances.map((instance) => instance.metric("regatta_standby_lag_records")));
      return a > 0 && b[1] > 0 && a + b[0] + b[1] === TASKS && copies[0] + copies[1] === a && lags[0] + lags[1] === 0;
    });
    assert.equal(await on(service, "a").stop(), 0);
    await waitFor("both to have all tasks", async () => (await runningTasks()).reduce((sum, n) => sum + n) === TASKS);
    for (const { lines } of instances) {
      const locked = lines.find(({ msg }) => msg === "folder is locked by another process: a private one is used");
      assert.equal(locked, undefined);
    }
    await progress(service);
    assert.equal(await sibling.stop(), 0);
    start(service, "a");
  });

  it("and its owner, killed together and started again, change no value; nor did anything before", async () => {
    await both(async (service) => {
      await warm(service);
      await Promise.all(["a", "b"].map((host) => on(service, host).kill()));
      for (const host of ["a", "b"]) start(service, host);
      await warm(service);
      await progress(service);
    });
    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(stack.brokers, CHAIN)).equal);
    for (const service of running.values()) assert.equal(await service.stop(), 0);
  });

  /** Nothing of one service depends on the other. */
  async function both(run: (service: Service) => Promise<void>): Promise<void> {
    await Promise.all(SERVICES.map(run));
  }

  /** Kills host a when host b has warm copies of its tasks, and compares what b replays with what a cold host would. */
  async function takeover(service: Service): Promise<void> {
    await progress(service);
    await warm(service);
    const survivor = on(service, "b");
    const before = await survivor.metric("regatta_restored_records_total");
    const { text } = await survivor.get("/metrics");
    const taken = new Set([...text.matchAll(/^regatta_standby_lag_records\{.*partition="(\d+)"/gm)].map(([, p]) => p));
    assert.equal(taken.size, await on(service, "a").metric("regatta_tasks"));
    const cold = (await readTopic(stack.brokers, service.changelog)).filter(({ partition }) =>
      taken.has(String(partition)),
    ).length;
    await on(service, "a").kill();
    await survivor.ready(TASKS);
    const replayed = (await survivor.metric("regatta_restored_records_total")) - before;
    console.log(`      ${service.name}: ${replayed} records replayed, ${cold} were there`);
    assert.ok(replayed < cold / 2, `${replayed} of ${cold} records were replayed`);
    assert.equal(await survivor.metric("regatta_standby_tasks"), 0);
    await progress(service);
  }

  /** Waits until both hosts have tasks, and each an up-to-date copy of every task of the other. */
  async function warm(service: Service): Promise<void> {
    await waitFor(`${service.name} to be warm on both hosts`, async () => {
      const hosts = [on(service, "a"), on(service, "b")];
      const tasks = await Promise.all(hosts.map((host) => host.metric("regatta_tasks", { state: "running" })));
      const copies = await Promise.all(hosts.map((host) => host.metric("regatta_standby_tasks")));
      const lags = await Promise.all(hosts.map((host) => host.metric("regatta_standby_lag_records")));
      const [a, b] = tasks;
      return a > 0 && b > 0 && a + b === TASKS && copies[0] === b && copies[1] === a && lags[0] + lags[1] === 0;
    });
  }

  async function progress({ results }: Service): Promise<void> {
    const end = await topicEnd(stack.brokers, results);
    await waitFor(`more ${results}`, async () => (await topicEnd(stack.brokers, results)) > end + 200);
  }
});
