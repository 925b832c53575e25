import assert from "node:assert/strict";
import { RecordError } from "../../../shared/errors.js";
import { observation } from "../../support/data/observations.js";
import { TestRace } from "../../support/data/test-race.js";

const models = [
  { name: "rls1", nu: 1 },
  { name: "rls2", nu: 0.99 },
];

/** A race after `count` observations of one feature, y = 3 − 2x + a wave, i from 100. */
function raced(count: number, of = models): TestRace {
  const race = new TestRace(of);
  for (let k = 0; k < count; k++) {
    const x = Math.sin(k * k);
    race.step(observation({ i: 100 + k, y: 3 - 2 * x + Math.cos(k), x: [x] }));
  }
  return race;
}

const hasReason = (reason: string) => (error: unknown) => error instanceof RecordError && error.reason === reason;

describe("a race", () => {
  it("gives one prediction per model, in their order, of the forecast made before learning", () => {
    const { predictions } = new TestRace(models).step(observation({ i: 7, y: 3, x: [2] }));
    // By hand: β = 0 forecasts 0; V xᵀ = (10, 20), 1 + x V xᵀ = 51, α = V xᵀ / (51 ν), β = 3 α.
    const [one, two] = predictions;
    const common = { topic: "dataLinearModel", series: "s1", i: 7, n: 1, y: 3, yhat: 0, error: 3, mse: 9 };
    assert.deepEqual({ ...one, beta: [] }, { ...common, model: "rls1", nu: 1, beta: [] });
    assert.deepEqual({ ...two, beta: [] }, { ...common, model: "rls2", nu: 0.99, beta: [] });
    for (const { beta, nu } of predictions) {
      assert.equal(beta?.length, 2);
      assert.ok(Math.abs(beta[0] - 30 / 51 / (nu ?? 0)) < 1e-14);
      assert.ok(Math.abs(beta[1] - 60 / 51 / (nu ?? 0)) < 1e-14);
    }
  });

  it("writes standings at the first observation and then only when the order changes", () => {
    const race = new TestRace(models);
    const written: { i: number; order: string[] }[] = [];
    const orders: string[] = [];
    for (let i = 0; i < 200; i++) {
      const x = Math.sin(i * i);
      const { predictions, standings } = race.step(observation({ i, y: (i < 60 ? 2 : -2) * x, x: [x] }));
      const [one, two] = predictions.map(({ mse }) => mse ?? Number.NaN);
      orders.push(two < one ? "rls2,rls1" : "rls1,rls2");
      if (standings !== undefined) {
        assert.equal(standings.n, i + 1);
        assert.equal(standings.leader, standings.models[0].model);
        assert.equal(standings.since, i, "with two models a change of order is a change of leader");
        written.push({ i: standings.i, order: standings.models.map(({ model }) => model) });
      }
    }
    const changes = orders.flatMap((order, i) => (order === orders[i - 1] ? [] : [{ i, order: order.split(",") }]));
    assert.deepEqual(written, changes);
    assert.ok(changes.length >= 2, "the order does change in this stream");
  });

  it("keeps the last 10 rows and errors, and shows them newest first", () => {
    const race = new TestRace(models);
    const errors: (number | null)[] = [];
    for (let i = 0; i < 23; i++) {
      const { predictions } = race.step(observation({ i, y: i, x: [i + 0.25, -i] }));
      errors.unshift(predictions[0].error);
    }
    const json = race.json() as { N: number; rows: number[][]; models: { N: number; errors: number[] }[] };
    assert.equal(json.N, 23);
    assert.deepEqual(
      json.rows,
      [22, 21, 20, 19, 18, 17, 16, 15, 14, 13].map((i) => [i, i + 0.25, -i]),
    );
    assert.deepEqual(json.models[0].errors, errors.slice(0, 10));
    assert.equal(json.models[0].N, 23);
  });

  it("refuses an observation with another number of features, and nothing has changed", () => {
    const race = raced(5);
    const before = race.body();
    for (const x of [[], [1, 2]]) {
      assert.throws(() => race.step(observation({ x })), hasReason("features-changed"));
    }
    assert.deepEqual(race.body(), before);
  });

  it("refuses to begin with more features than a changelog record can carry", () => {
    // Two models: 10 p + 2 (p + p(p + 1)/2 + 10) numbers with p = n + 1, at most 100,000: p² + 13 p + 20, so n = 308.
    const race = new TestRace(models);
    const x = new Array<number>(309).fill(1);
    assert.throws(() => race.step(observation({ x })), hasReason("too-many-features"));
    assert.equal(race.body(), undefined);
    race.step(observation({ x: x.slice(1) }));
    assert.ok((race.body()?.length ?? 0) > 790_000 && (race.body()?.length ?? 0) < 1_000_000);
  });

  const refusals = [
    { reason: "forecast-not-finite", y: 1, x: [1e308, 0] },
    { reason: "score-not-finite", y: 1e200, x: [0, 0] },
    { reason: "update-not-finite", y: 1, x: [0, 1e160] },
  ];
  for (const { reason, y, x } of refusals) {
    it(`predicts null with the reason ${reason}, learns nothing from it and goes on`, () => {
      const undisturbed = new TestRace(models);
      const race = new TestRace(models);
      for (const r of [undisturbed, race]) {
        // A large coefficient for x1, so that a large x1 overflows the forecast; none for x2, so that a large x2 does not.
        r.step(observation({ i: 1, y: 1e3, x: [1, 0] }));
        r.step(observation({ i: 2, y: 2e3, x: [2, 0] }));
      }
      const { predictions } = race.step(observation({ i: 3, y, x }));
      for (const [m, { name, nu }] of models.entries()) {
        const expected = { topic: "dataLinearModel", series: "s1", i: 3, n: 2, y, nu, model: name, reason };
        assert.deepEqual(predictions[m], { ...expected, yhat: null, error: null, mse: null, beta: null });
      }
      const next = observation({ i: 4, y: 5, x: [0.5, 0.25] });
      assert.deepEqual(race.step(next).predictions, undisturbed.step(next).predictions);
      assert.equal((race.json() as { N: number }).N, 4, "the observation itself is counted");
    });
  }
});

