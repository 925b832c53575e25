import assert from "node:assert/strict";
import { moveAsked } from "../../../../../shared/race/judge/configured.js";
import { ask, correctJudge, isScorable, tell } from "../../../../../shared/race/judge/judge.js";
import { askedLength, forgetAsked, judgeLength, NONE, newJudge } from "../../../../../shared/race/judge/places.js";
import { bestOf, isVerdictDue, layBest, shownVerdict, verdictOf } from "../../../../../shared/race/judge/records.js";
import { JudgedRace, USUAL } from "../../../../support/judged-race.js";

const of = { topic: "t", series: "s", i: 3, y: 2 };

describe("the judge", () => {
  it("begins with the first model, and says so at the first scored observation", () => {
    const race = new JudgedRace(2);
    const told = race.observe(7, 1, [0, 0]);
    const verdict = verdictOf({ ...of, i: 7 }, 1, told, race.models, USUAL);
    const { decision, reason, champion, since, from, challenger, pairN, evidence, threshold } = verdict;
    assert.deepEqual(
      { decision, reason, champion, since, from },
      {
        ...{ decision: "start", reason: "first-observation", champion: "m0", since: 7, from: null },
      },
    );
    assert.deepEqual(
      { challenger, pairN, evidence, threshold },
      { challenger: "m1", pairN: 1, evidence: 1, threshold: 20 },
    );
    assert.equal(isVerdictDue(told, 1, 100), true);
    assert.equal(race.observe(8, 1, [0, 0]).decision, "keep");
  });

  it("crowns the challenger of most evidence, the first on a tie, and says what the pairs were before", () => {
    const race = new JudgedRace(3);
    let told = race.observe(0, 1, [Number.NaN, 1, 1]);
    let i = 0;
    while (told.decision !== "switch") told = race.observe(++i, 1, [Number.NaN, 1, 1]);
    // Two challengers need 40: one record more than the 20 of one.
    assert.equal(i, 9);
    const verdict = verdictOf({ ...of, i }, i + 1, told, race.models, USUAL);
    assert.deepEqual([verdict.champion, verdict.from, verdict.challenger, verdict.since], ["m1", "m0", "m1", 9]);
    assert.deepEqual(
      verdict.pairs.map(({ model, n }) => [model, n]),
      [
        ["m1", 10],
        ["m2", 10],
      ],
    );
    const after = shownVerdict(race.judge, 0, race.models, USUAL);
    assert.deepEqual(
      after.pairs.map(({ model, n, evidence }) => [model, n, evidence]),
      [
        ["m0", 0, 1],
        ["m2", 0, 1],
      ],
    );
  });

  it("does not crown a model that refuses the observation at hand", () => {
    const race = new JudgedRace(2);
    for (let i = 0; i < 8; i++) race.observe(i, 1, [Number.NaN, 1]);
    for (let i = 8; i < 12; i++) race.judge.fill(1e6, race.judge.length - 11, race.judge.length - 3);
    assert.equal(race.observe(12, 1, [1, Number.NaN]).decision, "keep");
    assert.equal(race.observe(13, 1, [Number.NaN, 1]).decision, "switch");
  });

  it("has nobody to compare one model with", () => {
    const race = new JudgedRace(1);
    const told = race.observe(0, 1, [0]);
    const { challenger, evidence, threshold, pairs, pairN, runN } = verdictOf(of, 1, told, race.models, USUAL);
    assert.deepEqual(
      { challenger, evidence, threshold, pairs, pairN, runN },
      {
        ...{ challenger: null, evidence: null, threshold: 0, pairs: [], pairN: null, runN: null },
      },
    );
    for (let i = 1; i < 100; i++) assert.equal(race.observe(i, 1, [Number.NaN]).decision, "keep");
  });

  it("is due at every so manieth observation, and where something is decided", () => {
    const told = new JudgedRace(1).observe(0, 1, [0]);
    const keep = { ...told, decision: "keep" } as const;
    assert.deepEqual(
      [99, 100, 101, 200].map((n) => isVerdictDue(keep, n, 100)),
      [false, true, false, true],
    );
  });

  it("refuses an error whose fading sum would not be finite", () => {
    const race = new JudgedRace(1);
    assert.equal(isScorable(race.judge, 0, 0, 1e154, USUAL), true);
    assert.equal(isScorable(race.judge, 0, 0, 1e155, USUAL), false);
    race.observe(0, 1.3e154, [0]);
    assert.equal(isScorable(race.judge, 0, 0, 1.3e154, USUAL), false);
  });

  it("corrects the plain means alone", () => {
    const race = new JudgedRace(2);
    race.observe(0, 4, [1, Number.NaN]);
    const told = race.observe(1, 2, [1, 3]);
    const companions = told.companions.slice();
    const before = shownVerdict(race.judge, 0, race.models, USUAL);
    // Baselines had forecast 4 and 4, the mixture 1 and 3 with weight 1/2 each, since nobody had a regret.
    assert.deepEqual(Array.from(companions), [2, 4, 4]);
    correctJudge(race.judge, 0, 2, Float64Array.of(1, 3), 0, companions, 0, 2, 6);
    const after = shownVerdict(race.judge, 0, race.models, USUAL);
    assert.deepEqual(
      after.models.map(({ mae }) => mae),
      [(3 + 5) / 2, 3],
    );
    assert.deepEqual([after.mix.mae, after.mix.mse], [(3 + 4) / 2, (9 + 16) / 2]);
    assert.deepEqual(
      after.models.map(({ fading }) => fading),
      before.models.map(({ fading }) => fading),
    );
    assert.deepEqual(after.pairs, before.pairs);
    // mse of both baselines is now (16 + 4) / 2.
    assert.equal(after.models[0].r2, 1 - race.models[0].mse / 10);
    assert.equal(after.models[0].skill, 1 - race.models[0].mse / 10);
  });

  it("corrects nothing that it has not judged", () => {
    const race = new JudgedRace(1);
    race.observe(0, 4, [1]);
    const before = race.judge.slice();
    correctJudge(race.judge, 0, 1, Float64Array.of(1), 0, new Float64Array(3).fill(Number.NaN), 0, 4, 9);
    assert.deepEqual(race.judge, before);
  });

  it("judges by what was frozen: two questions that are answered late", () => {
    const judge = new Float64Array(judgeLength(1));
    newJudge(judge, 0, 1);
    const asked = [askedLength(1), askedLength(1)].map((length) => new Float64Array(length));
    ask(judge, 0, 1, Float64Array.of(1), 0, asked[0], 0);
    ask(judge, 0, 1, Float64Array.of(2), 0, asked[1], 0);
    tell(judge, 0, 1, USUAL, asked[1], 0, Float64Array.of(2), 0, 1, 5);
    const { companions } = tell(judge, 0, 1, USUAL, asked[0], 0, Float64Array.of(1), 0, 0, 5);
    // `last` and `mean` knew nothing when they were asked, though 5 had been learned before the second label came.
    assert.deepEqual(Array.from(companions), [1, 0, 0]);
    ask(judge, 0, 1, Float64Array.of(1), 0, asked[0], 0);
    assert.deepEqual(Array.from(asked[0].subarray(3, 5)), [5, 5]);
  });

  it("opposes no model that joined after the question, and scores it not", () => {
    const race = new JudgedRace(2);
    race.observe(0, 1, [0, 1]);
    const asked = new Float64Array(askedLength(2));
    moveAsked(race.asked, 0, 2, asked, 0, [0, NONE]);
    const pairs = () => shownVerdict(race.judge, 0, race.models, USUAL).pairs.map(({ n }) => n);
    tell(race.judge, 0, 2, USUAL, asked, 0, Float64Array.of(0, Number.NaN), 0, 1, 1);
    assert.deepEqual(pairs(), [1]);
    moveAsked(race.asked, 0, 2, asked, 0, [NONE, 1]);
    tell(race.judge, 0, 2, USUAL, asked, 0, Float64Array.of(Number.NaN, 1), 0, 2, 1);
    assert.deepEqual(pairs(), [1]);
  });

  it("takes a question from before there was a judge: models are scored, nothing is known of all else", () => {
    const race = new JudgedRace(1);
    const asked = new Float64Array(askedLength(1));
    forgetAsked(asked, 0, 1);
    const { companions, decision } = tell(race.judge, 0, 1, USUAL, asked, 0, Float64Array.of(1), 0, 3, 2);
    assert.equal(decision, "start");
    assert.deepEqual(Array.from(companions), [Number.NaN, Number.NaN, Number.NaN]);
    const { models, mix } = shownVerdict(race.judge, 0, [{ name: "a", n: 9, mse: 1 }], USUAL);
    assert.deepEqual([models[0].mae, models[0].r2, mix.n], [1, null, 0]);
    const mixed = { yhat: null, lower: null, upper: null, weights: [0] };
    assert.deepEqual(bestOf(of, ["a"], Float64Array.of(1), 0, asked, 0, 77), {
      ...of,
      champion: null,
      mix: mixed,
      asked: 77,
    });
    assert.equal(layBest(1, Float64Array.of(1), 0, asked, 0, new Float64Array(12), 2), undefined);
  });

  it("lays the best forecast of the first observations down without bounds", () => {
    const race = new JudgedRace(2);
    const forecasts = Float64Array.of(1, 2);
    race.observe(7, 3, forecasts);
    const numbers = Float64Array.of(7, 3, ...new Array<number>(7).fill(0));
    assert.equal(layBest(2, forecasts, 0, race.asked, 0, numbers, 2), "first");
    assert.deepEqual(Array.from(numbers.subarray(2)), [7, 3, 0, 1, 1.5, 0.5, 0.5]);
  });

  it("lays the best forecast down as it encodes it", () => {
    const race = new JudgedRace(2);
    for (let i = 0; i < 30; i++) race.observe(i, i % 3, [1, 2]);
    const forecasts = Float64Array.of(1, 2);
    race.observe(30, 2, forecasts);
    const numbers = Float64Array.of(30, 2, ...new Array<number>(11).fill(0));
    assert.equal(layBest(2, forecasts, 0, race.asked, 0, numbers, 2), "shown");
    const { champion, mix } = bestOf(of, ["m0", "m1"], forecasts, 0, race.asked, 0);
    assert.ok(champion);
    assert.deepEqual(Array.from(numbers.subarray(2)), [
      ...[30, 2, Number(champion.model.slice(1)), champion.yhat, champion.lower, champion.upper],
      ...[mix.yhat, mix.lower, mix.upper, ...mix.weights],
    ]);
  });
});
