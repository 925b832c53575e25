import assert from "node:assert/strict";
import { Follower, ROWS_AT_ONCE } from "../../../deploy/page/follower.js";
import type { Letter } from "../../../deploy/page/messages.js";
import { type PageBounds, PageState } from "../../../deploy/page/page-state.js";
import { PointRing } from "../../../deploy/page/point-ring.js";
import { bestOf, verdictOf } from "../../support/data/page-records.js";

const TOPIC = "t";
const BOUNDS: PageBounds = { series: 200, racePoints: 1000, points: 20_000, letters: 5 };
const context = {
  brokers: "b:9092",
  services: () => null,
  left: () => ({ ...new PageState().leftOut(), passedOver: 0, strange: 0, trouble: null }),
};
const letterAt = (offset: number): Letter => ({
  place: `dead-letters[0]@${offset}`,
  reason: "arity",
  message: "",
  service: "deserializer",
  origin: "t[0]@1",
  at: null,
  record: "",
});

describe("the ring of a race's observations", () => {
  const point = (i: number, y = i, isLabel = false) => ({ i, y, yhat: 0, lower: 0, upper: 0, model: 0, isLabel });
  const ringOf = (limit: number, ...steps: readonly number[]) => {
    const ring = new PointRing(limit);
    for (const [k, i] of steps.entries()) ring.take(point(i), k + 1);
    return ring;
  };

  it("keeps the newest in order, and counts those that are gone", () => {
    const ring = ringOf(100, ...Array.from({ length: 250 }, (_, i) => i));
    assert.deepEqual(
      ring.columns(0).i,
      Array.from({ length: 100 }, (_, k) => 150 + k),
    );
    assert.equal(ring.older, 150);
    assert.deepEqual(ring.range, [150, 249]);
    ring.limitTo(10);
    assert.deepEqual(ring.columns(0).i, [240, 241, 242, 243, 244, 245, 246, 247, 248, 249]);
    assert.equal(ring.older, 240);
  });

  it("puts the label of a question in the question's place, and tells it as new", () => {
    const ring = ringOf(100, 1, 2, 3);
    ring.take(point(2, 7.5, true), 4);
    assert.deepEqual(ring.columns(0).y, [1, 7.5, 3]);
    assert.deepEqual(ring.columns(3).i, [2]);
  });

  it("passes over a label whose question is gone", () => {
    const ring = ringOf(2, 1, 2, 3);
    ring.take(point(1, 7.5, true), 4);
    assert.deepEqual(ring.columns(0).i, [2, 3]);
  });

  it("begins anew where the sender's counter goes back", () => {
    const ring = ringOf(100, 500, 501, 0, 1);
    assert.deepEqual(ring.columns(0).i, [0, 1]);
    assert.deepEqual(ring.range, [0, 1]);
  });
});

describe("the state of the page", () => {
  it("keeps the series that came first, and says that there are more", () => {
    const state = new PageState(BOUNDS);
    for (let k = 0; k <= BOUNDS.series; k++) state.takeBest(bestOf(TOPIC, `s${k}`, 1), "rls-racer", 1);
    const { rows } = state.rows(0, Number.POSITIVE_INFINITY);
    assert.equal(rows.length, BOUNDS.series);
    assert.equal(
      rows.some(({ series }) => series === `s${BOUNDS.series}`),
      false,
    );
    assert.equal(state.leftOut().moreSeries, true);
  });

  it("keeps no more observations of all series than its bound, and all of few however many series there are", () => {
    const state = new PageState(BOUNDS);
    const take = (series: string, count: number) => {
      for (let i = 0; i < count; i++) state.takeBest(bestOf(TOPIC, series, i), "rls-racer", 1);
    };
    const kept = (series: string) => state.series(TOPIC, series, 0)?.races[0].points.i.length ?? 0;
    for (let k = 0; k < 100; k++) take(`small${k}`, 1);
    take("large", BOUNDS.racePoints + 1);
    assert.equal(kept("large"), BOUNDS.racePoints);
    assert.equal(state.leftOut().pointsEach, BOUNDS.racePoints);
    for (let k = 0; k < 50; k++) take(`s${k}`, BOUNDS.racePoints);
    let points = 100 + kept("large");
    for (let k = 0; k < 50; k++) points += kept(`s${k}`);
    assert.ok(points <= BOUNDS.points, `${points}`);
    assert.ok(points > BOUNDS.points / 4, `${points}`);
    assert.equal(kept("large"), BOUNDS.racePoints / 4);
    assert.equal(state.leftOut().pointsEach, BOUNDS.racePoints / 4);
    assert.equal(kept("small7"), 1);
  });

  it("keeps the newest dead letters, each once", () => {
    const state = new PageState(BOUNDS);
    for (let offset = 0; offset < 8; offset++) state.takeLetter(letterAt(offset));
    state.takeLetter(letterAt(6));
    assert.deepEqual(
      state.letters(0).map(({ place }) => place),
      [3, 4, 5, 6, 7].map((offset) => `dead-letters[0]@${offset}`),
    );
    assert.equal(state.leftOut().olderLetters, 3);
  });

  it("forgets verdicts that a race begun anew has not made", () => {
    const state = new PageState();
    for (const i of [100, 200, 300, 0, 100]) state.takeVerdict(verdictOf(TOPIC, "s", i), "rls-racer", 1);
    const [race] = state.series(TOPIC, "s", 0)?.races ?? [];
    assert.deepEqual(
      race.verdicts.map(({ i }) => i),
      [0, 100],
    );
  });
});