describe("a model of a race that has diverged", () => {
  const diverging = [
    { name: "steady", nu: 1 },
    { name: "rash", nu: 0.25 },
  ];
  // α x tends to (1 − ν)/ν = 3: each error is −2 times the one before, until its square overflows.
  const drive = (race: TestRace, from: number, count: number) =>
    Array.from({ length: count }, (_, k) => race.step(observation({ i: from + k, y: 1, x: [1] })));

  it("begins anew from the prior after ten refusals in a row that are its own fault, keeps its score, and others race on", () => {
    const race = new TestRace(diverging);
    const results = drive(race, 0, 2000);
    const refused = results.flatMap(({ predictions }, k) => (predictions[1].yhat === null ? [k] : []));
    const first = refused[0];
    assert.ok(first > 100, `refused first at ${first}`);
    assert.deepEqual(
      refused.slice(0, 11).slice(0, 10),
      Array.from({ length: 10 }, (_, k) => first + k),
    );
    const reset = results.findIndex(({ resets }) => resets.length > 0);
    assert.equal(reset, first + 9);
    assert.deepEqual(results[reset].resets, [{ model: "rash", reason: "refusals-in-a-row" }]);
    const [steady, rash] = results[reset + 1].predictions;
    assert.deepEqual([rash.yhat, rash.error, rash.n], [0, 1, first + 1], "forecast and learned as a new model does");
    assert.ok((rash.mse ?? 0) > 1e300, "the errors it made are not forgotten");
    assert.equal(steady.n, reset + 2);
    assert.ok(Math.abs((steady.yhat ?? 0) - 1) < 1e-3);
  });

  it("does not begin anew for observations that no model can learn from, however many", () => {
    const race = new TestRace(models);
    drive(race, 0, 30);
    const undisturbed = new TestRace(models);
    drive(undisturbed, 0, 30);
    for (let i = 30; i < 130; i++) {
      const spike = observation({ i, ...(i % 2 === 0 ? { y: 1, x: [1e160] } : { y: 1e200, x: [1] }) });
      assert.deepEqual(race.step(spike).resets, []);
    }
    const next = observation({ i: 130, y: 5, x: [0.5] });
    assert.deepEqual(race.step(next).predictions, undisturbed.step(next).predictions);
  });

  it("counts its refusals in a row through its bytes", () => {
    const live = new TestRace(diverging);
    const stored = new TestRace(diverging, true);
    for (let i = 0; i < 2000; i++) {
      const one = observation({ i, y: 1, x: [1] });
      assert.deepEqual(stored.step(one), live.step(one));
    }
  });
});

