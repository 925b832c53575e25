import assert from "node:assert/strict";
import { type EstimatorMetrics, FEATURES_MAX } from "../../../services/stateful-estimator/processor.js";
import { statefulEstimator } from "../../../services/stateful-estimator/service.js";
import { estimateSchema, type Observation } from "../../../shared/contract/schemas.js";
import { ConfigurationError } from "../../../shared/errors.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { observation, observationRecord, textRecord } from "../../support/data/observations.js";

const KEY = "dataLinearModel/s1";

function estimateOf(driver: TopologyDriver, of: Observation, timestamp = 0) {
  const { outputs } = driver.pipe(observationRecord(of, { timestamp }));
  return estimateSchema.parse(JSON.parse(outputs[0].value.toString()));
}

const newDriver = (environment = {}, options = {}): TopologyDriver =>
  new TopologyDriver(statefulEstimator, environment, options) as unknown as TopologyDriver;

describe("stateful-estimator", () => {
  it("reads both observation topics, in intervals of 2 s, and keeps 100 rows unless it is set otherwise", () => {
    const { settings } = new TopologyDriver(statefulEstimator);
    assert.deepEqual(settings, {
      inputTopics: ["dataLinearModel.observations", "dataNonLinearModel.observations"],
      batchIntervalMs: 2000,
      matrixRows: 100,
      metricsSeriesMax: 20,
    });
  });

  it("shows mean and deviation of y, of as many series as it may, until their partition leaves", async () => {
    const driver = newDriver({ METRICS_SERIES_MAX: "1" });
    const shown = async (name: string) =>
      (await driver.registry.getSingleMetric(name)?.get())?.values.map(({ labels, value }) => [labels, value]);
    for (const y of [2, 4, 9]) estimateOf(driver, observation({ y, x: [1] }));
    driver.pipe(observationRecord({ ...observation({ y: 7, x: [1] }), series: "s2" }));
    const of = { topic: "dataLinearModel", series: "s1" };
    assert.deepEqual(await shown("regatta_series_mean"), [[of, 5]]);
    // By hand: (9 + 1 + 16) / 3.
    assert.deepEqual(await shown("regatta_series_deviation"), [[of, Math.sqrt(26 / 3)]]);
    (driver.metrics as EstimatorMetrics).hide(0);
    assert.deepEqual(await shown("regatta_series_mean"), []);
  });

  it("passes over questions and labels without features, and counts them by what they lack", async () => {
    const driver = newDriver();
    const head = { topic: "dataLinearModel", series: "s1", i: 0 };
    estimateOf(driver, observation({ y: 1, x: [2] }));
    const before = driver.bytes("series" as never, KEY);
    for (const of of [
      { ...head, y: null, x: [2] },
      { ...head, y: 7 },
      { ...head, y: null, x: [2, 3] },
    ])
      assert.deepEqual(driver.pipe(observationRecord(of)), { outputs: [], deadLetters: [] });
    assert.deepEqual(driver.bytes("series" as never, KEY), before);
    const metric = await driver.registry.getSingleMetric("regatta_rows_passed_over_total")?.get();
    assert.deepEqual(
      metric?.values.map(({ labels, value }) => [labels.lacks, value]),
      [
        ["y", 2],
        ["x", 1],
      ],
    );
    assert.equal(estimateOf(driver, observation({ y: 7, x: [2] })).n, 2, "a label with features is a row");
  });

  it("reports wrong settings all together", () => {
    assert.throws(
      () => newDriver({ BATCH_INTERVAL_MS: "0", MATRIX_ROWS: "10001", INPUT_TOPICS: "a,a" }),
      (error: unknown) => error instanceof ConfigurationError && error.faults.length === 3,
    );
  });

  it("forwards one estimate per observation, keyed by series, at the record's time", () => {
    const driver = newDriver();
    driver.pipe(observationRecord(observation({ i: 6, y: 1, x: [2, 0] }), { timestamp: 5000 }));
    const { outputs, deadLetters } = driver.pipe(
      observationRecord(observation({ i: 7, y: -3, x: [4, -2] }), { timestamp: 5999 }),
    );
    assert.deepEqual(deadLetters, []);
    assert.deepEqual(
      outputs.map(({ topic, key, timestamp }) => [topic, key, timestamp]),
      [["estimates", "s1", 5999]],
    );
    // By hand: y = 1, -3; x1 = 2, 4; x2 = 0, -2.
    assert.deepEqual(estimateSchema.parse(JSON.parse(outputs[0].value.toString())), {
      topic: "dataLinearModel",
      series: "s1",
      i: 7,
      n: 2,
      max: 4,
      mean: 1,
      text: "Stream counter : 7",
      abs: [3, 4, 2],
      count: 2,
      absSum: [4, 6, 2],
      mu: [-1, 3, -1],
      variance: [4, 1, 1],
    });
  });

  it("keeps series apart, also those of the same name in two topics", () => {
    const driver = newDriver();
    for (const [topic, series] of [
      ["dataLinearModel", "s1"],
      ["dataNonLinearModel", "s1"],
      ["dataLinearModel", "s1/0"],
    ]) {
      assert.equal(estimateOf(driver, observation({ topic, series, y: 1, x: [1] })).n, 1);
    }
    assert.deepEqual(driver.keys("matrix"), [
      "dataLinearModel/s1/0",
      "dataLinearModel/s1/0/0",
      "dataNonLinearModel/s1/0",
    ]);
  });

  it("shows its state with the shape of the matrix and where its newest row is, and each row under its slot", () => {
    const driver = newDriver({ MATRIX_ROWS: "3" });
    assert.throws(() => driver.json("series", KEY));
    for (let i = 0; i < 5; i++) estimateOf(driver, observation({ i, y: i, x: [10 * i] }), 1000);
    assert.deepEqual(driver.json("series", KEY), {
      features: 1,
      N: 5,
      abs: [4, 40],
      absSum: [10, 100],
      mu: [2, 20],
      variance: [2, 200],
      interval: { startMs: 0, count: 5 },
      matrix: { shape: [3, 2], slots: 3, newestSlot: 1 },
    });
    assert.deepEqual(driver.keys("matrix"), [`${KEY}/0`, `${KEY}/1`, `${KEY}/2`]);
    assert.deepEqual(
      [1, 0, 2].map((slot) => driver.json("matrix", `${KEY}/${slot}`)),
      [
        [4, 40],
        [3, 30],
        [2, 20],
      ],
    );
  });

  it("goes on after a restart, with as many of the newest rows as the matrix then holds", () => {
    const before = newDriver({ MATRIX_ROWS: "4" });
    for (let i = 0; i < 6; i++) estimateOf(before, observation({ i, y: i, x: [0] }));
    const smaller = before.restarted({ MATRIX_ROWS: "2" });
    assert.equal(estimateOf(smaller, observation({ i: 6, y: 6, x: [0] })).n, 7);
    assert.deepEqual(
      smaller.keys("matrix").map((key) => smaller.json("matrix", key)),
      [
        [6, 0],
        [5, 0],
      ],
    );
    const larger = smaller.restarted({ MATRIX_ROWS: "5" });
    estimateOf(larger, observation({ i: 7, y: 7, x: [0] }));
    assert.deepEqual(
      larger.keys("matrix").map((key) => larger.json("matrix", key)),
      [
        [5, 0],
        [6, 0],
        [7, 0],
      ],
    );
  });

  it("gives the same bytes whether its state stays in memory or passes its codec at every record", () => {
    const drivers = [false, true].map((roundTrip) => newDriver({ MATRIX_ROWS: "7" }, { roundTrip }));
    for (let i = 0; i < 50; i++) {
      const of = observation({ series: `s${i % 2}`, i, y: Math.cos(i), x: [Math.sin(i), -0] });
      const [live, encoded] = drivers.map((driver) => driver.pipe(observationRecord(of, { timestamp: 300 * i })));
      assert.deepEqual(encoded, live);
    }
    for (const store of ["series", "matrix"]) {
      assert.deepEqual(drivers[1].keys(store), drivers[0].keys(store));
      for (const key of drivers[0].keys(store))
        assert.deepEqual(drivers[1].bytes(store, key), drivers[0].bytes(store, key));
    }
  });

  const text = (y: string, x: string) => `{"topic":"dataLinearModel","series":"s1","i":1,"y":${y},"x":[${x}]}`;
  const bad: [what: string, text: string | null, reason: string][] = [
    ["has no value", null, "not-an-observation"],
    ["is not JSON", "[1, 2", "not-an-observation"],
    ["has another number of features", text("1", "1"), "features-changed"],
    ["has a y too large for a variance", text("1e200", "1,1"), "number-too-large"],
    ["has an x too large for a variance", text("1", "1,-1e151"), "number-too-large"],
  ];
  for (const [what, value, reason] of bad) {
    it(`dead-letters a record that ${what}, and its series goes on as if it had not been`, () => {
      const driver = newDriver();
      estimateOf(driver, observation({ y: 1, x: [1, 2] }));
      const before = [driver.bytes("series", KEY), driver.keys("matrix")];
      const { outputs, deadLetters } = driver.pipe(textRecord("dataLinearModel.observations", value));
      assert.deepEqual(outputs, []);
      assert.deepEqual(
        deadLetters.map((letter) => letter.reason),
        [reason],
      );
      assert.deepEqual([driver.bytes("series", KEY), driver.keys("matrix")], before);
    });
  }

  it("begins a series with the first observation that is not too large, and takes the largest ones there are", () => {
    const driver = newDriver();
    const { deadLetters } = driver.pipe(observationRecord(observation({ y: 1e200, x: [1] })));
    assert.equal(deadLetters[0].message, "expected magnitudes of at most 1e+150, got 1e+200 as y");
    assert.deepEqual(driver.keys("series"), []);
    for (let i = 0; i < 6; i++) {
      const y = i % 2 === 0 ? 1e150 : -1e150;
      const { n, mu, variance } = estimateOf(driver, observation({ i, y, x: [i] }));
      assert.equal(n, i + 1);
      if (i === 1) assert.deepEqual([mu[0], variance[0]], [0, 1e150 ** 2]);
    }
  });

  it("takes as many features as an estimate of the longest numbers leaves room for, and dead-letters one more", () => {
    // Numbers of 17 digits with exponents of three, and so their sums, means and variances.
    const x = new Array<number>(FEATURES_MAX).fill(-1.2345678901234567e-100);
    const driver = newDriver();
    const sizes = [1, 1.1000000000000003].map((factor) => {
      const row = observation({ series: '"'.repeat(1024), y: 0, x: x.map((value) => value * factor) });
      return driver.pipe(observationRecord(row)).outputs[0].value.length;
    });
    assert.ok(sizes[1] > 90 * FEATURES_MAX && sizes[1] <= 1_000_000, `${sizes[1]} bytes`);
    const { deadLetters } = newDriver().pipe(observationRecord(observation({ y: 0, x: [...x, 0] })));
    assert.deepEqual(
      deadLetters.map(({ reason }) => reason),
      ["too-many-features"],
    );
  });
});
