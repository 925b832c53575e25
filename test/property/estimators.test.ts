import assert from "node:assert/strict";
import fc from "fast-check";
import { countInInterval, learn, newEstimates, variance } from "../../services/stateful-estimator/estimators.js";
import { streams } from "../support/data/race-arbitraries.js";
import { holds } from "../support/property.js";

describe("the estimators on any stream", () => {
  it("agree with the batch formulas for mean, variance and sum of absolute values", () => {
    holds(
      fc.property(streams(40), ({ features, rows }) => {
        const estimates = newEstimates(features);
        for (const { y, x } of rows) assert.ok(learn(estimates, Float64Array.of(y, ...x)));
        const N = rows.length;
        for (let j = 0; j <= features; j++) {
          const column = rows.map(({ y, x }) => (j === 0 ? y : x[j - 1]));
          const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
          const mean = sum(column) / N;
          const squares = sum(column.map((z) => (z - mean) ** 2));
          // Numbers are at most 5: 40 steps round to less than these.
          assert.ok(Math.abs(estimates.mu[j] - mean) <= 1e-13);
          assert.ok(Math.abs(variance(estimates, j) - squares / N) <= 1e-12);
          assert.ok(Math.abs(estimates.absSum[j] - sum(column.map(Math.abs))) <= 1e-12);
          assert.equal(estimates.abs[j], Math.abs(column[N - 1]));
        }
      }),
    );
  });

  it("count the records of an interval as an independent grouping by the latest begin so far does", () => {
    const times = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 1, maxLength: 40 });
    holds(
      fc.property(times, fc.integer({ min: 1, max: 5000 }), (timestamps, length) => {
        const interval = { startMs: 0, count: 0 };
        const latest = timestamps.map((_, k) =>
          Math.max(...timestamps.slice(0, k + 1).map((ms) => Math.floor(ms / length))),
        );
        for (const [k, ms] of timestamps.entries()) {
          countInInterval(interval, ms, length);
          assert.equal(interval.startMs, latest[k] * length);
          assert.equal(interval.count, latest.slice(0, k + 1).filter((number) => number === latest[k]).length);
        }
      }),
    );
  });
});
