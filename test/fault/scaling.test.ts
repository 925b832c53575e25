import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { SERVICE_NAMES, type ServiceName } from "../../services/names.js";
import { Admin } from "../../shared/kafka/admin.js";
import { clientOptions, waitForKafka } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { WholeRace } from "../support/services/five-services.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TASKS = 4;
const WATCH_MS = 100;
/** One more than there are partitions. */
const INSTANCES_MANY = 5;
/** A topic that grows with every commit of the service. */
const RESULTS: Readonly<Record<ServiceName, string>> = {
  producer: "dataLinearModel",
  deserializer: "dataLinearModel.observations",
  "stateful-estimator": "estimates",
  "rls-racer": "rls-predictions",
  "ml-racer": "ml-predictions",
};

/**
 * That members of the classic protocol share, move and take over partitions without changing a value is shown by
 * integration/membership; the whole of it once more, under load, takes `--long`.
 */
const PROTOCOLS = long ? ["consumer", "range"] : ["consumer"];

for (const protocol of PROTOCOLS) {
  describe(`the number of instances, with the ${protocol} group protocol`, function () {
    this.timeout(600_000);
    const stack = stackFor();

    it("changes no result: 1 to 3 to 1 of each service under load, 5 of one on 4 partitions, one of them killed", async () => {
      const race = WholeRace.start(stack, { environment: { GROUP_PROTOCOL: protocol } });
      await race.progress();
      const watch = watchPauses(stack.brokers, Object.values(RESULTS));
      const groups = SERVICE_NAMES.map((name) => [race.get(name)]);
      const grown = async () => {
        for (const [at, name] of SERVICE_NAMES.entries()) groups[at].push(race.start(name));
        for (const group of groups) await shared(group);
        await race.progress();
      };
      await grown();
      await grown();
      for (const [, second] of groups) assert.equal(await second.stop(), 0);
      for (const [first, , third] of groups) await shared([first, third]);
      // A death, not a stop: the group finds out by itself.
      for (const [, , third] of groups) await third.kill();
      for (const [first] of groups) await shared([first]);
      await race.progress();
      const pauses = (await watch.end()).map((seconds, at) => `${Object.keys(RESULTS)[at]} ${seconds.toFixed(1)}`);
      const rls = race.get("rls-racer");
      const many = Array.from({ length: INSTANCES_MANY - 1 }, () => race.start("rls-racer"));
      for (const instance of many) await instance.ready();
      await shared([rls, ...many], TASKS);
      await race.progress();

      console.log(`      longest pause of results, one death included, in s: ${pauses.join(", ")}`);
      race.assertAllRun();
      assertFoldersOpenedOnce(stack.services);
      await race.finish(many);
    });
  });
}

/** Every task runs, each in one instance, and `least` instances have some. */
async function shared(instances: readonly RunningService[], least = instances.length): Promise<void> {
  await waitFor(`${TASKS} tasks in ${instances.length} instances`, async () => {
    const counts = await Promise.all(instances.map((each) => each.metric("regatta_tasks", { state: "running" })));
    return (
      counts.reduce((sum, count) => sum + count, 0) === TASKS && counts.filter((count) => count > 0).length >= least
    );
  });
}

/** Measures for each topic the longest time in which its committed end stood still. */
function watchPauses(brokers: string, names: readonly string[]): { end(): Promise<readonly number[]> } {
  const admin = new Admin(clientOptions(brokers));
  const partitions = names.flatMap((topic) => Array.from({ length: TASKS }, (_, partition) => ({ topic, partition })));
  const longestMs = names.map(() => 0);
  let ended = false;
  const watching = (async () => {
    const grownMs = names.map(() => performance.now());
    let before = names.map(() => 0);
    while (!ended) {
      await delay(WATCH_MS);
      const positions = await waitForKafka("ends", () => admin.ends(partitions, "committed"));
      const after = names.map((name) =>
        positions.reduce((sum, { topic, position }) => (topic === name ? sum + position : sum), 0),
      );
      for (const at of names.keys()) {
        if (after[at] === before[at]) continue;
        longestMs[at] = Math.max(longestMs[at], performance.now() - grownMs[at]);
        grownMs[at] = performance.now();
      }
      before = after;
    }
  })();
  return {
    async end() {
      ended = true;
      await watching.finally(() => admin.disconnect());
      return longestMs.map((ms) => ms / 1000);
    },
  };
}

/**
 * A folder that another process has open is logged, and left alone. It happens where the group dropped a member that stood still,
 * and gave its task to another, and never else.
 */
function assertFoldersOpenedOnce(services: readonly RunningService[]): void {
  for (const name of SERVICE_NAMES) {
    const lines = services.filter((service) => service.name === name).flatMap((service) => service.lines);
    if (lines.some(({ msg, lost }) => msg === "rebalance" && lost === true)) continue;
    const twice = lines.filter(({ msg }) => msg !== undefined && /locked|private/.test(msg));
    assert.deepEqual(twice, [], `${name}, of which no instance was taken for dead`);
  }
}
