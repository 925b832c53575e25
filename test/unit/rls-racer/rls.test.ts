import assert from "node:assert/strict";
import { covarianceOf } from "../../../services/rls-racer/covariance.js";
import {
  isPositiveDefinite,
  learn,
  newRls,
  predict,
  type Rls,
  VARIANCE_MAX,
  VARIANCE_MIN,
} from "../../../services/rls-racer/rls.js";

/** All numbers of a state, as bytes: NaN and -0 count. */
function bytesOf({ beta, UD }: Rls): string {
  return Buffer.concat([beta, UD].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))).toString("hex");
}

describe("an RLS model", () => {
  it("begins with β = 0 and V = 10 I", () => {
    const rls = newRls(2, 0.99);
    assert.deepEqual([...rls.beta], [0, 0, 0]);
    assert.deepEqual(covarianceOf(rls), [
      [10, 0, 0],
      [0, 10, 0],
      [0, 0, 10],
    ]);
  });

  it("takes the step that the equations give by hand", () => {
    // x = (1, 2), V = 10 I: V xᵀ = (10, 20), 1 + x V xᵀ = 51. With ν = 1/2, y = 3:
    // V = 2 (10 I − (10, 20)ᵀ(10, 20)/51), α = V xᵀ = 2 (10, 20)/51, β = 3 α.
    const rls = newRls(1, 0.5);
    assert.equal(predict(rls, [2]), 0);
    assert.ok(learn(rls, [2], 3));
    const V = covarianceOf(rls).flat();
    const expectedV = [2 * (10 - 100 / 51), (-2 * 200) / 51, (-2 * 200) / 51, 2 * (10 - 400 / 51)];
    const expectedBeta = [60 / 51, 120 / 51];
    for (const [k, v] of expectedV.entries()) assert.ok(Math.abs(V[k] - v) < 1e-14, `V[${k}]: ${V[k]}, not ${v}`);
    for (const [j, b] of expectedBeta.entries())
      assert.ok(Math.abs(rls.beta[j] - b) < 1e-14, `β[${j}]: ${rls.beta[j]}`);
    assert.ok(Math.abs(predict(rls, [-1]) - (60 - 120) / 51) < 1e-14);
  });

  it("forecasts with β as it is, intercept first", () => {
    const rls: Rls = { nu: 1, beta: Float64Array.of(0.5, 2, -3), UD: new Float64Array(6) };
    assert.equal(predict(rls, [10, 100]), 0.5 + 20 - 300);
  });

  it("is not disturbed by a larger model that learned in between", () => {
    const alone = newRls(1, 0.99);
    const between = newRls(1, 0.99);
    const larger = newRls(7, 0.99);
    for (let i = 0; i < 20; i++) {
      const x = [Math.sin(i)];
      learn(alone, x, i);
      learn(larger, [1, 2, 3, 4, 5, 6, i], i);
      learn(between, x, i);
    }
    assert.equal(bytesOf(between), bytesOf(alone));
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
      const rls: Rls = { nu: 0.99, beta: Float64Array.of(1.7e308, 1.7e308), UD: Float64Array.from(UD) };
      const before = bytesOf(rls);
      assert.equal(learn(rls, x, error), false);
      assert.equal(bytesOf(rls), before);
    });
  }

  it("forgets the intercept but not what is known of a feature that is always 0, once that has reached the bound", () => {
    // V22 grows as ν^-t from 10 to the bound and stays; V11 goes to the (1 − ν)/ν of a mean with fading weights, all the same.
    const rls = newRls(1, 0.9);
    for (let k = 0; k < 10_000; k++) assert.ok(learn(rls, [0], 1 - predict(rls, [0])));
    const [[V11, V12], [, V22]] = covarianceOf(rls);
    assert.equal(V22, VARIANCE_MAX);
    assert.equal(V12, 0);
    assert.ok(Math.abs(V11 - 0.1 / 0.9) < 1e-12, `${V11}`);
  });

  it("keeps V positive where regressors of 10^150 would make it vanish", () => {
    const rls = newRls(1, 1);
    for (let k = 0; k < 20; k++) assert.ok(learn(rls, [(-1) ** k * 1e150], 0));
    assert.ok(isPositiveDefinite(rls));
    assert.ok(covarianceOf(rls)[1][1] >= VARIANCE_MIN);
  });

  it("throws a RangeError, and is as it was, when the shapes do not fit", () => {
    const rls = newRls(2, 1);
    const before = bytesOf(rls);
    for (const x of [[], [1], [1, 2, 3]]) {
      assert.throws(() => predict(rls, x), RangeError);
      assert.throws(() => learn(rls, x, 1), RangeError);
    }
    assert.throws(() => learn({ ...rls, UD: new Float64Array(5) }, [1, 2], 1), RangeError);
    assert.equal(bytesOf(rls), before);
  });

  it("cannot be made without features or with a forgetting factor outside (0, 1]", () => {
    for (const features of [0, -1, 1.5, Number.NaN]) assert.throws(() => newRls(features, 1), RangeError);
    for (const nu of [0, -0.1, 1.0001, Number.NaN]) assert.throws(() => newRls(1, nu), RangeError);
  });
});
