import assert from "node:assert/strict";
import { durationMs, parseRunOptions, producerEnvironment } from "../../../deploy/local/run-options.js";

describe("the command line of a run", () => {
  it("takes durations with their unit, and nothing else", () => {
    assert.deepEqual(["250ms", "30s", "1.5m", "2h"].map(durationMs), [250, 30_000, 90_000, 7_200_000]);
    for (const text of ["", "30", "s", "-1s", "0s", "1 s", "1d", "1e3s"])
      assert.throws(() => durationMs(text), /30s/, text);
  });

  it("leaves unsaid what is not said", () => {
    assert.deepEqual(parseRunOptions([]), { color: true, directory: ".local" });
    const all = ["--series", "3", "--rate", "0.5", "--for", "2s", "--fresh", "--directory", "x", "--kafka-port", "1"];
    assert.deepEqual(parseRunOptions(all), {
      series: "3",
      rate: "0.5",
      for: 2000,
      fresh: true,
      color: true,
      directory: "x",
      kafkaPort: 1,
    });
  });
});

describe("colours of the board", () => {
  it("are left out where the command line says so", () => {
    assert.equal(parseRunOptions(["--no-color"]).color, false);
  });
});

describe("the producer's settings of a run", () => {
  const none = { color: true, directory: ".local" };

  it("are the defaults where nothing is said", () => {
    assert.deepEqual(producerEnvironment(none, {}, undefined), { SERIES: "2", FEATURES: "10", RATE: "100", SEED: "0" });
  });

  it("are the command line's before the environment's before those of the race under way", () => {
    const options = { ...none, series: "7" };
    const environment = { SERIES: "8", RATE: "9", SEED: " " };
    const basis = { features: "3", seed: "5" };
    const expected = { SERIES: "7", FEATURES: "3", RATE: "9", SEED: "5" };
    assert.deepEqual(producerEnvironment(options, environment, basis), expected);
  });

  it("cannot change the features and the seed of a race under way; both faults are told at once", () => {
    const ask = () => producerEnvironment({ ...none, features: "4" }, { SEED: "6" }, { features: "3", seed: "5" });
    assert.throws(ask, /--features 4: .* begun with 3[\s\S]*--seed 6: .* begun with 5/);
    assert.equal(producerEnvironment({ ...none, features: "3" }, {}, { features: "3", seed: "5" }).FEATURES, "3");
  });
});
