import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { long } from "../support/long.js";
import { WholeRace } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RESTARTS = 5;
/** Longer than the transaction timeout (10 s) either way, so that every open transaction is given up by the broker. */
const ABSENCE_MS = long ? 70_000 : 15_000;

describe("a broker that dies, is away, or is not there yet", function () {
  this.timeout(long ? 1_800_000 : 600_000);
  const stack = stackFor({ cluster: 1 });

  it(`changes no result and ends no process: away at the start, killed ${RESTARTS} times, then away for ${ABSENCE_MS / 1000} s`, async () => {
    await stack.kafka.kill();
    const race = WholeRace.start(stack, { rate: 60 });
    for (const service of race.services.values()) {
      await waitFor(`${service.name} to wait`, async () => (await service.get("/ready")).text.includes("waiting for"));
      assert.equal((await service.get("/live")).status, 200);
      assert.equal((await service.get("/ready")).status, 503);
    }
    await stack.kafka.restart();
    await race.progress();

    const recoveries: number[] = [];
    for (let restart = 0; restart < RESTARTS; restart++) {
      await stack.kafka.kill();
      await stack.kafka.restart();
      recoveries.push(await race.progress());
    }
    console.log(
      `      seconds from the broker's answer to results of every service, after each kill: ${recoveries.map((s) => s.toFixed(1)).join(", ")}`,
    );

    await stack.kafka.kill();
    await delay(ABSENCE_MS);
    race.assertAllRun();
    await stack.kafka.restart();
    console.log(`      after ${ABSENCE_MS / 1000} s without a broker: ${(await race.progress()).toFixed(1)}`);
    console.log(`      producers replaced: ${await race.metric("regatta_producer_replacements_total")}`);
    race.assertAllRun();
    await race.finish();
  });
});
