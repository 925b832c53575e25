import assert from "node:assert/strict";
import {
  countInInterval,
  learn,
  newEstimates,
  rowValues,
  variance,
} from "../../../services/stateful-estimator/estimators.js";

/** Estimates of one feature after these rows. */
function learned(rows: readonly (readonly [number, number])[]) {
  const estimates = newEstimates(1);
  for (const row of rows) assert.ok(learn(estimates, Float64Array.from(row)));
  return estimates;
}

describe("the estimators", () => {
  it("give mean, variance of the population, sum of absolute values and the newest absolute values", () => {
    // By hand: y = 2, 4, 9 has mean 5 and squared deviations 9 + 1 + 16; x = -1, 0, -2 has mean -1 and 0 + 1 + 1.
    const estimates = learned([
      [2, -1],
      [4, 0],
      [9, -2],
    ]);
    assert.equal(estimates.count, 3);
    assert.deepEqual([...estimates.mu], [5, -1]);
    assert.deepEqual([variance(estimates, 0), variance(estimates, 1)], [26 / 3, 2 / 3]);
    assert.deepEqual([...estimates.absSum], [15, 3]);
    assert.deepEqual([...estimates.abs], [9, 2]);
  });

  it("have variance 0 after one row", () => {
    const estimates = learned([[7, -3]]);
    assert.deepEqual([variance(estimates, 0), variance(estimates, 1)], [0, 0]);
  });

  it("keep the variance of numbers whose mean is a billion times their deviation", () => {
    // 1e9 + {4, 7, 13, 16}: mean 1e9 + 10, variance 22.5 (a textbook example, on which the difference of squares fails).
    const estimates = learned([4, 7, 13, 16].map((z) => [1e9 + z, z]));
    assert.deepEqual([estimates.mu[0], variance(estimates, 0), variance(estimates, 1)], [1e9 + 10, 22.5, 22.5]);
  });

  it("refuse a row that would make a sum overflow, and are as they were", () => {
    const max = Number.MAX_VALUE;
    const overflows: [string, [number, number][], [number, number]][] = [
      ["sum of absolute values", [[0, max]], [0, max]],
      ["squared deviation", [[0, 0]], [1e200, 0]],
      ["deviation", [[-max / 2, 0]], [max, 0]],
    ];
    for (const [what, rows, row] of overflows) {
      const estimates = newEstimates(1);
      for (const before of rows) assert.ok(learn(estimates, Float64Array.from(before)), what);
      const before = structuredClone(estimates);
      assert.equal(learn(estimates, Float64Array.from(row)), false, what);
      assert.deepEqual(estimates, before, what);
    }
  });

  it("refuse a row of another length", () => {
    assert.throws(
      () => learn(newEstimates(2), Float64Array.of(1, 2)),
      /RangeError: expected a row of 3 numbers, got 2/,
    );
  });

  it("take the maximum over y and x, and the mean over x alone", () => {
    assert.deepEqual(rowValues(Float64Array.of(9, -1, 4)), { max: 9, mean: 1.5 });
    assert.deepEqual(rowValues(Float64Array.of(-9, -3, -2)), { max: -2, mean: -2.5 });
  });
});

describe("the count of a batch interval", () => {
  const counts = (timestamps: readonly number[]) => {
    const interval = { startMs: 0, count: 0 };
    return timestamps.map((ms) => {
      countInInterval(interval, ms, 2000);
      return [interval.startMs, interval.count];
    });
  };

  it("begins anew where the record time reaches the next multiple of its length", () => {
    assert.deepEqual(counts([4000, 5999, 6000, 11_000]), [
      [4000, 1],
      [4000, 2],
      [6000, 1],
      [10_000, 1],
    ]);
  });

  it("counts a late record in the interval at hand, and never goes back", () => {
    assert.deepEqual(counts([6000, 1000, 5999, 7999, 8000]), [
      [6000, 1],
      [6000, 2],
      [6000, 3],
      [6000, 4],
      [8000, 1],
    ]);
  });

  it("takes times before the epoch, and a first record at any time", () => {
    assert.deepEqual(counts([-1, 0]), [
      [-2000, 1],
      [0, 1],
    ]);
  });
});
