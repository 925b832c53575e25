/** What a step of a race leads to, as records. Pure. */
import { NUMBER } from "../../shared/contract/observation-view.js";
import type { RlsPrediction, Standings } from "../../shared/contract/schemas.js";
import { betaAt } from "../../shared/models/rls.js";
import type { ObservationHead } from "../../shared/race/race.js";
import { type Ranking, standingsOf } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import type { Correction } from "./correction.js";
import { isMark } from "./other-models.js";
import { closedAsked } from "./packed-closed.js";
import { COUNT, ERRORS, featuresOf, MSE, modelAt, N, namesOf, RLS, slotOf } from "./packed-race.js";
import type { RaceStep } from "./race.js";
import { contestantsOf } from "./race-order.js";

/** Numbers of a prediction before its coefficients. */
export const PREDICTION_NUMBERS = 6;

/**
 * Lays down the numbers of a prediction for its layout: i, n, y, yhat, error, mse, and β where the model has one.
 * @param numbers i and y of the observation at its front
 * @param at      where they go
 */
export function layPrediction(race: PackedValue, m: number, yhat: number, numbers: Float64Array, at: number): void {
  const { doubles } = race;
  const model = modelAt(race, m);
  const n = doubles[model + N];
  numbers[at] = numbers[NUMBER.i];
  numbers[at + 1] = n;
  numbers[at + 2] = numbers[NUMBER.y];
  numbers[at + 3] = yhat;
  numbers[at + 4] = doubles[model + ERRORS + slotOf(n - 1)];
  numbers[at + 5] = doubles[model + MSE];
  if (isMark(doubles[model + RLS])) return;
  const beta = betaAt(model + RLS);
  const p = featuresOf(race) + 1;
  for (let j = 0; j < p; j++) numbers[at + PREDICTION_NUMBERS + j] = doubles[beta + j];
}

/**
 * The prediction of model `m`, called `name`, of the observation that the step was of.
 * @param asked of a label: when its question was asked
 */
export function predictionOf(
  race: PackedValue,
  m: number,
  name: string,
  of: ObservationHead,
  { yhat, refusals }: RaceStep,
  asked?: number,
): RlsPrediction {
  const { doubles } = race;
  const reason = refusals[m];
  if (reason !== undefined) return unscored(race, m, name, of, { yhat: null, reason, asked });
  const model = modelAt(race, m);
  const n = doubles[model + N];
  const error = doubles[model + ERRORS + slotOf(n - 1)];
  const nu = nuOf(race, m);
  const beta = nu === null ? null : coefficientsOf(race, model);
  const { topic, series, i, y } = of;
  const mse = doubles[model + MSE];
  // Objects of one shape: made by spreading others, they and their encoding take twice as long.
  const scored: RlsPrediction = { topic, series, model: name, i, n, y, yhat: yhat[m], error, mse, nu, beta };
  if (asked !== undefined) scored.asked = asked;
  return scored;
}

/** β of the model that begins at `model`. */
function coefficientsOf(race: PackedValue, model: number): number[] {
  const beta: number[] = [];
  for (let j = betaAt(model + RLS), left = featuresOf(race) + 1; left > 0; j++, left--) beta.push(race.doubles[j]);
  return beta;
}

/** The prediction of model `m` of a question. @param yhat its forecast; NaN where it is not finite */
export function questionPrediction(
  race: PackedValue,
  m: number,
  name: string,
  of: ObservationHead,
  yhat: number,
): RlsPrediction {
  const isRefused = Number.isNaN(yhat);
  const reason = isRefused ? "forecast-not-finite" : undefined;
  return unscored(race, m, name, of, { yhat: isRefused ? null : yhat, reason });
}

/** The prediction of model `m` of an observation whose y was corrected. @param place of its i among the closed ones */
export function correctedPrediction(
  race: PackedValue,
  m: number,
  name: string,
  of: ObservationHead & { readonly y: number },
  { yhat }: Correction,
  place: number,
): RlsPrediction {
  const asked = closedAsked(race, place);
  const forecast = yhat[m];
  if (Number.isNaN(forecast))
    return unscored(race, m, name, of, { yhat: null, reason: "not-scored", asked, corrected: true });
  const model = modelAt(race, m);
  return {
    ...headOf(race, m, name, of),
    yhat: forecast,
    error: of.y - forecast,
    mse: race.doubles[model + MSE],
    ...askedAt(asked),
    corrected: true,
    nu: nuOf(race, m),
    beta: null,
  };
}

/** ν; null of a model of another kind. */
function nuOf(race: PackedValue, m: number): number | null {
  const nu = race.doubles[modelAt(race, m) + RLS];
  return isMark(nu) ? null : nu;
}

function headOf(race: PackedValue, m: number, model: string, { topic, series, i, y }: ObservationHead) {
  return { topic, series, model, i, n: race.doubles[modelAt(race, m) + N], y };
}

/** A member that only a label's prediction has. */
function askedAt(asked: number | undefined): { asked?: number } {
  return asked === undefined ? {} : { asked };
}

/** What a prediction without a score says. */
interface Unscored {
  readonly yhat: number | null;
  readonly reason?: string | undefined;
  readonly asked?: number | undefined;
  readonly corrected?: true;
}

function unscored(
  race: PackedValue,
  m: number,
  name: string,
  of: ObservationHead,
  { yhat, reason, asked, corrected }: Unscored,
): RlsPrediction {
  return {
    ...headOf(race, m, name, of),
    yhat,
    error: null,
    mse: null,
    ...(reason === undefined ? {} : { reason }),
    ...askedAt(asked),
    ...(corrected === undefined ? {} : { corrected }),
    nu: nuOf(race, m),
    beta: null,
  };
}

/** The standings that an observation has changed; undefined where it has not. */
export function changedStandings(
  race: PackedValue,
  observation: ObservationHead,
  { ranking }: { readonly ranking: Ranking | undefined },
): Standings | undefined {
  if (ranking === undefined) return undefined;
  return standingsOf(observation, race.doubles[race.at + COUNT], ranking, contestantsOf(race, namesOf(race)));
}
