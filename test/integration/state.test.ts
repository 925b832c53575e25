import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { judge } from "../support/judge/verdict.js";
import { readTopic } from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SERIES = 6;
const RECORDS = 200;
const NAMES = ["producer", "deserializer", "rls-racer"] as const;
const keysSchema = z.object({ keys: z.array(z.string()) });

describe("state", function () {
  this.timeout(300_000);
  const stack = stackFor();
  let services: RunningService[] = [];

  const startAll = async (records: number) => {
    const producer = { SERIES: String(SERIES), RATE: "2000", RECORDS: String(records) };
    services = NAMES.map((name) => stack.start(name, name === "producer" ? producer : {}));
    for (const service of services) await service.ready(4);
  };
  const stopAll = async () => {
    for (const service of services) assert.equal(await service.stop(), 0);
  };
  const processed = async (records: number) => {
    const racer = services[2];
    await waitFor(`every series to reach record ${records}`, async () => {
      const races = Object.values(await allState(racer, "race"));
      return races.length === SERIES && races.every((race) => JSON.stringify(race).includes(`"N":${records}`));
    });
  };

  it("is replayed by no service after a clean stop, and goes on where it was", async () => {
    await startAll(RECORDS);
    await processed(RECORDS);
    await stopAll();
    await startAll(2 * RECORDS);
    await processed(2 * RECORDS);
    for (const service of services) assert.equal(await service.metric("regatta_restores_total"), 0, service.name);
    assert.ok((await judge(stack.brokers)).equal);
  });

  it("is the same, value for value, after its LevelDB folders were deleted while the services were stopped", async () => {
    const racerBefore = await allState(services[2], "race");
    const deserializerBefore = await allState(services[1], "series");
    assert.equal(Object.keys(racerBefore).length, SERIES);
    await stopAll();
    for (const application of readdirSync(stack.stateDirectory))
      rmSync(join(stack.stateDirectory, application), { recursive: true });
    await startAll(2 * RECORDS);
    for (const service of services)
      assert.equal(await service.metric("regatta_restores_total", { cause: "empty" }), 4, service.name);
    assert.deepEqual(await allState(services[2], "race"), racerBefore);
    assert.deepEqual(await allState(services[1], "series"), deserializerBefore);
    await stopAll();
    await startAll(3 * RECORDS);
    await processed(3 * RECORDS);
    assert.ok((await judge(stack.brokers)).equal);
  });

  it("of one task rebuilt after its folder was damaged changes no value, and keeps the damaged folder", async () => {
    const before = await allState(services[2], "race");
    await stopAll();
    const folder = join(stack.stateDirectory, "regatta-rls-racer");
    const [task] = readdirSync(folder).filter((name) => /^\d+$/.test(name));
    rmSync(join(folder, task, "CURRENT"));
    const predictions = await readTopic(stack.brokers, "rls-predictions");
    await startAll(3 * RECORDS);
    assert.deepEqual(await allState(services[2], "race"), before);
    assert.deepEqual(await readTopic(stack.brokers, "rls-predictions"), predictions);
    await stopAll();
  });
});

async function allState(service: RunningService, store: string): Promise<Record<string, unknown>> {
  const { keys } = keysSchema.parse(await service.json(`/state/${store}`));
  const state: Record<string, unknown> = {};
  for (const key of keys) state[key] = await service.json(`/state/${store}/${key}`);
  return state;
}
