import assert from "node:assert/strict";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { CHAIN, judge } from "../support/judge/verdict.js";
import { waitForRecords } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { MemoryLimit, peakMemoryMb } from "../support/services/memory-limit.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const LIMIT_MB = 256;
const SERIES = 50;
const BACKLOG = long ? 1_000_000 : 100_000;
const TOPICS = [LINEAR_TOPIC, NON_LINEAR_TOPIC];
const MODELS = { ML_MODELS: "lin" };
const TASKS = 4;

describe(`a backlog of ${BACKLOG} records`, function () {
  this.timeout(long ? 3_600_000 : 600_000);
  const stack = stackFor();
  const limits: MemoryLimit[] = [];

  after(async () => {
    for (const limit of limits) await limit.remove();
  });

  it(`is worked off by services of ${LIMIT_MB} MiB each: none is killed, none leaves its group, no result is lost`, async () => {
    const producer = start("producer", {
      SERIES: String(SERIES),
      RATE: "100000",
      RECORDS: String(BACKLOG / SERIES / TOPICS.length),
    });
    for (const topic of TOPICS) await waitForRecords(stack.brokers, topic, BACKLOG / TOPICS.length);
    const begun = performance.now();
    const services = CHAIN.map(({ name }) => start(name, MODELS));
    for (const service of services) await service.ready(TASKS);
    await waitFor(
      "every observation to be estimated",
      async () => (await consumed(services[1])) === BACKLOG,
      1_800_000,
    );
    console.log(
      `      worked off at ${((BACKLOG / (performance.now() - begun)) * 1000).toFixed(0)} records per second`,
    );
    for (const service of [producer, ...services]) {
      assert.ok(service.running, `${service.name} has ended`);
      console.log(`      ${service.name}: at most ${peakMemoryMb(service.pid).toFixed(0)} MiB`);
      assert.ok(peakMemoryMb(service.pid) <= LIMIT_MB);
      assert.equal(await service.metric("regatta_rebalances_total", { kind: "lost" }), 0);
      assert.equal(await service.metric("regatta_aborts_total"), 0);
    }
    assert.ok((await judge(stack.brokers, CHAIN, MODELS)).equal);
    for (const service of [producer, ...services]) assert.equal(await service.stop(), 0);
  });

  function start(name: string, environment: Readonly<Record<string, string>>): RunningService {
    const limit = MemoryLimit.of(LIMIT_MB * 2 ** 20);
    if (limit === undefined) console.log("      no control group can be made: memory is measured, not limited");
    else limits.push(limit);
    return stack.start(name, environment, limit?.launcher);
  }
});

function consumed(service: RunningService): Promise<number> {
  return service.metric("regatta_records_consumed_total");
}
