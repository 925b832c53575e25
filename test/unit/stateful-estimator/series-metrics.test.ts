import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { learn, newEstimates } from "../../../services/stateful-estimator/estimators.js";
import { seriesMetrics } from "../../../services/stateful-estimator/series-metrics.js";
import { LABEL_LENGTH_MAX } from "../../../shared/metric-label.js";

describe("metrics of what is known of y", () => {
  it("name series within a bound, and tell those apart that begin the same", async () => {
    const registry = new Registry();
    const metrics = seriesMetrics(registry);
    const estimates = newEstimates(1);
    learn(estimates, Float64Array.of(2, 1));
    for (const series of ["short", `${"s".repeat(1000)}a`, `${"s".repeat(1000)}b`])
      metrics.show(`raw/${series}`, 0, estimates, 20, () => ({ topic: "raw", series }));
    const values = (await registry.getSingleMetric("regatta_series_mean")?.get())?.values ?? [];
    assert.deepEqual(
      values.map(({ value }) => value),
      [2, 2, 2],
    );
    const labels = values.map(({ labels: of }) => String(of.series));
    assert.equal(new Set(labels).size, 3);
    assert.deepEqual(
      labels.map(({ length }) => length),
      [5, LABEL_LENGTH_MAX, LABEL_LENGTH_MAX],
    );
  });
});
