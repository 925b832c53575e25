import assert from "node:assert/strict";
import { raceInputs } from "../../../deploy/local/race-topics.js";
import { producerSettings } from "../../../services/producer/settings.js";
import { readSettings } from "../../../shared/config.js";

const inputsOf = (environment: Record<string, string>) =>
  Object.fromEntries(raceInputs(readSettings(producerSettings, environment)));

describe("who reads what in a local run", () => {
  it("is what the services read of themselves where the producer writes its usual topics", () => {
    assert.deepEqual(inputsOf({}), {
      deserializer: "dataLinearModel,dataNonLinearModel",
      "stateful-estimator": "dataLinearModel.observations,dataNonLinearModel.observations",
      "rls-racer": "dataLinearModel.observations",
      "ml-racer": "dataNonLinearModel.observations",
    });
  });

  it("is the topic that a file is replayed on, raced by both", () => {
    const inputs = inputsOf({ REPLAY_FILE: "a.csv", REPLAY_TOPIC: "mine" });
    assert.equal(inputs.deserializer, "mine");
    for (const service of ["stateful-estimator", "rls-racer", "ml-racer"])
      assert.equal(inputs[service], "mine.observations");
  });

  it("is what there is where no topic has the target that a racer is for", () => {
    const inputs = inputsOf({ PRODUCER_TOPICS: "a:linear,b:linear" });
    assert.equal(inputs["rls-racer"], "a.observations,b.observations");
    assert.equal(inputs["ml-racer"], "a.observations,b.observations");
  });
});