describe("what an open page is told", () => {
  it("is everything at first, then what has changed", () => {
    const state = new PageState();
    state.takeBest(bestOf(TOPIC, "a", 1), "rls-racer", 1);
    state.takeVerdict(verdictOf(TOPIC, "a", 1), "rls-racer", 1);
    state.takeBest(bestOf(TOPIC, "b", 1), "rls-racer", 1);
    state.takeLetter(letterAt(1));
    const follower = new Follower(state, context, { topic: TOPIC, series: "a" });
    const first = follower.next(0);
    assert.equal(first?.first, true);
    assert.deepEqual(first?.rows?.map(({ series }) => series).sort(), ["a", "b"]);
    assert.deepEqual(first?.series?.races[0].points.i, [1]);
    assert.equal(first?.series?.races[0].verdicts.length, 1);
    assert.equal(first?.letters?.length, 1);
    assert.equal(follower.next(1), undefined);

    state.takeBest(bestOf(TOPIC, "a", 2), "rls-racer", 1);
    state.takeBest(bestOf(TOPIC, "a", 3), "rls-racer", 1);
    const next = follower.next(2);
    assert.deepEqual(next?.series?.races[0].points.i, [2, 3]);
    assert.equal(next?.rows, undefined);
    assert.deepEqual(
      follower.next(1001)?.rows?.map(({ series }) => series),
      ["a"],
    );
  });

  it("says nothing of the points of another series", () => {
    const state = new PageState();
    const follower = new Follower(state, context, { topic: TOPIC, series: "a" });
    follower.next(0);
    state.takeBest(bestOf(TOPIC, "b", 1), "rls-racer", 1);
    assert.equal(follower.next(1), undefined);
  });

  it("is one message for all that came while it was not asked for, and rows in pieces, none left out", () => {
    const state = new PageState();
    const follower = new Follower(state, context, { topic: TOPIC, series: "s0" });
    follower.next(0);
    const series = 2 * ROWS_AT_ONCE + 100;
    for (let i = 0; i < 5; i++)
      for (let k = 0; k < series; k++) state.takeBest(bestOf(TOPIC, `s${k}`, i), "rls-racer", 1);
    const told = [1000, 2000, 3000].map((now) => follower.next(now));
    assert.deepEqual(
      told.map((update) => update?.rows?.length),
      [ROWS_AT_ONCE, ROWS_AT_ONCE, 100],
    );
    assert.equal(new Set(told.flatMap((update) => update?.rows?.map((row) => row.series) ?? [])).size, series);
    assert.deepEqual(told[0]?.series?.races[0].points.i, [0, 1, 2, 3, 4]);
  });

  it("has health at least every two seconds, from whose absence a page learns that the server is away", () => {
    const follower = new Follower(new PageState(), context, undefined);
    assert.equal(follower.next(0)?.services, null);
    assert.equal(follower.next(1900), undefined);
    assert.equal(follower.next(2000)?.services, null);
  });
});
