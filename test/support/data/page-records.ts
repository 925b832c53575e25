/** Results of a race as its topics have them, for the page. */
import type { Best, Verdict } from "../../../shared/contract/verdict-schemas.js";

/** The best forecast of step i: y is i, the forecast half more. */
export function bestOf(topic: string, series: string, i: number, champion = "rls1"): Best {
  const forecast = { yhat: i + 0.5, lower: i - 1, upper: i + 2 };
  return { topic, series, i, y: i, champion: { model: champion, ...forecast }, mix: { ...forecast, weights: [1, 0] } };
}

/** A verdict at step i for the first of two models, of which nobody knows which is better. */
export function verdictOf(
  topic: string,
  series: string,
  i: number,
  models: readonly [string, string] = ["rls1", "rls2"],
): Verdict {
  const judged = { n: i + 1, mse: 1.5, fading: 1.25, mae: 1, r2: 0.5, skill: 0.25, coverage: 0.9 };
  const gap = { gap: -0.01, lower: -0.05, upper: 0.03, gapMse: -0.1, runN: 10, runGapMse: -0.1 };
  const [champion, challenger] = models;
  return {
    topic,
    series,
    i,
    n: i + 1,
    decision: i === 0 ? "start" : "keep",
    reason: i === 0 ? "first-observation" : "periodic",
    champion,
    since: 0,
    from: null,
    challenger,
    ...gap,
    pairN: i,
    evidence: 0.5,
    threshold: 20,
    alpha: 0.05,
    pairs: [{ model: challenger, n: i, ...gap, evidence: 0.5 }],
    models: models.map((model) => ({ model, ...judged })),
    mix: judged,
  };
}
