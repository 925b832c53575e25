import assert from "node:assert/strict";
import { fileRequest } from "../../../deploy/local/file-options.js";
import { parseRunOptions } from "../../../deploy/local/run-options.js";

const ask = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  fileRequest(parseRunOptions(args), environment);

describe("the options of a file", () => {
  it("become settings of the services; the command line comes before the environment", () => {
    const args = ["--from", "shops/data.csv", "--target", "price", "--features", "a,b", "--series", "shop"];
    assert.deepEqual(ask(args, { REPLAY_TARGET: "y", REPLAY_SERIES: "town" }), {
      from: "shops/data.csv",
      topic: "data",
      application: "regatta",
      settings: { RATE: "1000000", REPLAY_TARGET: "price", REPLAY_FEATURES: "a,b", REPLAY_SERIES: "shop" },
    });
    assert.equal(ask(["--from", "a.csv"], { REPLAY_TARGET: "z" })?.settings.REPLAY_TARGET, "z");
    assert.equal(ask(["--from", "a.csv", "--rate", "5"])?.settings.RATE, "5");
  });

  it("name a time, parts of it and a rule for what is missing; parts need a time", () => {
    const args = ["--from", "a.csv", "--time", "at", "--time-unit", "ms", "--calendar", "hour", "--missing", "last"];
    assert.deepEqual(ask(args)?.settings, {
      RATE: "1000000",
      REPLAY_TIME: "at",
      REPLAY_TIME_UNIT: "ms",
      CALENDAR: "hour",
      REPLAY_MISSING: "null",
      INPUT_MISSING: "a:last",
    });
    assert.deepEqual(ask(["--from", "a.csv", "--missing", "reject"])?.settings, { RATE: "1000000" });
    assert.throws(() => ask(["--from", "a.csv", "--calendar", "hour"]), /--calendar: needs --time <column>/);
    assert.throws(() => ask(["--missing", "skip"]), /--missing: goes with --from/);
  });

  it("name the topic by the file, or as asked", () => {
    const topic = (...args: string[]) => ask(["--from", ...args])?.topic;
    assert.equal(topic("/var/data/Sales of May.v2.csv"), "Sales_of_May.v2");
    assert.equal(topic("x.jsonl"), "x");
    assert.equal(topic("-"), "stdin");
    assert.equal(topic("..csv"), "data");
    assert.equal(topic("x.csv", "--topic", "sales"), "sales");
    assert.throws(() => topic("x.csv", "--topic", "a b"), /--topic a b: expected 1 to 80 of the characters/);
  });

  it("go with a file only, and a seed with generated records only", () => {
    assert.equal(ask([]), undefined);
    assert.equal(ask(["--series", "3", "--features", "2"]), undefined);
    assert.throws(() => ask(["--target", "y", "--topic", "t"]), /--target: goes with --from[\s\S]*--topic: goes with/);
    assert.throws(() => ask(["--from", "x.csv", "--seed", "1"]), /--seed: goes with generated records/);
  });
});
