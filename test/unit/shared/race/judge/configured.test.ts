import assert from "node:assert/strict";
import { moveAsked, moveJudge } from "../../../../../shared/race/judge/configured.js";
import {
  ASKED_CHAMPION,
  ASKED_MIXTURE,
  ASKED_WEIGHTS,
  askedLength,
  askedWidthAt,
  judgeLength,
  NONE,
} from "../../../../../shared/race/judge/places.js";
import { goneVerdict, shownVerdict } from "../../../../../shared/race/judge/records.js";
import { JudgedRace, USUAL } from "../../../../support/judged-race.js";

/** Two models, the second of which is better by far: it is champion from record 10 on at the latest. */
function raced(records: number): JudgedRace {
  const race = new JudgedRace(2);
  for (let i = 0; i < records; i++) race.observe(i, i, [Number.NaN, i - 1]);
  return race;
}

/** What the judge says of models that were configured anew. */
function movedOf(race: JudgedRace, places: readonly number[], first = 0, i = 99) {
  const to = new Float64Array(judgeLength(places.length) + 3).fill(7);
  const isGone = moveJudge(race.judge, 0, to, 3, places, first, i);
  const models = places.map((place, m) => (place === NONE ? { name: `new${m}`, n: 0, mse: 0 } : race.models[place]));
  const shown = () => shownVerdict(to, 3, models, USUAL);
  return { isGone, to, models, shown };
}

describe("a race whose models are configured anew", () => {
  it("keeps champion, scores and evidence of those that race on, wherever they are listed", () => {
    const race = raced(5);
    const before = shownVerdict(race.judge, 0, race.models, USUAL);
    const { isGone, shown } = movedOf(race, [1, 0]);
    assert.equal(isGone, false);
    assert.deepEqual(shown(), { ...before, models: [...before.models].reverse() });
    assert.equal(before.champion, "m0");
  });

  it("begins the pair of a new model at this record, and asks more evidence of all", () => {
    const { shown } = movedOf(raced(5), [0, 1, NONE]);
    const { pairs, threshold, models } = shown();
    assert.deepEqual(
      pairs.map(({ model, n }) => [model, n]),
      [
        ["m1", 5],
        ["new2", 0],
      ],
    );
    assert.equal(threshold, 40);
    assert.deepEqual(models[2], {
      model: "new2",
      n: 0,
      mse: null,
      fading: null,
      mae: null,
      r2: null,
      skill: null,
      coverage: null,
    });
  });

  it("has the first of the standings follow a champion that is listed no longer, and all pairs begin anew", () => {
    const { isGone, to, models, shown } = movedOf(raced(5), [NONE, 1], 1);
    assert.equal(isGone, true);
    const { champion, since, pairs } = shown();
    assert.deepEqual([champion, since], ["m1", 99]);
    assert.deepEqual(
      pairs.map(({ model, n }) => [model, n]),
      [["new0", 0]],
    );
    const verdict = goneVerdict({ topic: "t", series: "s", i: 99, y: null }, 5, to, 3, "m0", models, USUAL);
    assert.deepEqual([verdict.decision, verdict.reason, verdict.from, verdict.n], ["switch", "champion-gone", "m0", 5]);
  });

  it("has no champion that could go before the first scored observation", () => {
    const race = new JudgedRace(2);
    assert.equal(movedOf(race, [NONE, 1], 1).isGone, false);
    assert.equal(movedOf(race, [NONE, 1], 1).shown().champion, "new0");
  });

  it("keeps what an open question froze: of a model that is new nothing, not even a share", () => {
    const { asked } = raced(5);
    const moved = new Float64Array(askedLength(3));
    moveAsked(asked, 0, 2, moved, 0, [1, NONE, 0]);
    assert.equal(moved[ASKED_CHAMPION], 2);
    assert.equal(moved[ASKED_MIXTURE], asked[ASKED_MIXTURE]);
    assert.deepEqual(Array.from(moved.subarray(ASKED_WEIGHTS, ASKED_WEIGHTS + 3)), [1, Number.NaN, 0]);
    assert.equal(moved[askedWidthAt(0, 3, 1)], Number.NaN);
    moveAsked(asked, 0, 2, moved, 0, [1, NONE, NONE]);
    assert.equal(moved[ASKED_CHAMPION], NONE);
  });
});
