import assert from "node:assert/strict";
import fc from "fast-check";
import { binErrors } from "../../../deploy/page/browser/error-bins.js";
import { COLOURS, colourNumber } from "../../../deploy/page/browser/model-colours.js";
import { RaceStore } from "../../../deploy/page/browser/race-store.js";
import { hashOf, keyOf, placeOf } from "../../../deploy/page/browser/route.js";
import { agoText, lessText, nameText, percentText, surenessOf, valueText } from "../../../deploy/page/browser/words.js";
import { Follower } from "../../../deploy/page/follower.js";
import { PageState } from "../../../deploy/page/page-state.js";
import { bestOf, verdictOf } from "../../support/data/page-records.js";
import { seed } from "../../support/property.js";

const NOW = Date.UTC(2026, 10, 30, 12);

describe("the address of a series on the page", () => {
  it("leads back to any series, whatever is in its name", () => {
    const name = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(name, (series) => {
        const place = { topic: "a.b_c-1", series };
        assert.deepEqual(placeOf(hashOf(place)), place);
      }),
      { seed },
    );
  });

  it("names none where it is another one", () => {
    for (const hash of ["", "#/", "#/series/t", "#/series/t/a/b", "#/series/t/%zz"])
      assert.equal(placeOf(hash), undefined);
  });
});

describe("words on the page", () => {
  it("are numbers in four digits", () => {
    assert.deepEqual([1234567.8, 0.0211163, -0.5, 0, 1e-7, null].map(valueText), [
      "1,235,000",
      "0.02112",
      "−0.5",
      "0",
      "1.000e−7",
      "–",
    ]);
    assert.deepEqual([0.372, 0.0123, -0.5, 12.5, null].map(percentText), ["37 %", "1.2 %", "−50 %", "1,250 %", "–"]);
  });

  it("tell how long ago something was, and the date where that is long", () => {
    assert.deepEqual(
      [0, 42_000, 180_000, 7_200_000, 3 * 86_400_000].map((ms) => agoText(NOW - ms, NOW)),
      ["just now", "42 s ago", "3 min ago", "2 h ago", "3 days ago"],
    );
    assert.match(agoText(Date.UTC(1958, 2, 29), NOW), /1958/);
    assert.match(agoText(NOW + 86_400_000, NOW), /2026/);
    assert.equal(agoText(null, NOW), "at an unknown time");
    assert.equal(agoText(9e15, NOW), "at an unknown time");
  });

  it("show characters of a name that nobody would see", () => {
    assert.equal(nameText("a\u0000b\u202ec"), "a\\u0000b\\u202ec");
    assert.equal(nameText(""), "(empty name)");
  });

  it("say how sure a champion is as docs/race.md reads gap and its range", () => {
    const verdict = { ...verdictOf("t", "s", 1), at: null };
    assert.equal(surenessOf(verdict).level, "open");
    assert.equal(surenessOf({ ...verdict, upper: -0.052 }).level, "sure");
    assert.equal(surenessOf({ ...verdict, lower: 0.01, upper: 0.2 }).level, "doubtful");
    assert.equal(surenessOf({ ...verdict, challenger: null }).level, "alone");
    assert.equal(lessText(0.8, 1), "20 % less");
    assert.equal(lessText(1.2, 1), "20 % more");
    assert.equal(lessText(1, 0), undefined);
  });
});

describe("colours of the page", () => {
  it("are a different one for each model that is raced by default or by its kind's name", () => {
    const models = ["rls1", "rls2", "rf", "lin", "gb", "ridge", "knn", "tree", "last", "mean", "holt", "sgd"];
    assert.equal(new Set(models.map(colourNumber)).size, models.length);
    assert.ok(colourNumber("gb:n_estimators=50") < COLOURS);
  });
});

describe("bins of errors", () => {
  it("count each error once, around 0", () => {
    const y = [1, 2, 3, 4, null, 5];
    const yhat = [0, 2, 4, 4, 1, null];
    const bins = binErrors(y, yhat);
    assert.equal(bins?.errors, 4);
    assert.equal(bins?.mean, 0);
    assert.equal(bins?.span, 1);
    assert.equal(
      bins?.counts.reduce((sum, count) => sum + count, bins.beyond),
      4,
    );
    assert.equal(bins?.counts[15], 2);
    assert.equal(bins?.counts[0], 1);
    assert.equal(bins?.counts.at(-1), 1);
  });

  it("are there where all forecasts are right, and not where there is none", () => {
    assert.equal(binErrors([1, 2], [1, 2])?.counts[15], 2);
    assert.equal(binErrors([null], [1]), undefined);
  });
});

describe("what the browser knows", () => {
  const selection = { topic: "t", series: "s" };
  const left = () => ({ ...new PageState().leftOut(), passedOver: 0, strange: 0, trouble: null });

  it("is what the server knows, after any pushes", () => {
    const record = fc.record({ i: fc.nat(60), isLabel: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 30 }), { maxLength: 8 }), (pushes) => {
        const state = new PageState();
        const context = { brokers: "b", services: () => null, left };
        const follower = new Follower(state, context, selection);
        const store = new RaceStore();
        for (const [k, records] of pushes.entries()) {
          for (const { i, isLabel } of records) {
            state.takeBest({ ...bestOf("t", "s", i), ...(isLabel ? { asked: 1 } : {}) }, "rls-racer", null);
            state.takeVerdict(verdictOf("t", "s", i), "rls-racer", null);
          }
          const update = follower.next(k * 1000);
          if (update !== undefined) store.apply(update);
        }
        const [known] = state.series("t", "s", 0)?.races ?? [];
        const [race] = store.races;
        assert.deepEqual(race?.points, known?.points);
        assert.deepEqual(race?.verdicts, known?.verdicts);
        assert.deepEqual([...store.rows.values()], state.rows(0, 10).rows);
      }),
      { seed },
    );
  });

  it("is forgotten where the server begins again", () => {
    const store = new RaceStore();
    const row = { ...selection, n: 1, at: null, spark: [], races: [] };
    store.apply({ first: true, now: NOW, rows: [row] });
    store.apply({ first: true, now: NOW, rows: [{ ...row, series: "other" }] });
    assert.deepEqual([...store.rows.keys()], [keyOf({ topic: "t", series: "other" })]);
  });
});
