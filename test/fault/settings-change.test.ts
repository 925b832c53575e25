/** State meets other settings than it was made with: the rules of docs/settings.md, on services that are stopped and started. */
import assert from "node:assert/strict";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import type { Environment } from "../../shared/config.js";
import { type AnyProcessor, TopologyDriver } from "../driver/topology-driver.js";
import { observation, observationRecord } from "../support/data/observations.js";
import { createTopic, headersOf, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PHASE = 40;
const INPUT = "dataLinearModel.observations";

interface Prediction {
  readonly model: string;
  readonly n: number;
  readonly yhat: number;
}

/** Observation i: y = 3 − 2 x1 + x2 and a wave. */
function record(i: number) {
  const x = [Math.sin(i * i), Math.cos(3 * i)];
  return observationRecord(observation({ i, y: 3 - 2 * x[0] + x[1] + 0.1 * Math.sin(7 * i), x }));
}

describe("state under changed settings", function () {
  this.timeout(300_000);
  const stack = stackFor();

  /** Runs a service for {@link PHASE} records in each environment, and what the same phases give without Kafka. */
  async function runPhases(service: AnyProcessor, output: string, environments: readonly Environment[]) {
    const input = `${service.name}.observations`;
    await createTopic(stack.brokers, input, 1);
    const common = { INPUT_TOPICS: input, TOPIC_PARTITIONS: "1" };
    let driver = new TopologyDriver(service, { ...common, ...environments[0] });
    const expected: Prediction[] = [];
    for (const [phase, environment] of environments.entries()) {
      if (phase > 0) driver = driver.restarted({ ...common, ...environment });
      const records = Array.from({ length: PHASE }, (_, k) => ({ ...record(phase * PHASE + k), topic: input }));
      await writeRecords(stack.brokers, records);
      for (const one of records) {
        for (const { topic, value } of driver.pipe(one).outputs)
          if (topic === output) expected.push(JSON.parse(value.toString()));
      }
      const running = stack.start(service.name, { ...common, ...environment } as Record<string, string>);
      await waitFor("the predictions", async () => (await readTopic(stack.brokers, output)).length >= expected.length);
      assert.equal(await running.stop(), 0);
    }
    const actual = (await readTopic(stack.brokers, output)).map(({ value }): Prediction => JSON.parse(String(value)));
    return { expected, actual };
  }

  it("starts an RLS model with another factor or a new name from nothing, and goes on with the others", async () => {
    const { expected, actual } = await runPhases(rlsRacer, "rls-predictions", [
      { RLS_MODELS: "rls1:1.0,rls2:0.99" },
      { RLS_MODELS: "rls1:1.0,rls2:0.95,rls3:0.9" },
      { RLS_MODELS: "rls3:0.9" },
    ]);
    assert.deepEqual(actual, expected);
    const at = (place: number) =>
      actual.slice(place).map(({ model, n, yhat }) => ({ model, n, fromNothing: yhat === 0 }));
    assert.deepEqual(at(2 * PHASE).slice(0, 3), [
      { model: "rls1", n: PHASE + 1, fromNothing: false },
      { model: "rls2", n: 1, fromNothing: true },
      { model: "rls3", n: 1, fromNothing: true },
    ]);
    assert.deepEqual(at(5 * PHASE).slice(0, 2), [
      { model: "rls3", n: PHASE + 1, fromNothing: false },
      { model: "rls3", n: PHASE + 2, fromNothing: false },
    ]);
    assert.equal(actual.length, 6 * PHASE);
  });

  it("goes on with the newest rows and the scores when WINDOW_LENGTH or TRAIN_LENGTH is another", async () => {
    const { expected, actual } = await runPhases(mlRacer, "ml-predictions", [
      { ML_MODELS: "lin", WINDOW_LENGTH: "20", TRAIN_LENGTH: "10" },
      { ML_MODELS: "lin", WINDOW_LENGTH: "30", TRAIN_LENGTH: "25" },
      { ML_MODELS: "lin", WINDOW_LENGTH: "8", TRAIN_LENGTH: "8" },
    ]);
    assert.deepEqual(actual, expected);
    assert.deepEqual(
      actual.map(({ n }) => n),
      Array.from({ length: 3 * PHASE }, (_, k) => k + 1),
    );
  });

  it("sends an observation with another number of features to dead-letters, and its series goes on", async () => {
    await createTopic(stack.brokers, INPUT, 1);
    const wrong = observationRecord(observation({ i: 1, y: 1, x: [1, 2, 3] }));
    await writeRecords(stack.brokers, [record(0), wrong, record(1)]);
    const service = stack.start("rls-racer", { TOPIC_PARTITIONS: "1", APPLICATION_ID: "features" });
    await service.ready(1);
    await waitFor("the state", async () => {
      const state = await service.json("/state/race/dataLinearModel/s1").catch(() => undefined);
      return JSON.stringify(state).includes('"N":2');
    });
    const letters = (await readTopic(stack.brokers, "dead-letters")).map(headersOf);
    assert.deepEqual(
      letters.map(({ reason, offset, message }) => [reason, offset, message]),
      [["features-changed", "1", "expected 2 features as before, got 3"]],
    );
    assert.equal(await service.stop(), 0);
  });
});
