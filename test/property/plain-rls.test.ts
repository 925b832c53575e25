/** RLS on doubles where they lie, beside the same model as an object: equal to the last bit, whatever comes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { learnBoth } from "../../services/rls-racer/rls-pair.js";
import { learn as learnOne, newRls as newPacked, predict as predictOne, rlsLength } from "../../shared/models/rls.js";
import { forgettingFactors } from "../support/data/race-arbitraries.js";
import { RlsModel } from "../support/data/rls-model.js";
import { isPositiveDefinite, learn, newRls, predict } from "../support/plain/rls.js";
import { holds } from "../support/property.js";

/** Numbers as they come, and those at which steps overflow, vanish or are refused. */
const numbers = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -5, max: 5, noNaN: true }) },
  { weight: 2, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 5e-324, 1e150, -1e160, 1e308, 2 ** 53 + 1) },
);

const streams = fc.integer({ min: 1, max: 12 }).chain((features) =>
  fc.record({
    features: fc.constant(features),
    rows: fc.array(fc.record({ y: numbers, x: fc.array(numbers, { minLength: features, maxLength: features }) }), {
      minLength: 1,
      maxLength: 60,
      size: "max",
    }),
  }),
);

const bits = (...arrays: readonly Float64Array[]) =>
  Buffer.concat(arrays.map((array) => Buffer.from(array.slice().buffer))).toString("hex");

const factors = fc.oneof(forgettingFactors, fc.constantFrom(0.25, 1e-150));

/** Two models with others' doubles, which are NaN, around and between them. */
function newPair(features: number, nus: readonly [number, number]) {
  const p = features + 1;
  const doubles = new Float64Array(2 * rlsLength(p) + 5).fill(Number.NaN);
  const places = [rlsLength(p) + 3, 1] as const;
  for (const [k, at] of places.entries()) newPacked(doubles, at, p, nus[k]);
  return { p, doubles, places };
}

describe("RLS on doubles where they lie", () => {
  it("forecasts, learns and refuses as the model that is an object, bit for bit", () => {
    let refused = 0;
    let learned = 0;
    holds(
      fc.property(streams, factors, ({ features, rows }, nu) => {
        const packed = new RlsModel(features, nu);
        const plain = newRls(features, nu);
        for (const { y, x } of rows) {
          const yhat = predict(plain, x);
          assert.ok(Object.is(packed.predict(x), yhat));
          const success = learn(plain, x, y - yhat);
          assert.equal(packed.learn(x, y - yhat), success);
          assert.equal(bits(packed.beta, packed.UD), bits(plain.beta, plain.UD));
          assert.equal(packed.isPositiveDefinite(), isPositiveDefinite(plain));
          if (success) learned++;
          else refused++;
        }
      }),
      500,
    );
    assert.ok(refused > 100 && learned > 1000, `${refused} refused, ${learned} learned`);
  });

  it("learns two models side by side as each by itself, bit for bit, or leaves both as they were", () => {
    let refused = 0;
    let learned = 0;
    holds(
      fc.property(streams, factors, factors, ({ features, rows }, ...nus) => {
        const { p, doubles, places } = newPair(features, nus);
        const alone = newPair(features, nus).doubles;
        for (const { y, x } of rows) {
          const regressors = Float64Array.of(1, ...x, Number.NaN);
          const errors = places.map((at) => y - predictOne(alone, at, p, regressors));
          const before = bits(doubles);
          const success = places.map((at, k) => learnOne(alone, at, p, regressors, errors[k]));
          const both = learnBoth(doubles, ...places, p, regressors, errors[0], errors[1]);
          assert.equal(both, success[0] && success[1]);
          if (both) {
            learned++;
          } else {
            refused++;
            assert.equal(bits(doubles), before);
            for (const [k, at] of places.entries()) learnOne(doubles, at, p, regressors, errors[k]);
          }
          assert.equal(bits(doubles), bits(alone));
        }
      }),
      500,
    );
    assert.ok(refused > 100 && learned > 1000, `${refused} refused, ${learned} learned`);
  });
});
