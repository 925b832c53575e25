import assert from "node:assert/strict";
import {
  evidenceOf,
  forgetPair,
  gapOf,
  isPlainlyBetter,
  learnPair,
} from "../../../../../shared/race/judge/evidence.js";
import { PAIR_LENGTH } from "../../../../../shared/race/judge/places.js";

const NONE = Number.NaN;

/** A pair after these errors of champion and challenger. */
function pairAfter(errors: readonly (readonly [number, number])[]): Float64Array {
  const pair = new Float64Array(PAIR_LENGTH);
  for (const [champion, challenger] of errors) learnPair(pair, 0, Float64Array.of(champion, challenger), 0, 1);
  return pair;
}

describe("the evidence of a challenger", () => {
  it("is 1 at first, 1 after the first difference, and as calculated in Python after one of six times its size", () => {
    assert.equal(evidenceOf(new Float64Array(PAIR_LENGTH), 0), 1);
    assert.equal(evidenceOf(pairAfter([[1, 0]]), 0), 1);
    assert.equal(
      evidenceOf(
        pairAfter([
          [1, 0],
          [Math.sqrt(6), 0],
        ]),
        0,
      ).toFixed(12),
      (1.1121165351607207).toFixed(12),
    );
  });

  it("passes 20 at the ninth record of a champion that refuses them all", () => {
    const refused = (n: number) => pairAfter(new Array<readonly [number, number]>(n).fill([NONE, 1]));
    assert.ok(evidenceOf(refused(8), 0) < 20);
    assert.ok(evidenceOf(refused(9), 0) > 20);
  });

  it("falls where the challenger refuses, and stays where both do", () => {
    assert.ok(evidenceOf(pairAfter([[1, NONE]]), 0) < 1);
    assert.deepEqual(pairAfter([[NONE, NONE]]), new Float64Array(PAIR_LENGTH));
  });

  it("stays below a bound however long the champion refuses", () => {
    const evidence = evidenceOf(pairAfter(new Array<readonly [number, number]>(5_000).fill([NONE, 1])), 0);
    assert.ok(Number.isFinite(evidence) && evidence > 1e99);
  });

  it("is confirmed by the plain errors of its run, or not: two small wins do not outweigh one giant loss", () => {
    const wins = pairAfter(new Array<readonly [number, number]>(20).fill([1, 0]));
    assert.equal(isPlainlyBetter(wins, 0), true);
    learnPair(wins, 0, Float64Array.of(0, 100), 0, 1);
    assert.equal(isPlainlyBetter(wins, 0), false);
  });

  it("has a run that begins anew where the challenger has lost what it had won", () => {
    const pair = pairAfter([
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
      [2, 0],
    ]);
    // g = 0, 1/6, -1/6, -1/6, 4/6: the run is the last record alone, with d = 4.
    const { runN, runGapMse, n, gapMse } = gapOf(pair, 0, 1, 0.05);
    assert.deepEqual({ runN, runGapMse, n, gapMse }, { runN: 1, runGapMse: 4, n: 5, gapMse: 4 / 5 });
  });

  it("has no gap before the first record, and begins anew when it is told to", () => {
    const pair = pairAfter([[1, 0]]);
    forgetPair(pair, 0);
    const nothing = { gap: null, lower: null, upper: null, gapMse: null, runN: 0, runGapMse: null };
    assert.deepEqual(gapOf(pair, 0, 1, 0.05), { n: 0, ...nothing, evidence: 1 });
  });

  it("has bounds of its gap that many records draw together, and that lie the wider the smaller alpha is", () => {
    const steady = pairAfter(new Array<readonly [number, number]>(2_000).fill([2, 1]));
    const usual = gapOf(steady, 0, 1, 0.05);
    const strict = gapOf(steady, 0, 1, 0.001);
    assert.ok(usual.lower !== null && usual.upper !== null && strict.lower !== null && strict.upper !== null);
    // Every g but the first is 1/6.
    assert.ok(usual.lower > 0.1 && usual.upper < 0.2);
    assert.ok(strict.lower < usual.lower && strict.upper > usual.upper);
  });
});
