/** Who is champion: the first model until a challenger's evidence says that it is better, by more than luck. Pure. */
import { evidenceOf, forgetPair, isPlainlyBetter } from "./evidence.js";
import { CHAMPION, modelAt, NONE, PAIR, SINCE } from "./places.js";

/** What a scored observation decides. A closed set. */
export type Decision = "start" | "switch" | "keep";

/** Evidence that a challenger needs, of K models: over all challengers, the risk of a false switch in one reign is alpha. */
export function thresholdOf(models: number, alpha: number): number {
  return (models - 1) / alpha;
}

/**
 * The challenger that takes the champion's place: of those that have an error, whose evidence has reached the threshold and whose
 * plain mse is the lower one too over the run, the one with the largest evidence, the first on a tie.
 * @param errors by model; NaN where a model has none
 * @returns its place; {@link NONE} where the champion stays
 */
export function successorOf(
  judge: Float64Array,
  at: number,
  models: number,
  errors: Float64Array,
  alpha: number,
): number {
  const champion = judge[at + CHAMPION] | 0;
  const threshold = thresholdOf(models, alpha);
  let successor = NONE;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < models; k++) {
    if (k === champion || Number.isNaN(errors[k])) continue;
    const pair = modelAt(at, k) + PAIR;
    const evidence = evidenceOf(judge, pair);
    if (evidence < threshold || evidence <= largest || !isPlainlyBetter(judge, pair)) continue;
    successor = k;
    largest = evidence;
  }
  return successor;
}

/** The challenger with the largest evidence, the first on a tie; {@link NONE} where there is none. */
export function foremostOf(judge: Float64Array, at: number, models: number): number {
  let foremost = NONE;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < models; k++) {
    if (k === judge[at + CHAMPION]) continue;
    const evidence = evidenceOf(judge, modelAt(at, k) + PAIR);
    if (evidence <= largest) continue;
    foremost = k;
    largest = evidence;
  }
  return foremost;
}

/** A reign begins: all pairs are new. @param i of the observation that decided it */
export function crown(judge: Float64Array, at: number, models: number, champion: number, i: number): void {
  judge[at + CHAMPION] = champion;
  judge[at + SINCE] = i;
  for (let k = 0; k < models; k++) forgetPair(judge, modelAt(at, k) + PAIR);
}
