import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, topics } from "../../shared/contract/topics.js";
import type { AnyProcessor } from "../driver/topology-driver.js";
import { integer, type Random } from "../support/data/random-stream.js";
import { judge } from "../support/judge/verdict.js";
import { createTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { seededRandom } from "../support/seed.js";
import { MemoryLimit, peakMemoryMb } from "../support/services/memory-limit.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TASKS = 4;
/** No result for so long: it hangs, whatever else the machine does. */
const PATIENCE_MS = 240_000;
/** A changelog of several GB is read; a service that ends meanwhile ends the wait. */
const RESTORE_MS = 1_800_000;
/** Records of a pass over all series that are written at once. */
const WRITTEN_AT_ONCE = 2000;
/** Series that get another record after a restore or a takeover. */
const CONTINUED = 200;

interface Case {
  readonly series: number;
  readonly features: number;
  /** That read the same records beside rls-racer. */
  readonly beside: readonly AnyProcessor[];
}

/**
 * The short form proves that state of more bytes than a service may hold is raced, restored, copied and taken over; that as many
 * small series are no other matter is what `--long` adds.
 */
const LIMIT_MB = long ? 512 : 256;
const CASES: readonly Case[] = long
  ? [
      { series: 60_000, features: 20, beside: [statefulEstimator, mlRacer] },
      { series: 3500, features: 308, beside: [] },
    ]
  : [{ series: 300, features: 308, beside: [] }];

for (const { series, features, beside } of CASES) {
  describe(`${series} series of ${features} features, each service within ${LIMIT_MB} MiB`, function () {
    this.timeout(long ? 3_600_000 : 600_000);
    const { seed, random } = seededRandom();
    const limits: MemoryLimit[] = [];
    const raw = [LINEAR_TOPIC, ...(beside.includes(mlRacer) ? [NON_LINEAR_TOPIC] : [])];
    const stack = stackFor();
    let owner: RunningService;
    let others: readonly RunningService[];
    let predictions = 0;

    before(async () => {
      for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, TASKS);
    });
    after(async () => {
      for (const limit of limits) await limit.remove();
    });

    it("are raced to the end", async () => {
      console.log(`      seed ${seed}`);
      others = [deserializer, ...beside].map(({ name }) => start(name, "a"));
      owner = start("rls-racer", "a");
      await pass(0, series);
      await pass(1, series);
      tell([...others, owner]);
    });

    it("are restored into an empty folder", async () => {
      assert.equal(await owner.stop(), 0);
      rmSync(join(stateOf("a"), "regatta-rls-racer"), { recursive: true });
      owner = start("rls-racer", "a");
      await waitFor("the state to be restored", () => isRestored(owner), RESTORE_MS);
      await pass(2, CONTINUED);
      tell([owner]);
    });

    it("are copied by a standby, and taken over", async () => {
      const standby = start("rls-racer", "b");
      await waitFor("the standby to be warm", () => isWarm(standby), RESTORE_MS);
      await owner.kill();
      owner = standby;
      await pass(3, CONTINUED);
      tell([owner]);
    });

    it("with no result missing, twice, out of order or different", async () => {
      assert.ok((await judge(stack.brokers, [deserializer, ...beside, rlsRacer], MODELS)).equal);
      for (const service of [...others, owner]) assert.equal(await service.stop(), 0);
    });

    const stateOf = (host: string) => join(stack.directory, `host-${host}`);

    function start(name: string, host: string): RunningService {
      const limit = MemoryLimit.of(LIMIT_MB * 2 ** 20);
      if (limit === undefined) console.log("      no control group can be made: memory is measured, not limited");
      else limits.push(limit);
      const replicas = name === "rls-racer" ? "1" : "0";
      const environment = { ...MODELS, STANDBY_REPLICAS: replicas, INSTANCE_ID: host, STATE_DIR: stateOf(host) };
      return stack.start(name, environment, limit?.launcher);
    }

    /** Record i of the first `count` series, up to its predictions. */
    async function pass(i: number, count: number): Promise<void> {
      const begun = performance.now();
      for (let first = 0; first < count; first += WRITTEN_AT_ONCE) {
        const keys = Array.from({ length: Math.min(WRITTEN_AT_ONCE, count - first) }, (_, k) => `s${first + k}`);
        const written = raw.flatMap((topic) =>
          keys.map((key) => ({ topic, key, value: rowText(random, i, features) })),
        );
        await writeRecords(stack.brokers, written);
      }
      predictions += 2 * count;
      const results = topics.rlsPredictions.name;
      await Promise.race([waitForRecords(stack.brokers, results, predictions, PATIENCE_MS), lives(owner)]);
      console.log(`      ${count} series: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    }
  });
}

const MODELS = { ML_MODELS: "lin" };

/** Values of one digit: a record is small, its state is not. */
function rowText(random: Random, i: number, features: number): string {
  return JSON.stringify([i, ...Array.from({ length: features + 1 }, () => integer(random, 0, 9))]);
}

async function isRestored(service: RunningService): Promise<boolean> {
  service.mustRun();
  return (await service.metric("regatta_tasks", { state: "running" })) === TASKS;
}

async function isWarm(standby: RunningService): Promise<boolean> {
  standby.mustRun();
  const copies = await standby.metric("regatta_standby_tasks");
  const own = await standby.metric("regatta_tasks", { state: "running" });
  return copies > 0 && copies + own === TASKS && (await standby.metric("regatta_standby_lag_records")) === 0;
}

/** @throws {Error} as soon as the service has ended */
async function lives(service: RunningService): Promise<void> {
  await service.exited();
  service.mustRun();
}

/** The system holds each to its limit; what is shown counts pages of LevelDB's files too, which it takes back when it needs them. */
function tell(services: readonly RunningService[]): void {
  for (const service of services) {
    service.mustRun();
    console.log(`      ${service.name}: at most ${peakMemoryMb(service.pid).toFixed(0)} MiB, mapped files included`);
  }
}
