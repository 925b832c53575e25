import assert from "node:assert/strict";
import { learnBoth } from "../../../services/rls-racer/rls-pair.js";
import { learn, predict, VARIANCE_MAX, VARIANCE_MIN } from "../../../shared/models/rls.js";
import { RlsModel } from "../../support/data/rls-model.js";

describe("an RLS model", () => {
  it("begins with β = 0 and V = 10 I", () => {
    const rls = new RlsModel(2, 0.99);
    assert.deepEqual([...rls.beta], [0, 0, 0]);
    assert.deepEqual(rls.covariance(), [
      [10, 0, 0],
      [0, 10, 0],
      [0, 0, 10],
    ]);
  });

  it("takes the step that the equations give by hand", () => {
    // x = (1, 2), V = 10 I: V xᵀ = (10, 20), 1 + x V xᵀ = 51. With ν = 1/2, y = 3:
    // V = 2 (10 I − (10, 20)ᵀ(10, 20)/51), α = V xᵀ = 2 (10, 20)/51, β = 3 α.
    const rls = new RlsModel(1, 0.5);
    assert.equal(rls.predict([2]), 0);
    assert.ok(rls.learn([2], 3));
    const V = rls.covariance().flat();
    const expectedV = [2 * (10 - 100 / 51), (-2 * 200) / 51, (-2 * 200) / 51, 2 * (10 - 400 / 51)];
    const expectedBeta = [60 / 51, 120 / 51];
    for (const [k, v] of expectedV.entries()) assert.ok(Math.abs(V[k] - v) < 1e-14, `V[${k}]: ${V[k]}, not ${v}`);
    for (const [j, b] of expectedBeta.entries())
      assert.ok(Math.abs(rls.beta[j] - b) < 1e-14, `β[${j}]: ${rls.beta[j]}`);
    assert.ok(Math.abs(rls.predict([-1]) - (60 - 120) / 51) < 1e-14);
  });

  it("forecasts with β as it is, intercept first", () => {
    const rls = RlsModel.of(1, [0.5, 2, -3], [1, 0, 1, 0, 0, 1]);
    assert.equal(rls.predict([10, 100]), 0.5 + 20 - 300);
  });

  it("is not disturbed by a larger model that learned in between", () => {
    const alone = new RlsModel(1, 0.99);
    const between = new RlsModel(1, 0.99);
    const larger = new RlsModel(7, 0.99);
    for (let i = 0; i < 20; i++) {
      const x = [Math.sin(i)];
      alone.learn(x, i);
      larger.learn([1, 2, 3, 4, 5, 6, i], i);
      between.learn(x, i);
    }
    assert.equal(between.bytes(), alone.bytes());
  });

  const overflows: { what: string; x: number[]; error: number; UD: number[] }[] = [
    { what: "x V xᵀ is infinite while V xᵀ is not", x: [1e160], error: 1, UD: [10, 0, 10] },
    { what: "V xᵀ is infinite", x: [1e308], error: 1, UD: [10, 0, 10] },
    { what: "x U is infinite", x: [1e308], error: 1, UD: [1, 1e308, 1e-300] },
    { what: "U would be infinite", x: [1.7e308], error: 0, UD: [1e10, 1.7e308, 1e-300] },
    { what: "β would be infinite", x: [1], error: 1.7e308, UD: [1, 0, 1] },
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].flatMap((bad) => [
      { what: `a feature is ${bad}`, x: [bad], error: 1, UD: [10, 0, 10] },
      { what: `the error is ${bad}`, x: [1], error: bad, UD: [10, 0, 10] },
      { what: `the error is ${bad} and no feature is excited`, x: [0], error: bad, UD: [10, 0, 10] },
    ]),
  ];
  for (const { what, x, error, UD } of overflows) {
    it(`refuses an update, and is bit for bit as it was, when ${what}`, () => {
      const rls = RlsModel.of(0.99, [1.7e308, 1.7e308], UD);
      const before = rls.bytes();
      assert.equal(rls.learn(x, error), false);
      assert.equal(rls.bytes(), before);
    });
  }

  it("forgets the intercept but not what is known of a feature that is always 0, once that has reached the bound", () => {
    // V22 grows as ν^-t from 10 to the bound and stays; V11 goes to the (1 − ν)/ν of a mean with fading weights, all the same.
    const rls = new RlsModel(1, 0.9);
    for (let k = 0; k < 10_000; k++) assert.ok(rls.learn([0], 1 - rls.predict([0])));
    const [[V11, V12], [, V22]] = rls.covariance();
    assert.equal(V22, VARIANCE_MAX);
    assert.equal(V12, 0);
    assert.ok(Math.abs(V11 - 0.1 / 0.9) < 1e-12, `${V11}`);
  });

  it("keeps V positive where regressors of 10^150 would make it vanish", () => {
    const rls = new RlsModel(1, 1);
    for (let k = 0; k < 20; k++) assert.ok(rls.learn([(-1) ** k * 1e150], 0));
    assert.ok(rls.isPositiveDefinite());
    assert.ok(rls.covariance()[1][1] >= VARIANCE_MIN);
  });

  it("throws a RangeError, and is as it was, when the shapes do not fit", () => {
    const rls = new RlsModel(2, 1);
    const before = rls.bytes();
    const { doubles, at, p } = rls;
    const tooShort: [doubles: Float64Array, at: number, x: Float64Array][] = [
      [doubles, at, Float64Array.of(1, 2)],
      [doubles.subarray(0, doubles.length - 3), at, Float64Array.of(1, 2, 3)],
      [doubles, doubles.length, Float64Array.of(1, 2, 3)],
      [doubles, -1, Float64Array.of(1, 2, 3)],
    ];
    for (const [of, from, x] of tooShort) {
      assert.throws(() => predict(of, from, p, x), RangeError);
      assert.throws(() => learn(of, from, p, x, 1), RangeError);
      assert.throws(() => learnBoth(of, from, at, p, x, 1, 1), RangeError);
      assert.throws(() => learnBoth(of, at, from, p, x, 1, 1), RangeError);
    }
    assert.equal(rls.bytes(), before);
  });

  it("cannot be made without features or with a forgetting factor outside (0, 1]", () => {
    for (const features of [0, -1, 1.5, Number.NaN]) assert.throws(() => new RlsModel(features, 1), RangeError);
    for (const nu of [0, -0.1, 1.0001, Number.NaN]) assert.throws(() => new RlsModel(1, nu), RangeError);
  });
});
