import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { WholeRace } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";

const TIMES = 2;
/** Longer than broker.session.timeout.ms of a cluster's brokers (2 s). */
const FROZEN_MS = 4000;

describe("a broker that its controller takes for dead", function () {
  this.timeout(600_000);
  const stack = stackFor({ cluster: 1 });

  it(`and that names no brokers meanwhile, is found again by every client, ${TIMES} times`, async () => {
    const { controller } = stack;
    assert.ok(controller);
    const race = WholeRace.start(stack, { rate: 60 });
    await race.progress();
    for (let time = 0; time < TIMES; time++) {
      // When it wakes it finds that no heartbeat came for too long, and fences the broker until the next one comes.
      await controller.pause();
      await delay(FROZEN_MS);
      controller.resume();
      await race.progress();
    }
    race.assertAllRun();
    await race.finish();
  });
});
