import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { memoryBudget } from "../../../../shared/memory-budget.js";
import { LABEL_LENGTH_MAX, OTHER_NAMES } from "../../../../shared/metric-label.js";
import { raceMetrics, type ShownSeries } from "../../../../shared/race/metrics.js";
import { prequentialMse } from "../../../../shared/race/score.js";

const nameAndValue = ([labels, value]: unknown[]) => [(labels as { topic: string }).topic, value];

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
    assert.deepEqual(await values("regatta_model_scored_forecasts"), [
      [{ ...of, model: "a" }, 1],
      [{ ...of, model: "b" }, 0],
    ]);
  });

  it("counts the series that race by topic, each once, until their partition leaves", async () => {
    const { metrics, values } = registered();
    const raced = async () => Object.fromEntries((await values("regatta_series_raced"))?.map(nameAndValue) ?? []);
    metrics.show("raw/s", 0, scored, 1);
    for (let i = 0; i < 2; i++) {
      metrics.show("raw/s", 0, scored, 1);
      metrics.show("raw/t/u", 1, { ...scored, series: "t/u" }, 1);
      metrics.met("raw/v", 1);
      metrics.met("other/s", 0);
    }
    assert.deepEqual(await raced(), { raw: 3, other: 1 });
    metrics.hide(0);
    assert.deepEqual(await raced(), { raw: 2 });
    metrics.show("raw/t/u", 1, { ...scored, series: "t/u" }, 1);
    assert.deepEqual(await raced(), { raw: 2 }, "one that is shown now is counted no second time");
    metrics.hide(1);
    assert.deepEqual(await raced(), {});
  });

  it("names series within a bound, and tells those apart that begin the same", async () => {
    const { metrics, values } = registered();
    const names = ["a", "b"].map((end) => `${"\u{1f600}".repeat(500)}${end}`);
    for (const [at, series] of names.entries()) metrics.show(`raw/${series}`, 0, { ...scored, series }, at + 1);
    for (const name of ["regatta_model_mse", "regatta_model_forecast", "regatta_series_target"]) {
      const labels = (await values(name))?.map(([of]) => (of as { series: string }).series) ?? [];
      assert.equal(new Set(labels).size, 2);
      for (const label of labels) assert.ok(label.length === LABEL_LENGTH_MAX && label.isWellFormed(), label);
    }
  });

  it("tells a bounded number of topics apart, whatever records say theirs is", async () => {
    const { metrics, values } = registered();
    for (let k = 0; k < 1000; k++) {
      metrics.met(`topic${k}/s`, 0);
      metrics.refused(`topic${k}`, "a", "reason");
    }
    const raced = new Map((await values("regatta_series_raced"))?.map((of) => nameAndValue(of) as [string, number]));
    assert.ok(raced.size < 300, `${raced.size}`);
    assert.equal(raced.get("topic7"), 1);
    assert.equal(raced.get(OTHER_NAMES), 1000 - (raced.size - 1));
  });

  it("counts no series that it has no room for the name of", async () => {
    const { metrics, values } = registered();
    for (let series = 0; series < 300; series++) metrics.met(`raw/${"s".repeat(1000)}${series}`, 0);
    const [[, counted]] = (await values("regatta_series_raced")) ?? [];
    assert.ok(Number(counted) >= 260 && Number(counted) < 265, `${counted}`);
  });

  it("gives the exact error of any window: of two scrapes, the difference of sums over that of numbers", async () => {
    const { metrics, values } = registered();
    const model = { name: "a", mse: 0, n: 0 };
    metrics.show("raw/s", 0, { ...scored, models: [model] }, 1);
    const errors = [3, -1, 0.5, 2, -4];
    const sums: number[] = [];
    const counts: number[] = [];
    for (const error of errors) {
      model.n++;
      model.mse = prequentialMse(model.mse, error, model.n);
      const [[, mse]] = (await values("regatta_model_mse")) ?? [];
      const [[, n]] = (await values("regatta_model_scored_forecasts")) ?? [];
      sums.push(Number(mse) * Number(n));
      counts.push(Number(n));
    }
    const recent = (sums[4] - sums[1]) / (counts[4] - counts[1]);
    assert.ok(Math.abs(recent - (0.25 + 4 + 16) / 3) < 1e-12, `${recent}`);
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
