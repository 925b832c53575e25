import assert from "node:assert/strict";
import { prequentialMse, rank, standingsOf } from "../../../../shared/race/score.js";

const at = { topic: "dataLinearModel", series: "s1" };

describe("the prequential mean squared error", () => {
  it("is the mean of the squared errors so far", () => {
    // Errors 1, 2, 3, -2: squares 1, 4, 9, 4 with the means 1, 5/2, 14/3, 18/4.
    let mse = 0;
    const means = [1, 2, 3, -2].map((error, k) => {
      mse = prequentialMse(mse, error, k + 1);
      return mse;
    });
    assert.deepEqual(means.slice(0, 2), [1, 2.5]);
    assert.ok(Math.abs(means[2] - 14 / 3) < 1e-15);
    assert.ok(Math.abs(means[3] - 4.5) < 1e-15);
  });

  it("is not finite where the square of an error overflows, so that the caller can refuse it", () => {
    assert.equal(prequentialMse(1, 1e200, 2), Number.POSITIVE_INFINITY);
  });
});

describe("the order of the models", () => {
  const models = (a: number, b: number, c: number) => [
    { name: "a", mse: a, n: 9 },
    { name: "b", mse: b, n: 9 },
    { name: "c", mse: c, n: 9 },
  ];

  it("is by mse, best first, and the leader leads since the observation at hand", () => {
    assert.deepEqual(rank(undefined, models(3, 1, 2), 7), { order: ["b", "c", "a"], since: 7 });
  });

  it("is as configured where scores tie", () => {
    assert.deepEqual(rank(undefined, models(2, 2, 1), 7).order, ["c", "a", "b"]);
    assert.deepEqual(rank(undefined, models(2, 2, 2), 7).order, ["a", "b", "c"]);
  });

  it("has models that were never scored last, in the order configured, though their mse reads 0", () => {
    const unscored = [
      { name: "new1", mse: 0, n: 0 },
      { name: "old", mse: 5, n: 9 },
      { name: "new2", mse: 0, n: 0 },
    ];
    assert.deepEqual(rank(undefined, unscored, 7).order, ["old", "new1", "new2"]);
  });

  it("is the same object while it stays, so that nothing is written", () => {
    const before = rank(undefined, models(1, 2, 3), 7);
    assert.equal(rank(before, models(1.5, 1.9, 4), 8), before);
    assert.equal(rank(before, models(2, 2, 2), 8), before);
  });

  it("changes when a tie resolves against the order configured", () => {
    const before = rank(undefined, models(3, 1, 2), 7);
    assert.deepEqual(rank(before, models(2, 2, 2), 8), { order: ["a", "b", "c"], since: 8 });
  });

  it("keeps the leader's since when only the places behind it change", () => {
    const before = rank(undefined, models(1, 2, 3), 7);
    assert.deepEqual(rank(before, models(1, 3, 2), 8), { order: ["a", "c", "b"], since: 7 });
  });

  it("counts from now when another leads", () => {
    const before = rank(undefined, models(1, 2, 3), 7);
    assert.deepEqual(rank(before, models(3, 1, 3), 8), { order: ["b", "a", "c"], since: 8 });
  });

  it("changes when a model has come or gone, and the leader who stays leads as before", () => {
    const before = rank(undefined, models(1, 2, 3), 7);
    assert.deepEqual(rank(before, models(1, 2, 3).slice(0, 2), 8), { order: ["a", "b"], since: 7 });
    const { order } = rank(before, [...models(1, 2, 3), { name: "d", mse: 4, n: 9 }], 8);
    assert.deepEqual(order, ["a", "b", "c", "d"]);
    const renamed = [...models(1, 2, 3).slice(0, 2), { name: "d", mse: 3, n: 9 }];
    assert.deepEqual(rank(before, renamed, 8), { order: ["a", "b", "d"], since: 7 });
  });

  it("passes to the next when the leader is no longer listed", () => {
    const before = rank(undefined, models(1, 2, 3), 7);
    assert.deepEqual(rank(before, models(1, 2, 3).slice(1), 8), { order: ["b", "c"], since: 8 });
  });
});

describe("standings", () => {
  it("name the leader, since when, and every model with its mse, null where it has none", () => {
    const models = [
      { name: "rls1", mse: 0, n: 0 },
      { name: "rls2", mse: 0.5, n: 4 },
    ];
    const ranking = rank({ order: ["rls2"], since: 3 }, models, 12);
    assert.deepEqual(standingsOf({ ...at, i: 12 }, 5, ranking, models), {
      ...at,
      i: 12,
      n: 5,
      leader: "rls2",
      since: 3,
      models: [
        { model: "rls2", mse: 0.5 },
        { model: "rls1", mse: null },
      ],
    });
  });
});