describe("a race whose models are configured anew", () => {
  it("is the same race where nothing has changed", () => {
    const race = raced(5);
    race.models = [...models];
    const next = observation({ i: 105, y: 1, x: [0.3] });
    race.step(next);
    const undisturbed = raced(5);
    undisturbed.step(next);
    assert.deepEqual(race.body(), undisturbed.body());
  });

  it("goes on with a model that is listed still, bit for bit", () => {
    const race = raced(30);
    race.models = [{ name: "rls3", nu: 0.9 }, models[1]];
    const next = observation({ i: 130, y: 1, x: [0.3] });
    const [, kept] = race.step(next).predictions;
    assert.deepEqual(kept, raced(30).step(next).predictions[1]);
    assert.equal(kept.n, 31);
  });

  it("starts a new model, and one whose nu has changed, from the prior without a score", () => {
    const race = raced(30);
    race.models = [
      { name: "rls1", nu: 0.95 },
      { name: "rls3", nu: 0.9 },
    ];
    const { predictions } = race.step(observation({ i: 130, y: 3, x: [2] }));
    assert.deepEqual(
      predictions.map(({ model, nu, n, yhat, mse }) => [model, nu, n, yhat, mse]),
      [
        ["rls1", 0.95, 1, 0, 9],
        ["rls3", 0.9, 1, 0, 9],
      ],
    );
  });

  it("drops a model that is no longer listed, says so in new standings, and the leader who stays leads since then", () => {
    const race = raced(30);
    const { leader, since } = race.json() as { leader: string; since: number };
    race.models = models.filter(({ name }) => name === leader);
    const { predictions, standings } = race.step(observation({ i: 130, y: 3, x: [2] }));
    assert.equal(predictions.length, 1);
    assert.deepEqual([standings?.leader, standings?.since, standings?.models.length], [leader, since, 1]);
    assert.notEqual(since, 130);
  });

  it("follows the new order of the list in ties", () => {
    const twins = [
      { name: "a", nu: 1 },
      { name: "b", nu: 1 },
    ];
    const race = raced(10, twins);
    assert.deepEqual((race.json() as { order: string[] }).order, ["a", "b"]);
    race.models = [...twins].reverse();
    const { standings } = race.step(observation({ i: 110, y: 1, x: [1] }));
    assert.deepEqual(
      standings?.models.map(({ model }) => model),
      ["b", "a"],
    );
  });

  it("leaves the state alone and refuses the record when the models would no longer fit a changelog record", () => {
    const race = new TestRace(models);
    const wide = observation({ x: new Array<number>(300).fill(1) });
    race.step(wide);
    const before = race.body();
    race.models = [...models, { name: "rls3", nu: 0.9 }];
    assert.throws(() => race.step(wide), hasReason("too-many-features"));
    assert.deepEqual(race.body(), before);
  });
});
