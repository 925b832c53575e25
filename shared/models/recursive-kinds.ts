/**
 * Every kind of recursive model, by the name it has in lists of models. A new one is its file and one line here, and its number in
 * other-models.ts of rls-racer, whose races tell kinds apart by numbers.
 */
import { holt } from "./holt.js";
import { last } from "./last.js";
import { mean } from "./mean.js";
import type { RecursiveKind } from "./recursive-kind.js";
import { rls } from "./rls.js";
import { sgd } from "./sgd.js";

export const recursiveKinds: ReadonlyMap<string, RecursiveKind> = new Map<string, RecursiveKind>([
  ["last", last],
  ["mean", mean],
  ["holt", holt],
  ["sgd", sgd],
  ["rls", rls],
]);
