import { setTimeout as delay } from "node:timers/promises";
import { underReplicated, waitForKafka } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { WholeRace } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SIZE = 3;
const DEATHS = long ? SIZE : 2;
/** Longer than the transaction timeout (10 s). */
const ABSENCE_MS = 12_000;

describe(`a cluster of ${SIZE} brokers`, function () {
  this.timeout(600_000);
  const stack = stackFor({ cluster: SIZE });
  let race: WholeRace;

  it("whose brokers die one after another, with the leaders and coordinators on them, gives results again by itself and ends no process", async () => {
    race = WholeRace.start(stack, { rate: 60 });
    await race.progress();
    const recoveries: string[] = [];
    for (const node of stack.nodes.slice(0, DEATHS)) {
      await node.kill();
      recoveries.push((await race.progress()).toFixed(1));
      await node.restart();
      await inSync();
    }
    console.log(`      seconds from each death to results of every service: ${recoveries.join(", ")}`);
    race.assertAllRun();
  });

  it("with too few replicas in sync takes no writes: the services hold back, say so, and go on by themselves, exactly", async () => {
    const [, ...most] = stack.nodes;
    for (const node of most) await node.kill();
    const absence = delay(ABSENCE_MS);
    await waitFor("the source to say so", async () => {
      const { status, text } = await race.get("producer").get("/ready");
      return status === 503 && /waiting for (Kafka|the coordinator of its group)/.test(text);
    });
    await absence;
    race.assertAllRun();
    for (const node of most) await node.restart();
    console.log(
      `      seconds from the brokers' return to results of every service: ${(await race.progress()).toFixed(1)}`,
    );
    await inSync();
    race.assertAllRun();
    await race.finish();
  });

  /** The next broker may die when the last one has caught up. */
  async function inSync(): Promise<void> {
    await waitForKafka("all replicas to be in sync", async () => (await underReplicated(stack.brokers)) === 0);
  }
});
