import assert from "node:assert/strict";
import { producer } from "../../../services/producer/service.js";
import { readSettings } from "../../../shared/config.js";
import { ConfigurationError } from "../../../shared/errors.js";

describe("producer settings", () => {
  it("are by default two series of ten features on the notebook's two topics", () => {
    const settings = readSettings(producer.settings, {});
    assert.deepEqual(settings, {
      topics: [
        { name: "dataLinearModel", target: "linear" },
        { name: "dataNonLinearModel", target: "nonlinear" },
      ],
      series: 2,
      features: 10,
      rate: 10,
      seed: 0,
      records: 0,
      replayFile: "",
      replayTime: "",
      replayTimeUnit: "iso",
      replayMissing: "reject",
      replaySeparator: undefined,
      replayDecimal: undefined,
      replayEncoding: undefined,
      replayTopic: "dataLinearModel",
      replayTarget: "y",
      replayFeatures: [],
      replaySeries: "",
    });
    assert.deepEqual(
      producer.outputs(settings).map(({ name }) => name),
      ["dataLinearModel", "dataNonLinearModel"],
    );
  });

  it("take any topics with their targets", () => {
    const { topics } = readSettings(producer.settings, { PRODUCER_TOPICS: "wind:nonlinear, sun:linear" });
    assert.deepEqual(topics, [
      { name: "wind", target: "nonlinear" },
      { name: "sun", target: "linear" },
    ]);
  });

  it("name the one topic that is written where a file is replayed", () => {
    const settings = readSettings(producer.settings, { REPLAY_FILE: "/data/a.CSV", REPLAY_TOPIC: "bikes" });
    assert.deepEqual(
      producer.outputs(settings).map(({ name }) => name),
      ["bikes"],
    );
  });

  it("refuse a file to replay that is neither CSV nor JSON Lines, an unknown separator, a topic that Kafka refuses, and a column named twice", () => {
    for (const environment of [
      { REPLAY_FILE: "a.xlsx" },
      { REPLAY_SEPARATOR: ":" },
      { REPLAY_TIME_UNIT: "hours" },
      { REPLAY_MISSING: "last" },
      { REPLAY_TOPIC: "a/b" },
      { REPLAY_FEATURES: "a,a" },
    ]) {
      assert.throws(() => readSettings(producer.settings, environment), ConfigurationError);
    }
  });

  it("know a separator by its name and by its sign", () => {
    for (const [text, sign] of Object.entries({
      comma: ",",
      ";": ";",
      tab: "\t",
      pipe: "|",
      "|": "|",
      auto: undefined,
    })) {
      assert.equal(readSettings(producer.settings, { REPLAY_SEPARATOR: text }).replaySeparator, sign);
    }
  });

  it("report all faults together", () => {
    const environment = {
      SERIES: "0",
      FEATURES: "1001",
      RATE: "fast",
      SEED: "-1",
      RECORDS: "1.5",
      PRODUCER_TOPICS: "a",
    };
    assert.throws(
      () => readSettings(producer.settings, environment),
      (error) => error instanceof ConfigurationError && error.faults.length === 6,
    );
  });

  for (const text of [
    "a",
    "a:",
    "a:cubic",
    ":linear",
    "a:linear,a:nonlinear",
    "a:linear,",
    "a b:linear",
    "a:linear:x",
  ]) {
    it(`refuse the topics ${JSON.stringify(text)}`, () => {
      assert.throws(() => readSettings(producer.settings, { PRODUCER_TOPICS: text }), /PRODUCER_TOPICS=.*expected/);
    });
  }
});
