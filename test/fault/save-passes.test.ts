import assert from "node:assert/strict";
import { judge, LINEAR_CHAIN } from "../support/judge/verdict.js";
import { seededRandom } from "../support/seed.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PRODUCER = { SERIES: "1000", RATE: "400", SEED: "23" };
const DEATHS = 3;
const DEATH_TIMEOUT_MS = 120_000;
/** No value stays in memory for long, and folders are written all the time. */
const HARD = { STORE_CACHE_MIB: "0", STATE_SAVE_INTERVAL_MS: "0" };

describe("a service whose state is written beside processing", function () {
  this.timeout(600_000);
  const stack = stackFor();

  it("loses and repeats nothing where it dies between the pieces of passes, and each value is read from its folder", async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    const producer = stack.start("producer", PRODUCER);
    const [deserializer] = LINEAR_CHAIN.map(({ name }) => name);
    const first = stack.start(deserializer, HARD);
    for (let death = 0; death < DEATHS; death++) {
      const pass = 20 + Math.floor(random() * 40);
      const racer = stack.start("rls-racer", { ...HARD, FAILPOINT: `after-store-write:${pass}` });
      await waitFor(`rls-racer to die at piece ${pass}`, () => !racer.running, DEATH_TIMEOUT_MS);
      assert.equal(await racer.exited(), null);
    }
    const racer = stack.start("rls-racer", HARD);
    await racer.ready(4);
    const consumed = () => racer.metric("regatta_records_consumed_total");
    const before = await consumed();
    await waitFor("it to go on", async () => (await consumed()) > before + 500);
    // Those of all series take three times as much.
    const cached = () => racer.metric("regatta_state_cache_bytes");
    await waitFor("values to leave memory", async () => (await cached()) < 2 ** 20);
    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(stack.brokers, LINEAR_CHAIN)).equal);
    for (const service of [first, racer]) assert.equal(await service.stop(), 0);
  });
});
