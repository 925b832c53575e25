import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { committedCounters } from "../../../../../shared/committed-counter.js";
import { raceMetrics } from "../../../../../shared/race/metrics.js";
import { JudgedRace } from "../../../../support/judged-race.js";

const of = { topic: "raw", series: "s" };
const byModel = (...values: (number | undefined)[]) =>
  values.flatMap((value, m) => (value === undefined ? [] : [[{ ...of, model: `m${m}` }, value]]));

describe("metrics of the judge", () => {
  const shownOf = (race: JudgedRace | undefined) => {
    const registry = new Registry();
    const metrics = raceMetrics(registry);
    const judge = race && { doubles: race.judge, at: 0 };
    metrics.show("raw/s", 0, { ...of, y: 1, forecasts: [], models: race?.models ?? [], judge }, 1);
    const values = async (name: string) =>
      (await registry.getSingleMetric(name)?.get())?.values.map(({ labels, value }) => [labels, value]);
    const commit = () => {
      for (const counter of committedCounters(registry)) {
        counter.seal();
        counter.committed();
      }
    };
    return { metrics, values, commit };
  };

  it("show champion, evidence, fading error, skill and coverage of every model that has them", async () => {
    const race = new JudgedRace(2);
    // `last` forecasts 0, then 2. The second model refuses the second observation.
    race.observe(0, 2, [1, 2]);
    race.observe(1, 4, [4, Number.NaN]);
    const { values } = shownOf(race);
    assert.deepEqual(await values("regatta_model_champion"), byModel(1, 0));
    const fading = 0.99 / 1.99;
    assert.deepEqual(await values("regatta_model_fading_mse"), byModel(fading, 0));
    assert.deepEqual(await values("regatta_model_skill"), byModel(1 - 0.5 / 4, 1));
    assert.deepEqual(await values("regatta_model_coverage"), []);
    assert.deepEqual(await values("regatta_model_interval_half_width"), []);
    const evidence = await values("regatta_model_evidence");
    assert.deepEqual(
      evidence?.map(([labels]) => labels),
      [{ ...of, model: "m1" }],
    );
  });

  it("show the share of intervals that held y, from the first that was shown", async () => {
    const race = new JudgedRace(1);
    for (let i = 0; i < 20; i++) race.observe(i, i % 2, [0.5]);
    // Half-width 2.06 · 0.5 = 1.03: y = 1.5 is inside, 1.6 outside.
    assert.deepEqual(await shownOf(race).values("regatta_model_interval_half_width"), byModel(1.03));
    race.observe(20, 1.5, [0.5]);
    race.observe(21, 9, [0.5]);
    assert.deepEqual(await shownOf(race).values("regatta_model_coverage"), byModel(0.5));
  });

  it("show how well the last value and the mean would have forecast, and how often they did", async () => {
    const race = new JudgedRace(1);
    // `last` forecasts 0, 2, 4 and `mean` 0, 2, 3.
    for (const [i, y] of [2, 4, 9].entries()) race.observe(i, y, [1]);
    const { values } = shownOf(race);
    const baselines = (last: number, mean: number) => [
      [{ ...of, baseline: "last" }, last],
      [{ ...of, baseline: "mean" }, mean],
    ];
    assert.deepEqual(await values("regatta_baseline_mse"), baselines((4 + 4 + 25) / 3, (4 + 4 + 36) / 3));
    assert.deepEqual(await values("regatta_baseline_scored_forecasts"), baselines(3, 3));
  });

  it("show nothing of a series without a judge, and count switches by who is champion since", async () => {
    const { metrics, values, commit } = shownOf(undefined);
    metrics.switched("raw", "b");
    commit();
    assert.deepEqual(await values("regatta_model_champion"), []);
    assert.deepEqual(await values("regatta_baseline_mse"), []);
    assert.deepEqual(await values("regatta_verdict_switches_total"), [[{ topic: "raw", model: "b" }, 1]]);
  });
});
