import assert from "node:assert/strict";
import { rlsRacer } from "../../../services/rls-racer/service.js";
import { rlsPredictionSchema, standingsSchema } from "../../../shared/contract/schemas.js";
import { ConfigurationError } from "../../../shared/errors.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { observation, observationRecord, textRecord } from "../../support/data/observations.js";

const jsonOf = ({ value }: { value: Buffer }): unknown => JSON.parse(value.toString());

describe("rls-racer", () => {
  it("reads the linear observations and races rls1 and rls2 unless it is set otherwise", () => {
    const { settings } = new TopologyDriver(rlsRacer);
    assert.deepEqual(rlsRacer.inputs(settings), ["dataLinearModel.observations"]);
    assert.deepEqual(settings.models, [
      { name: "rls1", nu: 1 },
      { name: "rls2", nu: 0.99 },
    ]);
    assert.equal(settings.metricsSeriesMax, 20);
  });

  it("reports wrong settings all together", () => {
    const wrong = { RLS_MODELS: "rls1:2", INPUT_TOPICS: "a b", METRICS_SERIES_MAX: "-1" };
    assert.throws(
      () => new TopologyDriver(rlsRacer, wrong),
      (error: unknown) => error instanceof ConfigurationError && error.faults.length === 3,
    );
  });

  it("forwards a prediction per model and the best one keyed by series, standings and a verdict keyed by topic and series, at the record's time", () => {
    const driver = new TopologyDriver(rlsRacer);
    const { outputs, deadLetters } = driver.pipe(
      observationRecord(observation({ i: 9, y: 3, x: [2] }), { timestamp: 77 }),
    );
    assert.deepEqual(deadLetters, []);
    assert.deepEqual(
      outputs.map(({ topic, key, timestamp }) => [topic, key, timestamp]),
      [
        ["rls-predictions", "s1", 77],
        ["rls-predictions", "s1", 77],
        ["rls-standings", "dataLinearModel/s1", 77],
        ["rls-best", "s1", 77],
        ["rls-verdicts", "dataLinearModel/s1", 77],
      ],
    );
    const predictions = outputs.slice(0, 2).map((output) => rlsPredictionSchema.parse(jsonOf(output)));
    assert.deepEqual(
      predictions.map(({ topic, series, model, i, n, y, yhat }) => [topic, series, model, i, n, y, yhat]),
      [
        ["dataLinearModel", "s1", "rls1", 9, 1, 3, 0],
        ["dataLinearModel", "s1", "rls2", 9, 1, 3, 0],
      ],
    );
    assert.deepEqual(standingsSchema.parse(jsonOf(outputs[2])), {
      topic: "dataLinearModel",
      series: "s1",
      i: 9,
      n: 1,
      leader: "rls1",
      since: 9,
      models: [
        { model: "rls1", mse: 9 },
        { model: "rls2", mse: 9 },
      ],
    });
  });

  it("keeps series apart, also those of the same name in two topics", () => {
    const driver = new TopologyDriver(rlsRacer);
    const places = [
      ["dataLinearModel", "s1"],
      ["dataNonLinearModel", "s1"],
      ["dataLinearModel", "s2"],
    ];
    for (let i = 0; i < 3; i++) {
      for (const [m, [topic, series]] of places.entries()) {
        const { outputs } = driver.pipe(observationRecord(observation({ topic, series, i, y: m, x: [1] })));
        const { n } = rlsPredictionSchema.parse(jsonOf(outputs[0]));
        assert.equal(n, i + 1);
      }
    }
    assert.deepEqual(driver.keys("race"), ["dataLinearModel/s1", "dataLinearModel/s2", "dataNonLinearModel/s1"]);
  });

  it("passes over an observation that comes again, and learns it as any other where LABEL_DONE_MAX is 0", () => {
    const record = observationRecord(observation({ i: 1, y: 3, x: [2] }));
    const outputs = (driver: TopologyDriver) =>
      [record, record, record].map((of) => driver.pipe(of).outputs.filter(({ topic }) => topic === "rls-predictions"));
    const once = outputs(new TopologyDriver(rlsRacer)).map(({ length }) => length);
    assert.deepEqual(once, [2, 0, 0]);
    const each = outputs(new TopologyDriver(rlsRacer, { LABEL_DONE_MAX: "0" }));
    assert.deepEqual(
      each.map(([first]) => rlsPredictionSchema.parse(jsonOf(first)).n),
      [1, 2, 3],
    );
  });

  it("goes on from its state after a restart, and races the models that are configured then", () => {
    const before = new TopologyDriver(rlsRacer, { RLS_MODELS: "a:1,b:0.99" });
    before.pipe(observationRecord(observation({ i: 1, y: 3, x: [2] })));
    const after = before.restarted({ RLS_MODELS: "c:0.9,a:1" });
    const { outputs } = after.pipe(observationRecord(observation({ i: 2, y: 3, x: [2] })));
    assert.deepEqual(
      outputs.slice(0, 2).map((output) => {
        const { model, n } = rlsPredictionSchema.parse(jsonOf(output));
        return [model, n];
      }),
      [
        ["c", 1],
        ["a", 2],
      ],
    );
    assert.equal(standingsSchema.parse(jsonOf(outputs[2])).leader, "a");
  });

  const bad: [what: string, text: string | null, reason: string][] = [
    ["has no value", null, "not-an-observation"],
    ["is empty", "", "not-an-observation"],
    ["is not JSON", "[1, 2", "not-an-observation"],
    ["lacks a member", '{"topic":"dataLinearModel","series":"s1","y":1,"x":[1]}', "not-an-observation"],
    ["has neither y nor x", '{"topic":"dataLinearModel","series":"s1","i":1,"y":null}', "not-an-observation"],
    [
      "has a number that is not finite",
      '{"topic":"dataLinearModel","series":"s1","i":1,"y":1e999,"x":[1]}',
      "not-an-observation",
    ],
    [
      "has another number of features",
      '{"topic":"dataLinearModel","series":"s1","i":1,"y":1,"x":[1,2]}',
      "features-changed",
    ],
  ];
  for (const [what, text, reason] of bad) {
    it(`dead-letters a record that ${what}, and its series goes on as if it had not been`, () => {
      const driver = new TopologyDriver(rlsRacer);
      driver.pipe(observationRecord(observation({ i: 0, y: 1, x: [1] })));
      const before = driver.bytes("race", "dataLinearModel/s1");
      const record = textRecord("dataLinearModel.observations", text, { offset: 5 });
      const { outputs, deadLetters } = driver.pipe(record);
      assert.deepEqual(outputs, []);
      assert.deepEqual(
        deadLetters.map((letter) => [letter.reason, letter.record]),
        [[reason, record]],
      );
      assert.deepEqual(driver.bytes("race", "dataLinearModel/s1"), before);
    });
  }

  it("gives the same bytes whether its state stays in memory or passes its codec at every record", () => {
    const drivers = [new TopologyDriver(rlsRacer), new TopologyDriver(rlsRacer, {}, { roundTrip: true })];
    for (let i = 0; i < 50; i++) {
      const of = observation({ series: `s${i % 2}`, i, y: Math.cos(i), x: [Math.sin(i), Math.sin(i * i)] });
      const [live, encoded] = drivers.map((driver) => driver.pipe(observationRecord(of)));
      assert.deepEqual(encoded, live);
    }
    assert.deepEqual(drivers[1].bytes("race", "dataLinearModel/s0"), drivers[0].bytes("race", "dataLinearModel/s0"));
  });

  for (const roundTrip of [false, true]) {
    const kept = roundTrip ? "its state passes its codec" : "its state stays in memory";
    it(`shows the scores of as many series as METRICS_SERIES_MAX says, as they are when scraped, when ${kept}`, async () => {
      const driver = new TopologyDriver(rlsRacer, { METRICS_SERIES_MAX: "2", RLS_MODELS: "a:1" }, { roundTrip });
      for (const [i, y] of [3, 5].entries()) {
        for (const series of ["s1", "s2", "s3"]) driver.pipe(observationRecord(observation({ series, i, y, x: [0] })));
      }
      // Intercept only: V00 = 10, so β0 = 3·10/11 after y = 3; squares 9 and (5 − 30/11)², mean (9 + 625/121)/2.
      const metric = await driver.registry.getSingleMetric("regatta_model_mse")?.get();
      assert.deepEqual(
        metric?.values.map(({ labels }) => labels),
        ["s1", "s2"].map((series) => ({ topic: "dataLinearModel", series, model: "a" })),
      );
      for (const { value } of metric.values) assert.ok(Math.abs(value - (9 + 625 / 121) / 2) < 1e-12, `${value}`);
    });
  }

  it("counts what a model refused, by race, model and reason", async () => {
    const driver = new TopologyDriver(rlsRacer);
    driver.pipe(observationRecord(observation({ i: 0, y: 1e200, x: [1] })));
    const metric = await driver.registry.getSingleMetric("regatta_model_refusals_total")?.get();
    assert.deepEqual(
      metric?.values.map(({ labels, value }) => [labels, value]),
      ["rls1", "rls2"].map((model) => [{ topic: "dataLinearModel", model, reason: "score-not-finite" }, 1]),
    );
    assert.deepEqual((await driver.registry.getSingleMetric("regatta_model_mse")?.get())?.values, []);
  });

  it("counts the series that race, those too that it does not show", async () => {
    const driver = new TopologyDriver(rlsRacer, { METRICS_SERIES_MAX: "2" });
    for (let i = 0; i < 3; i++) {
      for (const series of ["a", "b", "c", "d"]) driver.pipe(observationRecord({ ...observation({ i }), series }));
    }
    const valuesOf = async (name: string) => (await driver.registry.getSingleMetric(name)?.get())?.values ?? [];
    assert.equal((await valuesOf("regatta_series_target")).length, 2);
    assert.deepEqual(await valuesOf("regatta_series_raced"), [{ labels: { topic: "dataLinearModel" }, value: 4 }]);
  });

  it("shows the trace of each model's covariance as it is when scraped", async () => {
    const driver = new TopologyDriver(rlsRacer, { RLS_MODELS: "a:1" });
    driver.pipe(observationRecord(observation({ i: 0, y: 3, x: [2] })));
    // By hand: V = 10 I − (10, 20)ᵀ(10, 20)/51, so its trace is 20 − 500/51.
    const [sample] = (await driver.registry.getSingleMetric("regatta_rls_covariance_trace")?.get())?.values ?? [];
    assert.deepEqual(sample.labels, { topic: "dataLinearModel", series: "s1", model: "a" });
    assert.ok(Math.abs(sample.value - (20 - 500 / 51)) < 1e-12, `${sample.value}`);
  });

  it("counts a model that begins anew, by race, model and reason", async () => {
    const driver = new TopologyDriver(rlsRacer, { RLS_MODELS: "steady:1,rash:0.25" });
    // With ν = 0.25 each error is −2 times the one before; its square overflows after some 510 records.
    for (let i = 0; i < 600; i++) driver.pipe(observationRecord(observation({ i, y: 1, x: [1] })));
    const metric = await driver.registry.getSingleMetric("regatta_model_resets_total")?.get();
    assert.deepEqual(
      metric?.values.map(({ labels, value }) => [labels, value]),
      [[{ topic: "dataLinearModel", model: "rash", reason: "refusals-in-a-row" }, 1]],
    );
  });
});
