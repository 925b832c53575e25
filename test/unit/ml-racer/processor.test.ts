import assert from "node:assert/strict";
import { FEATURES_MAX } from "../../../services/ml-racer/processor.js";
import { raceCodec } from "../../../services/ml-racer/race-codec.js";
import { mlRacer } from "../../../services/ml-racer/service.js";
import { type CompleteObservation, predictionSchema, standingsSchema } from "../../../shared/contract/schemas.js";
import { ConfigurationError } from "../../../shared/errors.js";
import { memoryLimitBytes } from "../../../shared/memory-budget.js";
import { processorLimit } from "../../../shared/processor-limit.js";
import { ledgerCodec, questionCodec } from "../../../shared/race/ledger/ledger-codecs.js";
import { automaticThreads } from "../../../shared/setting-kinds.js";
import { rowCodec } from "../../../shared/state/row-ring.js";
import { memoryContext, memoryStore } from "../../driver/task-context.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { goldenRaces } from "../../support/data/golden-race.js";
import { observation, observationRecord, textRecord } from "../../support/data/observations.js";
import { predictionsOf, raceObservations } from "../../support/data/race-observations.js";
import { LOOPS_AT } from "../../support/programs/looping-model.js";

const KEY = "dataNonLinearModel/s1";
/** Small trees: what they forecast is shown beside scikit-learn elsewhere. */
const SMALL = { ML_MODELS: "rf:n_estimators=3,lin,gb:n_estimators=3" };

const of = (parts: Partial<CompleteObservation>) => observation({ topic: "dataNonLinearModel", ...parts });
const wave = (i: number) => of({ i, y: 3 - 2 * Math.sin(i), x: [Math.sin(i), Math.cos(i * i)] });
const jsonOf = ({ value }: { value: Buffer }): unknown => JSON.parse(value.toString());
const newDriver = (environment = {}, options = {}) => new TopologyDriver(mlRacer, environment, options);

