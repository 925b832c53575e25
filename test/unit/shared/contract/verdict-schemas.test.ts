import assert from "node:assert/strict";
import { bestSchema, encodeBest, encodeVerdict, verdictSchema } from "../../../../shared/contract/verdict-schemas.js";

const gap = { gap: 0.25, lower: -1, upper: 1, gapMse: 0.5, runN: 3, runGapMse: 0.75 };
const unknownGap = { gap: null, lower: null, upper: null, gapMse: null, runN: 0, runGapMse: null };
const scores = { n: 5, mse: 1.5, fading: 1.25, mae: 1, r2: 0.5, skill: -0.5, coverage: 0.9 };
const noScores = { n: 0, mse: null, fading: null, mae: null, r2: null, skill: null, coverage: null };
const head = { topic: "t", series: 'a "quoted" one', i: 9, n: 5 };

describe("verdicts", () => {
  const verdicts = [
    {
      ...{
        ...head,
        decision: "switch",
        reason: "evidence",
        champion: "b",
        since: 9,
        from: "a",
        challenger: "b",
        ...gap,
      },
      ...{ pairN: 5, evidence: 21, threshold: 20, alpha: 0.05, pairs: [{ model: "b", n: 5, ...gap, evidence: 21 }] },
      ...{ models: [{ model: "a", ...scores }], mix: noScores },
    },
    {
      ...{
        ...head,
        decision: "start",
        reason: "first-observation",
        champion: "a",
        since: 0,
        from: null,
        challenger: null,
      },
      ...{ ...unknownGap, runN: null, pairN: null, evidence: null, threshold: 0, alpha: 0.05, pairs: [] },
      ...{ models: [{ model: "a", ...noScores }], mix: scores },
    },
  ];
  for (const verdict of verdicts)
    it(`are encoded as JSON has them, of a ${verdict.decision}`, () => {
      const checked = verdictSchema.parse(verdict);
      assert.equal(encodeVerdict(checked).toString(), JSON.stringify(verdict));
    });
});

describe("best forecasts", () => {
  const champion = { model: "a", yhat: 1.5, lower: 1, upper: 2 };
  const none = { yhat: null, lower: null, upper: null };
  const of = { topic: "t", series: "s", i: 3 };
  const forecasts = [
    { ...of, y: 1.25, champion, mix: { yhat: 1.25, lower: 0.5, upper: 2, weights: [0.25, 0.75] } },
    { ...of, y: null, champion: { model: "a", ...none }, mix: { ...none, weights: [0, 0] } },
    { ...of, y: 1, champion: null, mix: { ...none, weights: [0, 0] }, asked: 77 },
  ];
  for (const [k, best] of forecasts.entries())
    it(`are encoded as JSON has them, form ${k}`, () => {
      assert.equal(encodeBest(bestSchema.parse(best)).toString(), JSON.stringify(best));
    });
});
