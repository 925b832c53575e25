import assert from "node:assert/strict";
import { pagesOf, summarize } from "../../../deploy/local/race-summary.js";
import { newRaceView, type RaceView, see, seeVerdict } from "../../../deploy/local/race-view.js";
import type { Prediction } from "../../../shared/contract/schemas.js";
import type { Verdict } from "../../../shared/contract/verdict-schemas.js";

function prediction(given: Partial<Prediction>): Prediction {
  return { topic: "t", series: "s0", model: "a", i: 1, n: 1, y: 2, yhat: 1, error: 1, mse: 1, ...given };
}

function verdict(given: Partial<Verdict>): Verdict {
  const gap = { gap: null, lower: null, upper: null, gapMse: null, runN: null, runGapMse: null };
  const scores = { n: 0, mse: null, fading: null, mae: null, r2: null, skill: null, coverage: null };
  return {
    ...{
      topic: "t",
      series: "s0",
      i: 1,
      n: 1,
      decision: "keep",
      reason: "periodic",
      champion: "a",
      since: 1,
      from: null,
    },
    ...{
      challenger: "b",
      ...gap,
      pairN: 0,
      evidence: 1,
      threshold: 20,
      alpha: 0.05,
      pairs: [],
      models: [],
      mix: scores,
    },
    ...given,
  };
}

function seen(...predictions: Partial<Prediction>[]): RaceView {
  const view = newRaceView();
  for (const given of predictions) see(view, prediction(given));
  return view;
}

/** One observation, predicted by the models in order. */
function round(i: number, series: string, mse: Readonly<Record<string, number | null>>): Partial<Prediction>[] {
  return Object.entries(mse).map(([model, value]) => ({ series, model, i, n: i, y: i, yhat: i + 0.5, mse: value }));
}

