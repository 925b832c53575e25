import assert from "node:assert/strict";
import { INTERVAL_CASES } from "../simulate/interval-cases.js";
import { MIXTURE_CASES } from "../simulate/mixture-cases.js";
import type { Effort } from "../simulate/simulation.js";
import { VERDICT_CASES } from "../simulate/verdict-cases.js";

/**
 * A short form of `npm run simulate`: few series of fixed seeds. Of 20 series that switch with probability 0.03, as equal models do,
 * more than three do so in one of 300 runs.
 */
const SHORT: Effort = {
  ...{ shareSeries: 20, timeSeries: 20, looks: 10_000, long: 30_000 },
  ...{ shareMargin: 0.1, coverageMargin: 0.01 },
};
const SEED = 1;

describe("the judge keeps what it promises, in a short simulation", () => {
  for (const { what, bar, run } of [...VERDICT_CASES, ...INTERVAL_CASES, ...MIXTURE_CASES])
    it(`${what}: ${bar}`, () => {
      const { measured, holds } = run(SHORT, SEED);
      assert.ok(holds, measured);
    });
});
