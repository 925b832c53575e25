import assert from "node:assert/strict";
import { LARGEST_REGRET, MIXTURE, modelAt, REGRET, VARIATION } from "../../../../../shared/race/judge/places.js";
import { bestOf } from "../../../../../shared/race/judge/records.js";
import { JudgedRace, USUAL } from "../../../../support/judged-race.js";

const FORGETS_NOTHING = { ...USUAL, racePhi: 1 };

/** The mixture as it was asked last, of two models. */
function mixOf(race: JudgedRace, forecasts: readonly number[]) {
  const of = { topic: "t", series: "s", i: 0, y: 0 };
  return bestOf(of, ["a", "b"], Float64Array.from(forecasts), 0, race.asked, 0).mix;
}

/** R and V of both models, and B. */
function regretsOf({ judge }: JudgedRace) {
  const [R, V] = [REGRET, VARIATION].map((place) => [0, 1].map((m) => judge[modelAt(0, m) + place]));
  return { R, V, B: judge[MIXTURE + LARGEST_REGRET] };
}

describe("the mixture", () => {
  it("weighs two models as it does by hand", () => {
    const race = new JudgedRace(2, FORGETS_NOTHING);
    race.observe(0, 1, [1, 3]);
    assert.deepEqual(mixOf(race, [1, 3]).weights, [0.5, 0.5]);
    assert.deepEqual(regretsOf(race), { R: [2, -2], V: [4, 4], B: 4 });
    race.observe(1, 1, [2, 0]);
    assert.deepEqual(mixOf(race, [2, 0]).weights, [1, 0]);
    assert.deepEqual(regretsOf(race), { R: [2, 2], V: [4, 20], B: 16 });
    race.observe(2, 1, [1, 1]);
    const [first, second] = mixOf(race, [1, 1]).weights;
    assert.ok(Math.abs(first - 9 / 14) < 1e-15 && Math.abs(second - 5 / 14) < 1e-15);
  });

  it("passes over a model that has no forecast, and over an observation that nobody forecasts", () => {
    const race = new JudgedRace(2, FORGETS_NOTHING);
    race.observe(0, 1, [3, Number.NaN]);
    assert.deepEqual(mixOf(race, [3, Number.NaN]), { yhat: 3, lower: null, upper: null, weights: [1, 0] });
    race.observe(1, 1, [Number.NaN, Number.NaN]);
    assert.deepEqual(mixOf(race, [Number.NaN, Number.NaN]), { yhat: null, lower: null, upper: null, weights: [0, 0] });
    assert.deepEqual(regretsOf(race), { R: [0, 0], V: [0, 0], B: 0 });
  });

  it("is as it was where what it would learn is not finite", () => {
    const race = new JudgedRace(2, FORGETS_NOTHING);
    race.observe(0, 1, [1, 3]);
    // r = 2 (ŷ − y)(ŷ − f) is about 1e160, its square overflows; the error of the mixture, which is 1e80, does not.
    race.observe(1, 0, [1e80, -1e80]);
    race.observe(2, 0, [1e80, 1e80]);
    assert.deepEqual(regretsOf(race).R, [2, -2]);
    assert.equal(regretsOf(race).B, 4);
  });

  it("forgets regrets at the rate that is set", () => {
    const race = new JudgedRace(2, { ...USUAL, racePhi: 0.5 });
    race.observe(0, 1, [1, 3]);
    race.observe(1, 1, [1, 1]);
    assert.deepEqual(regretsOf(race), { R: [1, -1], V: [2, 2], B: 2 });
  });
});