describe("ml-racer", () => {
  it("reads the non-linear observations, and trains rf, lin and gb on 25 of 50 unless it is set otherwise", () => {
    const { settings } = newDriver();
    assert.deepEqual(mlRacer.inputs(settings), ["dataNonLinearModel.observations"]);
    assert.deepEqual(
      settings.models.map(({ name }) => name),
      ["rf", "lin", "gb"],
    );
    assert.deepEqual([settings.windowLength, settings.trainLength, settings.metricsSeriesMax], [50, 25, 20]);
    assert.equal(settings.threads, automaticThreads(processorLimit(), memoryLimitBytes()));
    assert.equal(settings.modelTimeoutMs, 30_000);
    assert.throws(() => newDriver({ ML_THREADS: "0" }), /ML_THREADS=0: expected auto or a whole number from 1 to 64/);
    assert.equal(newDriver({ ML_THREADS: "64" }).settings.threads, 64);
    assert.throws(() => newDriver({ ML_THREADS: "65" }), /ML_THREADS=65: expected auto or a whole number from 1 to 64/);
  });

  it("reports a train length above the window length together with every other fault", () => {
    const faultsOf = (environment: Record<string, string>): readonly string[] => {
      try {
        newDriver(environment);
      } catch (error) {
        if (error instanceof ConfigurationError) return error.faults;
      }
      return [];
    };
    assert.deepEqual(faultsOf({ WINDOW_LENGTH: "30", TRAIN_LENGTH: "30" }), []);
    assert.deepEqual(faultsOf({ WINDOW_LENGTH: "24", ML_MODELS: "svm", METRICS_SERIES_MAX: "x" }), [
      'ML_MODELS=svm: expected a model of rf, lin, gb, ridge, knn, tree, last, mean, holt, sgd, rls, got "svm"',
      "METRICS_SERIES_MAX=x: expected a whole number from 0 to 10000",
      "TRAIN_LENGTH=25: expected the train length to be at most the window length of 24, got 25",
    ]);
    assert.equal(faultsOf({ WINDOW_LENGTH: "0", TRAIN_LENGTH: "x" }).length, 2);
    assert.match(faultsOf({ ML_MODELS: `gb:learning_rate=0.${"1".repeat(200)}` }).join(), /at most 200 characters/);
  });

  it("forwards predictions and the best keyed by series, standings and verdicts by topic and series, at the record's time", () => {
    const driver = newDriver(SMALL);
    const { outputs, deadLetters } = driver.pipe(observationRecord(of({ i: 9, y: 3, x: [2] }), { timestamp: 77 }));
    assert.deepEqual(deadLetters, []);
    assert.deepEqual(
      outputs.map(({ topic, key, timestamp }) => [topic, key, timestamp]),
      [
        ...new Array(3).fill(["ml-predictions", "s1", 77]),
        ["ml-standings", KEY, 77],
        ["ml-best", "s1", 77],
        ["ml-verdicts", KEY, 77],
      ],
    );
    // Trained on zeros, every model forecasts 0.
    assert.deepEqual(
      outputs.slice(0, 3).map((output) => predictionSchema.parse(jsonOf(output))),
      SMALL.ML_MODELS.split(",").map((model) => {
        const at = { topic: "dataNonLinearModel", series: "s1", model, i: 9 };
        return { ...at, n: 1, y: 3, yhat: 0, error: 3, mse: 9 };
      }),
    );
    const standings = standingsSchema.parse(jsonOf(outputs[3]));
    assert.deepEqual([standings.leader, standings.since, standings.n], ["rf:n_estimators=3", 9, 1]);
  });

  it("trains on the newest rows of the window alone", () => {
    // One row of training: least squares has nothing but its mean, so the forecast is the y before.
    const predictions = predictionsOf(
      [5, -2, 8].map((y, i) => of({ i, y, x: [i] })),
      { ML_MODELS: "lin", WINDOW_LENGTH: "2", TRAIN_LENGTH: "1" },
    );
    assert.deepEqual(
      predictions.map(({ yhat }) => yhat),
      [0, 5, -2],
    );
  });

  it("keeps series apart, also those of the same name in two topics", () => {
    const driver = newDriver(SMALL);
    for (let i = 0; i < 2; i++) {
      for (const [topic, series] of [
        ["dataNonLinearModel", "s1"],
        ["dataLinearModel", "s1"],
        ["dataNonLinearModel", "s2"],
      ]) {
        const { outputs } = driver.pipe(observationRecord(observation({ topic, series, i, y: 1, x: [1] })));
        assert.equal(predictionSchema.parse(jsonOf(outputs[0])).n, i + 1);
      }
    }
    assert.equal(driver.keys("race").length, 3);
    assert.equal(driver.keys("window").length, 6);
  });

  it("shows its state: scores, order, and the shape of the window with the slot of its newest row", () => {
    const driver = newDriver({ ML_MODELS: "lin", WINDOW_LENGTH: "2", TRAIN_LENGTH: "1" });
    for (const [i, y] of [5, -2, 8].entries()) driver.pipe(observationRecord(of({ i, y, x: [i] })));
    // Errors 5, -7, 10.
    const scores = {
      mse: 58,
      // The last y makes the same forecasts; the means 0, 5, 1.5 have errors 5, -7, 6.5. An error weighs 0.99 of the next one.
      fading: (100 + 0.99 * (49 + 0.99 * 25)) / (1 + 0.99 * (1 + 0.99)),
      mae: 22 / 3,
      r2: 1 - 58 / 38.75,
      skill: 0,
      coverage: null,
    };
    const shown = driver.json("race", KEY);
    assert.deepEqual(shown, {
      features: 1,
      N: 3,
      leader: "lin",
      since: 0,
      order: ["lin"],
      champion: "lin",
      championSince: 0,
      models: [{ name: "lin", N: 3, ...scores, evidence: null, lateInRow: 0 }],
      mix: { n: 3, ...scores },
      window: { shape: [2, 2], slots: 2, newestSlot: 0 },
      done: [
        { i: 2, y: 8, asked: null, forecasts: [-2] },
        { i: 1, y: -2, asked: null, forecasts: [5] },
        { i: 0, y: 5, asked: null, forecasts: [0] },
      ],
    });
    assert.deepEqual(driver.json("window", `${KEY}/0`), [8, 2]);
    assert.deepEqual(driver.json("window", `${KEY}/1`), [-2, 1]);
  });

  it("gives the same bytes whether its state stays in memory or passes its codec at every record", () => {
    const environment = { ...SMALL, WINDOW_LENGTH: "7", TRAIN_LENGTH: "5" };
    const drivers = [false, true].map((roundTrip) => newDriver(environment, { roundTrip }));
    for (let i = 0; i < 40; i++) {
      const [live, encoded] = drivers.map((driver) =>
        driver.pipe(observationRecord({ ...wave(i), series: `s${i % 2}` })),
      );
      assert.deepEqual(encoded, live);
    }
    for (const store of ["race", "window"] as const) {
      assert.deepEqual(drivers[1].keys(store), drivers[0].keys(store));
      for (const key of drivers[0].keys(store))
        assert.deepEqual(drivers[1].bytes(store, key), drivers[0].bytes(store, key));
    }
  });

  it("gives the same results and state whether a forecast comes at once or after later records of its series", () => {
    const environment = { ...SMALL, WINDOW_LENGTH: "7", TRAIN_LENGTH: "5" };
    const drivers = [0, 1, 9].map((heldJobs) => newDriver(environment, { heldJobs }));
    const records = Array.from({ length: 60 }, (_, i) =>
      i % 7 === 3 ? of({ i, y: 1, x: [1, 1e39] }) : { ...wave(i), series: `s${(i * i) % 3}` },
    );
    const [atOnce, ...later] = drivers.map((driver) => {
      const results = records.map((record) => driver.pipe(observationRecord(record, { timestamp: record.i })));
      driver.settle();
      return results;
    });
    assert.ok(atOnce.every(({ outputs }) => outputs.length >= 3));
    for (const results of later) assert.deepEqual(results, atOnce);
    for (const store of ["race", "window"] as const) {
      for (const key of drivers[0].keys(store)) {
        const [bytes, ...others] = drivers.map((driver) => driver.bytes(store, key));
        for (const other of others) assert.deepEqual(other, bytes);
      }
    }
  });

  it("reads the rows of a window once after a restart, and from then on none", () => {
    const first = newDriver(SMALL);
    for (let i = 0; i < 10; i++) first.pipe(observationRecord(wave(i)));
    const stores = {
      race: memoryStore(raceCodec),
      window: memoryStore(rowCodec),
      ledger: memoryStore(ledgerCodec),
      questions: memoryStore(questionCodec),
    };
    stores.race.put(KEY, raceCodec.decode(first.bytes("race", KEY)));
    for (const key of first.keys("window")) stores.window.put(key, rowCodec.decode(first.bytes("window", key)));
    const context = memoryContext(first.settings, stores, first.metrics, [], mlRacer.work?.runner(first.settings));
    const reads = [10, 11, 12].map((i) => {
      mlRacer.process(observationRecord(wave(i)), context);
      return stores.window.reads;
    });
    assert.deepEqual(reads, [10, 10, 10]);
  });

  it("goes on after a restart with the models configured then: a new name starts with no score, but with the window", () => {
    const before = newDriver({ ML_MODELS: "rf:n_estimators=3,lin" });
    for (let i = 0; i < 30; i++) before.pipe(observationRecord(wave(i)));
    const after = before.restarted({ ML_MODELS: "gb:n_estimators=3,lin" });
    const [gb, lin] = after
      .pipe(observationRecord(wave(30)))
      .outputs.filter(({ topic }) => topic === "ml-predictions")
      .map((output) => predictionSchema.safeParse(jsonOf(output)).data);
    assert.deepEqual([gb?.model, gb?.n, lin?.model, lin?.n], ["gb:n_estimators=3", 1, "lin", 31]);
    // Least squares has seen y = 3 - 2 x1 in the window.
    assert.ok(Math.abs(lin?.error ?? Number.NaN) < 1e-12, `${lin?.error}`);
    assert.notEqual(gb?.yhat, 0);
  });

  it("goes on with the newest rows when the window has another length, zeros where a longer one has none", () => {
    const environment = { ML_MODELS: "lin", WINDOW_LENGTH: "30", TRAIN_LENGTH: "5" };
    const driver = newDriver(environment);
    for (let i = 0; i < 40; i++) driver.pipe(observationRecord(wave(i)));
    const expected = driver.restarted(environment).pipe(observationRecord(wave(40)));
    for (const length of ["5", "6", "100"]) {
      const resized = driver.restarted({ ...environment, WINDOW_LENGTH: length });
      assert.deepEqual(resized.pipe(observationRecord(wave(40))), expected);
      assert.equal(resized.keys("window").length, Math.min(Number(length), 31));
    }
  });

  it("publishes a refusal of every model for x beyond float32, and keeps the observation out of the window", () => {
    const driver = newDriver(SMALL);
    driver.pipe(observationRecord(wave(0)));
    const rows = driver.keys("window");
    const { outputs, deadLetters } = driver.pipe(observationRecord(of({ i: 1, y: 1, x: [1, 3.5e38] })));
    assert.deepEqual(deadLetters, []);
    for (const [m, model] of SMALL.ML_MODELS.split(",").entries()) {
      const { i, n, y, yhat, error, mse, reason, ...at } = predictionSchema.parse(jsonOf(outputs[m]));
      assert.equal(at.model, model);
      assert.deepEqual([i, n, y, yhat, error, mse, reason], [1, 1, 1, null, null, null, "features-beyond-float32"]);
    }
    assert.deepEqual(driver.keys("window"), rows);
    const without = newDriver(SMALL);
    without.pipe(observationRecord(wave(0)));
    const [next, expected] = [driver, without].map((each) => each.pipe(observationRecord(wave(2))).outputs);
    assert.deepEqual(next.slice(0, 3), expected.slice(0, 3));
  });

  it("counts refusals, keeps scores finite under y of any size, and forecasts as before once it has left the window", async () => {
    const driver = newDriver(SMALL);
    const plain = newDriver(SMALL);
    for (let i = 0; i < 30; i++) {
      const y = i === 0 ? 1e200 : wave(i).y;
      for (const output of driver.pipe(observationRecord({ ...wave(i), y })).outputs) JSON.parse(`${output.value}`);
      plain.pipe(observationRecord(wave(i)));
    }
    const metric = await driver.registry.getSingleMetric("regatta_model_refusals_total")?.get();
    const scores = metric?.values.filter(({ labels }) => labels.reason === "score-not-finite") ?? [];
    assert.equal(scores.length, 3);
    const [last, expected] = [driver, plain].map((of) =>
      of
        .pipe(observationRecord(wave(30)))
        .outputs.slice(0, 3)
        .map((output) => predictionSchema.parse(jsonOf(output)).yhat),
    );
    assert.deepEqual(last, expected);
  });

  /** Observations of a series, some of which `lin` never answers; what is said of it, and of rf beside it. */
  function raceWithLoops(driver: ReturnType<typeof newDriver>, loops: readonly boolean[], from = 0) {
    return loops.map((isLoop, k) => {
      const i = from + k;
      const { outputs } = driver.pipe(observationRecord(isLoop ? of({ i, y: 1, x: [LOOPS_AT, 0] }) : wave(i)));
      const [rf, lin] = outputs.slice(0, 2).map((output) => predictionSchema.parse(jsonOf(output)));
      return { rf: rf.yhat, lin: lin.reason ?? "forecast", n: lin.n };
    });
  }
  const LATE = { ML_MODELS: "rf:n_estimators=3,lin" };

  it("refuses for a model what it does not answer in time, and leaves it out of the series after three in a row", async () => {
    const driver = newDriver(LATE);
    const loops = [false, true, true, false, true, true, true, false, true, false];
    const said = raceWithLoops(driver, loops);
    assert.deepEqual(
      said.map(({ lin, n }) => [lin, n]),
      [
        ["forecast", 1],
        ["took-too-long", 1],
        ["took-too-long", 1],
        ["forecast", 2],
        ...new Array(3).fill(["took-too-long", 2]),
        ...new Array(3).fill(["left-out", 2]),
      ],
    );
    assert.ok(said.every(({ rf }) => rf !== null));
    assert.deepEqual(
      driver.warnings.map(({ series, model }) => [series, model]),
      [[KEY, "lin"]],
    );
    const metric = await driver.registry.getSingleMetric("regatta_model_left_out_total")?.get();
    assert.deepEqual(metric?.values, [{ labels: { topic: "dataNonLinearModel", model: "lin" }, value: 1 }]);
    const [{ rf }] = raceWithLoops(newDriver({ ML_MODELS: "rf:n_estimators=3,gb:n_estimators=3" }), loops).slice(-1);
    assert.equal(said.at(-1)?.rf, rf, "the other forecasts what it does without it");
    assert.equal((driver.json("race", KEY) as { leader: string }).leader, "rf:n_estimators=3");
    const other = driver.pipe(observationRecord({ ...wave(0), series: "s2" })).outputs[1];
    assert.equal(predictionSchema.parse(jsonOf(other)).yhat, 0, "it races on in other series");
  });

  it("keeps a model left out over a restart, until it was taken off the list and put back on it", () => {
    const driver = newDriver(LATE);
    raceWithLoops(driver, [true, true, true]);
    const after = driver.restarted(LATE);
    assert.deepEqual(
      raceWithLoops(after, [false, true], 3).map(({ lin }) => lin),
      ["left-out", "left-out"],
    );
    const without = after.restarted({ ML_MODELS: "rf:n_estimators=3" });
    without.pipe(observationRecord(wave(5)));
    assert.deepEqual(
      raceWithLoops(without.restarted(LATE), [false, true], 6).map(({ lin, n }) => [lin, n]),
      [
        ["forecast", 1],
        ["took-too-long", 1],
      ],
    );
  });

  const bad: [what: string, text: string | null, reason: string][] = [
    ["has no value", null, "not-an-observation"],
    ["is not JSON", "[1, 2", "not-an-observation"],
    [
      "has another number of features",
      '{"topic":"dataNonLinearModel","series":"s1","i":1,"y":1,"x":[1]}',
      "features-changed",
    ],
  ];
  for (const [what, text, reason] of bad) {
    it(`dead-letters a record that ${what}, and its series goes on as if it had not been`, () => {
      const driver = newDriver(SMALL);
      driver.pipe(observationRecord(wave(0)));
      const before = [driver.bytes("race", KEY), driver.keys("window")];
      const { outputs, deadLetters } = driver.pipe(textRecord("dataNonLinearModel.observations", text));
      assert.deepEqual(outputs, []);
      assert.deepEqual(
        deadLetters.map((letter) => letter.reason),
        [reason],
      );
      assert.deepEqual([driver.bytes("race", KEY), driver.keys("window")], before);
    });
  }

  it("refuses models for which no machine has the memory, and names what to set", () => {
    const models = Array.from({ length: 64 }, (_, k) => `rf:n_estimators=10000:random_state=${k}`).join();
    const many = { ML_MODELS: models, ML_THREADS: "64", WINDOW_LENGTH: "10000", TRAIN_LENGTH: "10000" };
    assert.throws(
      () => newDriver(many),
      (error: ConfigurationError) => {
        assert.equal(error.faults.length, 1);
        assert.match(error.faults[0], /^ML_MODELS with TRAIN_LENGTH=10000 and ML_THREADS=64: .*set fewer n_estimators/);
        return true;
      },
    );
    newDriver({ ...many, ML_MODELS: "rf,lin,gb", ML_THREADS: "1" });
  });

  it("dead-letters a first observation of too many features", () => {
    const x = new Array<number>(FEATURES_MAX + 1).fill(0);
    const { deadLetters } = newDriver(SMALL).pipe(observationRecord(of({ x })));
    assert.deepEqual(
      deadLetters.map(({ reason }) => reason),
      ["too-many-features"],
    );
  });

  it("gives a model the same forecasts whoever races with it, also after a refusal", () => {
    const race = goldenRaces().find(({ name }) => name === "nonlin3");
    assert.ok(race);
    const observations = raceObservations(race)
      .slice(0, 60)
      .map((each) => (each.i === 40 ? { ...each, x: [0, 1e39, 0] } : each));
    const forecasts = (models: string) =>
      predictionsOf(observations, { ML_MODELS: models })
        .filter(({ model }) => model === "lin")
        .map(({ yhat, mse }) => [yhat, mse]);
    assert.deepEqual(forecasts("lin"), forecasts(SMALL.ML_MODELS));
  });
});