describe("the view of a race", () => {
  it("shows of each series its newest totals, its leader, and what the leader forecast", () => {
    const [{ topic, rows, records }] = summarize(
      seen(...round(1, "s0", { a: 9, b: 8 }), ...round(2, "s0", { a: 3, b: 4 }), ...round(7, "s1", { a: 2, b: 1 })),
      10,
    );
    assert.equal(topic, "t");
    assert.equal(records, 2 + 7);
    assert.deepEqual(rows, [
      {
        series: "s0",
        records: 2,
        leader: "a",
        margin: 0.25,
        y: 2,
        yhat: 2.5,
        verdicts: [],
        mse: new Map([
          ["a", 3],
          ["b", 4],
        ]),
      },
      {
        series: "s1",
        records: 7,
        leader: "b",
        margin: 0.5,
        y: 7,
        yhat: 7.5,
        verdicts: [],
        mse: new Map([
          ["a", 2],
          ["b", 1],
        ]),
      },
    ]);
  });

  it("counts for each model the series that it leads, and the mean of its scores", () => {
    const view = seen(
      ...round(1, "s0", { a: 1, b: 2 }),
      ...round(1, "s1", { a: 3, b: 2 }),
      ...round(1, "s2", { a: 2, b: 5 }),
    );
    assert.deepEqual(summarize(view, 1)[0].models, [
      { model: "a", leads: 2, champion: 0, mseMean: 2, squaredErrors: 6, scored: 3 },
      { model: "b", leads: 1, champion: 0, mseMean: 3, squaredErrors: 9, scored: 3 },
    ]);
    see(view, prediction({ model: "a", i: 2, n: 2, mse: 1.5 }));
    const [a] = summarize(view, 1)[0].models;
    assert.deepEqual([a.squaredErrors, a.scored], [8, 4], "the second error of s0 was 2 in the square");
  });

  it("shows the models of a race under way in their order, and those it was not told of after them", () => {
    const view = seen({ model: "c" }, { model: "new" }, { model: "a" }, { model: "b" }, { model: "c" });
    const shown = (order: readonly string[]) => summarize(view, 1, order)[0].models.map(({ model }) => model);
    assert.deepEqual(shown(["a", "b", "c"]), ["a", "b", "c", "new"]);
    assert.deepEqual(shown([]), ["c", "new", "a", "b"]);
  });

  it("lets a score of 0 lead, a refusal never, and of equal scores the first model", () => {
    const leaders = (mse: Readonly<Record<string, number | null>>) =>
      summarize(seen(...round(1, "s0", mse)), 1)[0].rows[0].leader;
    assert.equal(leaders({ a: 1, b: 0 }), "b");
    assert.equal(leaders({ a: null, b: 5 }), "b");
    assert.equal(leaders({ a: 2, b: 2 }), "a");
    assert.equal(leaders({ a: null }), undefined);
  });

  it("shows the newest y without a forecast while the leader's own prediction of it has not come", () => {
    const [{ rows }] = summarize(seen(...round(1, "s0", { a: 1, b: 2 }), { model: "b", i: 2, n: 2, y: 20, mse: 3 }), 1);
    assert.deepEqual([rows[0].leader, rows[0].y, rows[0].yhat], ["a", 20, null]);
  });

  it("forgets a model that predicts no more, and keeps one whose predictions were jumped over in part", () => {
    const view = seen(...round(1, "s0", { a: 1, old: 0 }));
    for (let i = 2; i <= 10; i++) for (const given of round(i, "s0", { a: 1, b: 2 })) see(view, prediction(given));
    // A tail that begins between two models of one observation, ten times over.
    for (let jump = 0; jump < 10; jump++) {
      for (const given of [...round(20 + 2 * jump, "s0", { b: 2 }), ...round(21 + 2 * jump, "s0", { a: 1, b: 2 })]) {
        see(view, prediction(given));
      }
    }
    assert.deepEqual([...summarize(view, 1)[0].rows[0].mse.keys()], ["a", "b"]);
  });

  it("keeps the models of two services that race one topic, one of them far ahead of the other", () => {
    const view = newRaceView();
    for (let i = 1; i <= 50; i++) for (const given of round(i, "s0", { a: 1 })) see(view, prediction(given), "fast");
    for (let i = 1; i <= 50; i++) for (const given of round(i, "s0", { b: 2 })) see(view, prediction(given), "slow");
    assert.deepEqual([...summarize(view, 1)[0].rows[0].mse.keys()], ["a", "b"]);
  });

  it("names the models of one service together, whichever it heard of first", () => {
    const view = newRaceView();
    for (const source of ["rls", "ml", "rls"])
      for (const k of [1, 2]) see(view, prediction({ model: `${source}${k}` }), source);
    assert.deepEqual(
      summarize(view, 1)[0].models.map(({ model }) => model),
      ["ml1", "ml2", "rls1", "rls2"],
    );
  });

  it("shows the newest verdict of each service on its own models, and counts the champions", () => {
    const view = newRaceView();
    for (const series of ["s0", "s1"]) {
      for (const given of round(1, series, { a: 1, b: 2 })) see(view, prediction(given), "rls-predictions");
      for (const given of round(1, series, { c: 3 })) see(view, prediction(given), "ml-predictions");
      seeVerdict(view, verdict({ series, champion: "a", challenger: "b", evidence: 3 }), "rls-verdicts");
    }
    seeVerdict(
      view,
      verdict({ champion: "b", challenger: "a", evidence: 1.5, gap: -0.1, lower: -0.2, upper: 0.05 }),
      "rls-verdicts",
    );
    seeVerdict(view, verdict({ champion: "c", challenger: null, evidence: null, threshold: 0 }), "ml-verdicts");
    const [{ rows, models }] = summarize(view, 2);
    assert.deepEqual(rows[0].verdicts, [
      { champion: "c", challenger: null, evidence: null, threshold: 0, gap: null, lower: null, upper: null },
      { champion: "b", challenger: "a", evidence: 1.5, threshold: 20, gap: -0.1, lower: -0.2, upper: 0.05 },
    ]);
    assert.deepEqual(
      models.map(({ model, champion }) => [model, champion]),
      [
        ["c", 1],
        ["a", 1],
        ["b", 1],
      ],
    );
  });

  it("shows no series of which only a verdict has come, and no champion whose forecasts it does not see", () => {
    const view = newRaceView();
    seeVerdict(view, verdict({ champion: "gone" }), "rls-verdicts");
    assert.deepEqual(summarize(view, 1)[0].rows, []);
    see(view, prediction({}));
    assert.deepEqual(summarize(view, 1)[0].rows[0].verdicts, []);
  });

  it("orders names as people count: s2 before s10", () => {
    const view = seen({ series: "s10" }, { series: "s2" }, { series: "s1" }, { series: "b" });
    assert.deepEqual(
      summarize(view, 4)[0].rows.map(({ series }) => series),
      ["b", "s1", "s2", "s10"],
    );
  });

  it("says how far the leader is ahead of the next model, and nothing where it races alone", () => {
    const margins = (mse: Readonly<Record<string, number | null>>) =>
      summarize(seen(...round(1, "s0", mse)), 1)[0].rows[0].margin;
    assert.equal(margins({ a: 4, b: 3, c: 9 }), 0.25);
    assert.equal(margins({ a: 0, b: 0 }), 0);
    assert.equal(margins({ a: 4, b: null }), null);
  });

  it("turns pages of series, and stays at the last one of a topic that has fewer", () => {
    const names = (topic: string, count: number) =>
      Array.from({ length: count }, (_, k) => ({ topic, series: `s${k}` }));
    const view = seen(...names("few", 3), ...names("many", 200));
    assert.equal(pagesOf(view, 10), 20);
    const pageOf = (page: number) =>
      summarize(view, 10, [], page).map(({ rows, skipped }) => [skipped, rows[0].series, rows.length]);
    assert.deepEqual(pageOf(0), [
      [0, "s0", 3],
      [0, "s0", 10],
    ]);
    assert.deepEqual(pageOf(19), [
      [0, "s0", 3],
      [190, "s190", 10],
    ]);
    assert.equal(pagesOf(newRaceView(), 10), 1);
  });

  it("keeps topics apart, in the order of their names", () => {
    const view = seen({ topic: "u" }, { topic: "t", mse: 3 });
    assert.deepEqual(
      summarize(view, 1).map(({ topic, models }) => [topic, models[0].mseMean]),
      [
        ["t", 3],
        ["u", 1],
      ],
    );
  });

  it("holds a bounded number of 40,000 series, the first ones always among them, and says that there are more", () => {
    const view = newRaceView();
    for (let k = 39_999; k >= 0; k--) see(view, prediction({ series: `s${k}`, mse: k }));
    const [{ rows, seriesCount, more }] = summarize(view, 50);
    assert.deepEqual(
      rows.map(({ series }) => series),
      Array.from({ length: 50 }, (_, k) => `s${k}`),
    );
    assert.equal(seriesCount, 10_000);
    assert.equal(more, true);
    assert.equal(view.get("t")?.series.size, 10_000);
  });

  it("keeps the first topics of very many, and has pages of any number", () => {
    const names = Array.from({ length: 1000 }, (_, k) => `t${k}`);
    const view = seen(...names.map((topic) => ({ topic })), { topic: "t0", series: "s1" });
    assert.deepEqual([...view.keys()], names.slice(0, 100));
    assert.equal(view.get("t0")?.series.size, 2);
    const races = { series: new Map(), first: ["s0", "s1", "s2"], more: false };
    const wide: RaceView = new Map(Array.from({ length: 200_000 }, (_, k) => [`t${k}`, races]));
    assert.equal(pagesOf(wide, 2), 2);
  });
});
