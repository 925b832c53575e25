/**
 * The running mean of all targets, 0 before the first: m ← m + (y − m) / n
 *   [D. Knuth: The Art of Computer Programming, vol. 2, 4.2.2 (15)].
 *
 * Its doubles: n, the observations learned · m.
 */
import type { RecursiveKind } from "./recursive-kind.js";

const LEARNED = 0;
const MEAN = 1;

/** `mean` in a list of models. */
export const mean: RecursiveKind<never> = {
  doc: "the running mean of all targets",
  parameters: {},
  length: () => 2,
  forecast: (doubles, at) => doubles[at + MEAN],
  learn(doubles, at, _p, _x, y) {
    const n = doubles[at + LEARNED] + 1;
    const next = doubles[at + MEAN] + (y - doubles[at + MEAN]) / n;
    if (!Number.isFinite(next)) return false;
    doubles[at + LEARNED] = n;
    doubles[at + MEAN] = next;
    return true;
  },
};
