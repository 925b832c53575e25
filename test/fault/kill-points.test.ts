import assert from "node:assert/strict";
import { SERVICE_NAMES } from "../../services/names.js";
import { type CommitStep, commitSteps } from "../../shared/failpoint.js";
import { assertCountersFollow, CHAIN, judge } from "../support/judge/verdict.js";
import { seededRandom } from "../support/seed.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** A rate that the trees of ml-racer keep up with on one slow processor. */
const PRODUCER = { SERIES: "6", RATE: "60", SEED: "11" };
/** Passes before the death: enough that the process has committed since it started. */
const PASSES = { least: 3, most: 8 };
/** A step of a pass over the folders comes as soon as one of a commit. */
const SAVED_OFTEN = { STATE_SAVE_INTERVAL_MS: "100" };
/** Ends a test that hangs; on a busy machine the services that feed one may be dead for long. */
const DEATH_TIMEOUT_MS = 300_000;

describe("a process that is killed at a step of its commit", function () {
  this.timeout(600_000);
  const stack = stackFor();

  it("leaves nothing missing, duplicate, reordered or different, at each step in each service", async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    const start = (name: string, environment: Readonly<Record<string, string>> = {}) =>
      stack.start(name, { ...(name === "producer" ? PRODUCER : {}), ...environment });
    const dieAt = async (name: string, step: CommitStep) => {
      const pass = PASSES.least + Math.floor(random() * (PASSES.most - PASSES.least + 1));
      const service = start(name, { FAILPOINT: `${step}:${pass}`, ...SAVED_OFTEN });
      await waitFor(`${name} to die at ${step}:${pass}`, () => !service.running, DEATH_TIMEOUT_MS);
      assert.equal(await service.exited(), null, `${name} at ${step}: expected SIGKILL, got an exit`);
    };

    // Each service dies its way through the steps by itself, so that deaths of different services overlap.
    const survivors = await Promise.all(
      SERVICE_NAMES.map(async (name) => {
        // A source takes nothing in.
        const steps = commitSteps.filter((step) => name !== "producer" || step !== "after-poll");
        for (const step of steps) await dieAt(name, step);
        return start(name);
      }),
    );
    for (const survivor of survivors) await survivor.ready(4);
    console.log(`      ${SERVICE_NAMES.length * commitSteps.length - 1} deaths`);
    const [producer, ...others] = survivors;
    await waitFor(
      "new records after the last death",
      async () => (await producer.metric("regatta_records_produced_total")) > 0,
    );
    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(stack.brokers, CHAIN)).equal);
    await assertCountersFollow(stack.brokers, Number(PRODUCER.SERIES));
    for (const service of others) assert.equal(await service.stop(), 0);
  });
});
