import assert from "node:assert/strict";
import fc from "fast-check";
import { learnInterval, widthOf } from "../../../../../shared/race/judge/interval.js";
import { FIRST_WIDTH, HITS, SCALE, SHOWN, WIDTH } from "../../../../../shared/race/judge/places.js";
import { scaleStep } from "../../../../../shared/race/judge/scale.js";
import { learnScores } from "../../../../../shared/race/judge/scores.js";
import { holds } from "../../../../support/property.js";

const MISS = 0.1;

/** A forecaster of 0 that has seen these y. */
function forecasterAfter(ys: readonly number[]): Float64Array {
  const forecaster = new Float64Array(8);
  forecaster[WIDTH] = FIRST_WIDTH;
  for (const y of ys) {
    const width = widthOf(forecaster, 0, 0);
    learnScores(forecaster, 0, y, 0.99);
    learnInterval(forecaster, 0, y, 0, width, MISS);
  }
  return forecaster;
}

describe("the interval of a forecaster", () => {
  it("is shown from the twenty-first error on, 2.06 times the running scale to both sides at first", () => {
    const ys = new Array<number>(20).fill(3);
    assert.equal(widthOf(forecasterAfter(ys.slice(1)), 0, 0), Number.NaN);
    assert.equal(widthOf(forecasterAfter(ys), 0, 0), 2.06 * 3);
  });

  it("is not shown without a forecast, nor where an end would not be finite", () => {
    const forecaster = forecasterAfter(new Array<number>(20).fill(1e150));
    assert.equal(widthOf(forecaster, 0, Number.NaN), Number.NaN);
    assert.equal(widthOf(forecaster, 0, Number.MAX_VALUE), 2.06e150);
    forecaster[SCALE] = 1e308;
    assert.equal(widthOf(forecaster, 0, Number.MAX_VALUE), Number.NaN);
  });

  it("is narrower after a hit and wider after a miss, so that one miss weighs nine hits", () => {
    const forecaster = forecasterAfter(new Array<number>(20).fill(1));
    learnInterval(forecaster, 0, 2.06, 0, 2.06, MISS);
    assert.equal(forecaster[WIDTH], 2.06 + 0.05 * -0.1);
    learnInterval(forecaster, 0, 2.07, 0, 2.06, MISS);
    assert.equal(forecaster[WIDTH], 2.06 + 0.05 * -0.1 + 0.05 * 0.9);
    assert.deepEqual([forecaster[SHOWN], forecaster[HITS]], [2, 1]);
  });

  it("has width 0 where every forecast is perfect", () => {
    const forecaster = forecasterAfter(new Array<number>(20).fill(0));
    assert.equal(widthOf(forecaster, 0, 0), 0);
  });

  it("misses as many y as its quantile has moved by, whatever they are, as long as that is above 0", () => {
    holds(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 25, maxLength: 400 }),
        (ys) => {
          const { [SHOWN]: shown, [HITS]: hits, [WIDTH]: width } = forecasterAfter(ys);
          fc.pre(width > 0);
          const off = (shown - hits) / shown - MISS;
          assert.ok(Math.abs(off - (width - FIRST_WIDTH) / (0.05 * shown)) < 1e-9);
        },
      ),
    );
  });
});

describe("the running scale", () => {
  it("is the first value, then a mean, then fades, and moves at most twofold", () => {
    assert.equal(scaleStep(0, 7, 1, 0.05), 7);
    assert.equal(scaleStep(2, 3, 2, 0.05), 2.5);
    assert.equal(scaleStep(2, 3, 100, 0.05), 2.05);
    assert.equal(scaleStep(2, 1e9, 100, 0.05), 4);
  });
});
