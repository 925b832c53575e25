import assert from "node:assert/strict";
import { ComposeStack, missingEngine } from "../support/compose-stack.js";
import { topicEnd } from "../support/kafka-topics.js";
import { CHAIN, judge } from "../support/verdict.js";
import { waitFor } from "../support/wait.js";

const SETTINGS = { SERIES: "6", RATE: "100", SEED: "7" };
const PREDICTIONS = "rls-predictions";
/** The race has run for a while before anything is done to it. */
const PREDICTIONS_BEFORE = 3000;

describe("the race in containers", function () {
  this.timeout(1_200_000);
  let stack: ComposeStack | undefined;

  before(async function () {
    const reason = missingEngine();
    if (reason !== undefined) {
      console.log(`      Skipped: ${reason}. Nothing of the containers was tested.`);
      this.skip();
    }
    stack = await ComposeStack.open(SETTINGS);
  });
  after(async () => {
    await stack?.close();
  });

  it("gives exactly the offline model's results when each service is stopped, crashes and is restarted", async () => {
    assert.ok(stack);
    const { brokers, services } = stack;
    console.log(`      seed ${SETTINGS.SEED}, services ${services.join(", ")}`);
    const predictions = () => topicEnd(brokers, PREDICTIONS);
    await waitFor(`${PREDICTIONS_BEFORE} predictions`, async () => (await predictions()) >= PREDICTIONS_BEFORE);
    for (const service of services) {
      await disturb(stack, service);
      const visible = await predictions();
      await waitFor(`predictions to grow after ${service} was disturbed`, async () => (await predictions()) > visible);
    }
    assert.equal(await stack.stop("producer"), 0);
    assert.ok((await judge(brokers, CHAIN)).equal);
  });
});

/** Each disturbance counts only if the service was at work before it, and is again after it. */
async function disturb(stack: ComposeStack, service: string): Promise<void> {
  const atWork = (after: string) =>
    waitFor(`${service} to work after ${after}`, async () => (await stack.produced(service)) > 0);
  await atWork("its start");
  assert.equal(await stack.stop(service), 0, `${service} ends cleanly when it is stopped`);
  await stack.start(service);
  await atWork("a stop and a start");

  const restarts = await stack.restarts(service);
  await stack.crash(service);
  await waitFor(`${service} to be started again by the engine`, async () => (await stack.restarts(service)) > restarts);
  await atWork("a crash");

  await stack.restart(service);
  await atWork("a restart");
  console.log(`      ${service}: stopped and started, crashed and started again by the engine, restarted`);
}
