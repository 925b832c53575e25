import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiName } from "../support/kafka/tcp-proxy.js";
import { long } from "../support/long.js";
import { seededRandom } from "../support/seed.js";
import { WholeRace } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/**
 * Longer than the transaction timeout (10 s), so that what is open is given up by the broker, and than the time after which a
 * call that the client does not come back from ends the process (30 s).
 */
const SILENCE_MS = long ? 70_000 : 35_000;
const RESETS = long ? 100 : 10;
/** On each way, so that an answer comes half a second later. */
const SLOWNESS_MS = 250;
/** Longer than a heartbeat takes on a slow network: a member whose heartbeats are late would be dropped from the group. */
const SESSION = { "group.consumer.session.timeout.ms": "10000", "group.consumer.min.session.timeout.ms": "10000" };
const REPLIES_LOST = long ? 20 : 3;
const LOST: readonly ApiName[] = ["endTxn", "addOffsetsToTxn", "txnOffsetCommit"];

describe("a network that breaks between the services and the broker", function () {
  this.timeout(long ? 3_600_000 : 600_000);
  const stack = stackFor({ proxied: true, properties: SESSION });

  it("changes no result: resets, slowness, silence, half-open connections, and replies to a commit that are lost", async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    const { proxy } = stack;
    const race = WholeRace.start(stack, { rate: 60 });
    await race.progress();

    for (let reset = 0; reset < RESETS; reset++) {
      await delay(random() * 500);
      assert.ok(proxy.connections > 0);
      proxy.reset();
    }
    await recovered(race, `${RESETS} resets of every connection`);

    proxy.halfOpen();
    await recovered(race, "half-open connections");

    for (const api of LOST) {
      const before = proxy.lost;
      proxy.loseReplies(api, REPLIES_LOST);
      await waitFor(`${REPLIES_LOST} lost replies`, () => proxy.lost - before === REPLIES_LOST);
      await recovered(race, `${REPLIES_LOST} lost replies of ${api}`);
    }

    // The client is about to ask again for the group's coordinator.
    const before = proxy.lost;
    proxy.loseReplies("txnOffsetCommit", 1);
    await waitFor("a lost reply", () => proxy.lost > before);
    proxy.blackHole(true);
    await delay(SILENCE_MS);
    race.assertAllRun();
    proxy.blackHole(false);
    await recovered(race, `${SILENCE_MS / 1000} s of silence`);

    proxy.delay(SLOWNESS_MS);
    await recovered(race, `every byte ${SLOWNESS_MS} ms late, while it lasts`);
    proxy.delay(0);
    await recovered(race, "its end");

    console.log(`      producers replaced: ${await race.metric("regatta_producer_replacements_total")}`);
    race.assertAllRun();
    await race.finish();
  });
});

/** Waits until every service gives results again and prints how long that took: a stuck producer would never. */
async function recovered(race: WholeRace, after: string): Promise<void> {
  console.log(`      results of every service ${(await race.progress()).toFixed(1)} s after ${after}`);
}
