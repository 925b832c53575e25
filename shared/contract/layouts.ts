/**
 * The values of topics as layouts: to the byte what the encoders of schemas.ts write, where every number is finite and every model
 * has been scored. Other results go through the encoders. The head of an observation is `{"topic":"…","series":"…"`, as its bytes
 * stand in the observation.
 */
import { layout, type Part, text } from "../numbers/layout.js";
import { finite } from "../numbers/number-text.js";
import type { Layout } from "../result-layout.js";

const json = (value: string): string => JSON.stringify(value);

/** Members that each hold one number. */
const members = (...names: readonly string[]): Part[] =>
  names.flatMap((name): Part[] => [text(`,"${name}":`), "number"]);
const lists = (...names: readonly string[]): Part[] =>
  names.flatMap((name): Part[] => [text(`,"${name}":[`), "list", text("]")]);

/** Given the series, a name of plain characters; numbers i, y; list x. */
export function observationLayout(topic: string): Layout | undefined {
  return layout([
    text(`{"topic":${json(topic)},"series":"`),
    "given",
    text('"'),
    ...members("i", "y"),
    ...lists("x"),
    text("}"),
  ]);
}

const PREDICTION = ["i", "n", "y", "yhat", "error", "mse"];

const predictionParts = (model: string): Part[] => [
  "given",
  text(`,"model":${json(model)}`),
  ...members(...PREDICTION),
];

/** Of a model that did not refuse. Given the head; numbers i, n, y, yhat, error, mse. */
export function predictionLayout(model: string): Layout | undefined {
  return layout([...predictionParts(model), text("}")]);
}

/** As {@link predictionLayout}; list beta. @param nu the model's forgetting factor; null: it has none, and no beta */
export function rlsPredictionLayout(model: string, nu: number | null): Layout | undefined {
  if (nu === null) return layout([...predictionParts(model), text(',"nu":null,"beta":null}')]);
  return layout([...predictionParts(model), text(`,"nu":${finite(nu)}`), ...lists("beta"), text("}")]);
}

/**
 * Of a race all of whose models have been scored. Given the head; numbers i, n, leader, since; then for each model, best first,
 * itself and its mse. A model is its place in `models`.
 */
export function standingsLayout(models: readonly string[]): Layout | undefined {
  const name = { choices: models.map(json) };
  const standing = models.flatMap((_, k): Part[] => [
    text(`${k === 0 ? "" : ","}{"model":`),
    name,
    text(',"mse":'),
    "number",
    text("}"),
  ]);
  return layout([
    "given",
    ...members("i", "n"),
    text(',"leader":'),
    name,
    ...members("since"),
    text(',"models":['),
    ...standing,
    text("]}"),
  ]);
}

/**
 * Of a race whose champion and mixture have a forecast with its interval. Given the head; numbers i, y, champion, yhat, lower, upper
 * of the champion, yhat, lower, upper of the mixture; list weights. The champion is its place in `models`.
 */
export function bestLayout(models: readonly string[]): Layout | undefined {
  return bestLayoutWith(models, members("lower", "upper"));
}

/** As {@link bestLayout}, of the first observations, whose intervals are null: numbers i, y, champion, its yhat, the mixture's. */
export function firstBestLayout(models: readonly string[]): Layout | undefined {
  return bestLayoutWith(models, [text(',"lower":null,"upper":null')]);
}

function bestLayoutWith(models: readonly string[], bounds: readonly Part[]): Layout | undefined {
  const champion = { choices: models.map(json) };
  return layout([
    "given",
    ...members("i", "y"),
    text(',"champion":{"model":'),
    champion,
    ...members("yhat"),
    ...bounds,
    text('},"mix":{"yhat":'),
    "number",
    ...bounds,
    ...lists("weights"),
    text("}}"),
  ]);
}

/**
 * Given the head; numbers i, n, max, mean, i + 0 (a text has no -0); list abs; number count; lists absSum, mu, variance.
 */
export function estimateLayout(): Layout | undefined {
  return layout([
    "given",
    ...members("i", "n", "max", "mean"),
    text(',"text":"Stream counter : '),
    "number",
    text('"'),
    ...lists("abs"),
    ...members("count"),
    ...lists("absSum", "mu", "variance"),
    text("}"),
  ]);
}
