import assert from "node:assert/strict";
import { learn, newRls, predict, type Rls } from "../../services/rls-racer/rls.js";

/** All numbers of a state, as bytes: NaN and -0 count. */
function bytesOf({ beta, V }: Rls): string {
  return Buffer.concat([beta, V].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))).toString("hex");
}

describe("an RLS model", () => {
  it("begins with β = 0 and V = 10 I, packed by rows of the upper triangle", () => {
    const { beta, V } = newRls(2, 0.99);
    assert.deepEqual([...beta], [0, 0, 0]);
    assert.deepEqual([...V], [10, 0, 0, 10, 0, 10]);
  });

  it("takes the step that the equations give by hand", () => {
    // x = (1, 2), V = 10 I: V xᵀ = (10, 20), 1 + x V xᵀ = 51. With ν = 1/2, y = 3:
    // V = 2 (10 I − (10, 20)ᵀ(10, 20)/51), α = V xᵀ = 2 (10, 20)/51, β = 3 α.
    const rls = newRls(1, 0.5);
    assert.equal(predict(rls, [2]), 0);
    assert.ok(learn(rls, [2], 3));
    const expectedV = [2 * (10 - 100 / 51), (-2 * 200) / 51, 2 * (10 - 400 / 51)];
    const expectedBeta = [60 / 51, 120 / 51];
    for (const [k, v] of expectedV.entries())
      assert.ok(Math.abs(rls.V[k] - v) < 1e-14, `V[${k}]: ${rls.V[k]}, not ${v}`);
    for (const [j, b] of expectedBeta.entries())
      assert.ok(Math.abs(rls.beta[j] - b) < 1e-14, `β[${j}]: ${rls.beta[j]}`);
    assert.ok(Math.abs(predict(rls, [-1]) - (60 - 120) / 51) < 1e-14);
  });

  it("forecasts with β as it is, intercept first", () => {
    const rls: Rls = { nu: 1, beta: Float64Array.of(0.5, 2, -3), V: new Float64Array(6) };
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

  const overflows: { what: string; nu: number; x: number[]; error: number; V: number[] }[] = [
    { what: "x V xᵀ is infinite while V xᵀ is not", nu: 1, x: [1e160], error: 1, V: [10, 0, 10] },
    { what: "V xᵀ is infinite", nu: 1, x: [1e308], error: 1, V: [10, 0, 10] },
    {
      what: "V grows past the largest double in a direction that x does not excite",
      nu: 0.5,
      x: [0],
      error: 1,
      V: [1, 0, 1e308],
    },
    { what: "β would be infinite", nu: 1, x: [1], error: 1.7e308, V: [1, 0, 1] },
  ];
  for (const { what, nu, x, error, V } of overflows) {
    it(`refuses an update, and is bit for bit as it was, when ${what}`, () => {
      const rls: Rls = { nu, beta: Float64Array.of(1.7e308, 1.7e308), V: Float64Array.from(V) };
      const before = bytesOf(rls);
      assert.equal(learn(rls, x, error), false);
      assert.equal(bytesOf(rls), before);
    });
  }

  it("throws a RangeError, and is as it was, when the shapes do not fit", () => {
    const rls = newRls(2, 1);
    const before = bytesOf(rls);
    for (const x of [[], [1], [1, 2, 3]]) {
      assert.throws(() => predict(rls, x), RangeError);
      assert.throws(() => learn(rls, x, 1), RangeError);
    }
    assert.throws(() => learn({ ...rls, V: new Float64Array(5) }, [1, 2], 1), RangeError);
    assert.equal(bytesOf(rls), before);
  });

  it("cannot be made without features or with a forgetting factor outside (0, 1]", () => {
    for (const features of [0, -1, 1.5, Number.NaN]) assert.throws(() => newRls(features, 1), RangeError);
    for (const nu of [0, -0.1, 1.0001, Number.NaN]) assert.throws(() => newRls(1, nu), RangeError);
  });
});
