import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { memoryBudget } from "../../../../shared/memory-budget.js";
import { raceMetrics, type ShownSeries } from "../../../../shared/race/metrics.js";

const scored: ShownSeries = {
  topic: "raw",
  series: "s",
  y: 3,
  forecasts: [
    { model: "a", yhat: 2.5 },
    { model: "b", yhat: null },
  ],
  models: [
    { name: "a", mse: 0.25, n: 1 },
    { name: "b", mse: 0, n: 0 },
  ],
};

describe("metrics of a race", () => {
  const registered = () => {
    const registry = new Registry();
    const metrics = raceMetrics(registry);
    const values = async (name: string) =>
      (await registry.getSingleMetric(name)?.get())?.values.map(({ labels, value }) => [labels, value]);
    return { metrics, values };
  };

  it("shows target, forecasts and scores, and nothing of a model that has none", async () => {
    const { metrics, values } = registered();
    metrics.show("raw/s", 0, scored, 1);
    const of = { topic: "raw", series: "s" };
    assert.deepEqual(await values("regatta_series_target"), [[of, 3]]);
    assert.deepEqual(await values("regatta_model_forecast"), [[{ ...of, model: "a" }, 2.5]]);
    assert.deepEqual(await values("regatta_model_mse"), [[{ ...of, model: "a" }, 0.25]]);
  });

  it("is full where the memory for what is shown is taken, though more series may be shown", () => {
    const { shownSeries } = memoryBudget();
    const metrics = raceMetrics(new Registry(), [], () => shownSeries / 2);
    assert.equal(metrics.isFull(9, shownSeries), false);
    metrics.show("raw/s", 0, scored, 9);
    assert.ok(metrics.shown("raw/s"));
    assert.equal(metrics.isFull(9, 1), true);
    metrics.hide(0);
    assert.equal(metrics.isFull(9, shownSeries), false);
  });

  it("shows no more series than it may, and one more for each that left with its partition", async () => {
    const { metrics, values } = registered();
    const shown = async () => (await values("regatta_series_target"))?.map(([labels]) => labels);
    const show = (series: string, partition: number) =>
      metrics.show(`raw/${series}`, partition, { ...scored, series }, 2);
    for (const [series, partition] of [
      ["s0", 0],
      ["s1", 1],
      ["s2", 1],
    ] as const)
      show(series, partition);
    assert.deepEqual(await shown(), [
      { topic: "raw", series: "s0" },
      { topic: "raw", series: "s1" },
    ]);
    metrics.hide(1);
    assert.deepEqual(await shown(), [{ topic: "raw", series: "s0" }]);
    show("s2", 1);
    show("s1", 1);
    assert.deepEqual(await shown(), [
      { topic: "raw", series: "s0" },
      { topic: "raw", series: "s2" },
    ]);
  });
});
