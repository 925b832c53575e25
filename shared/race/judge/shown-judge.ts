/** What `/state/race/<key>` shows of the judge, the same of every racing service. */
import type { Contestant } from "../score.js";
import { CHAMPION, SINCE } from "./places.js";
import { evidenceAt, modelScores } from "./records.js";

/** The champion, and i of the observation since which it reigns: null before the first that was scored. */
export function shownChampion(judge: Float64Array, at: number, models: readonly Pick<Contestant, "name">[]) {
  const since = judge[at + SINCE];
  if (Number.isNaN(since)) return { champion: null, championSince: null };
  return { champion: models[judge[at + CHAMPION]].name, championSince: since };
}

/** Scores of model `m` besides its n and mse, and the evidence that it is better than the champion. */
export function shownModel(judge: Float64Array, at: number, m: number, scored: Contestant) {
  const { fading, mae, r2, skill, coverage } = modelScores(judge, at, m, scored);
  return { fading, mae, r2, skill, coverage, evidence: evidenceAt(judge, at, m) ?? null };
}
