/** What a step of a race leads to, as records. Pure. */
import { NUMBER } from "../../shared/contract/observation-view.js";
import type { Observation, RlsPrediction, Standings } from "../../shared/contract/schemas.js";
import { standingsOf } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { COUNT, ERRORS, featuresOf, MSE, modelAt, N, namesOf, RLS, slotOf } from "./packed-race.js";
import { contestantsOf, type RaceStep } from "./race.js";
import { betaAt } from "./rls.js";

/** What results need of the observation that they are of. */
export type RacedObservation = Pick<Observation, "topic" | "series" | "i" | "y">;

/** Numbers of a prediction before its coefficients. */
export const PREDICTION_NUMBERS = 6;

/**
 * Lays down the numbers of a prediction for its layout: i, n, y, yhat, error, mse, β.
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
  const beta = betaAt(model + RLS);
  const p = featuresOf(race) + 1;
  for (let j = 0; j < p; j++) numbers[at + PREDICTION_NUMBERS + j] = doubles[beta + j];
}

/** The prediction of model `m`, called `name`, of the observation that the step was of. */
export function predictionOf(
  race: PackedValue,
  m: number,
  name: string,
  { topic, series, i, y }: RacedObservation,
  { yhat, refusals }: RaceStep,
): RlsPrediction {
  const { doubles } = race;
  const model = modelAt(race, m);
  const n = doubles[model + N];
  const nu = doubles[model + RLS];
  const reason = refusals[m];
  if (reason !== undefined) {
    return { topic, series, model: name, i, n, y, yhat: null, error: null, mse: null, reason, nu, beta: null };
  }
  const error = doubles[model + ERRORS + slotOf(n - 1)];
  const beta: number[] = [];
  for (let j = betaAt(model + RLS), left = featuresOf(race) + 1; left > 0; j++, left--) beta.push(doubles[j]);
  return { topic, series, model: name, i, n, y, yhat: yhat[m], error, mse: doubles[model + MSE], nu, beta };
}

/** The standings that the step's observation has changed; undefined where it has not. */
export function changedStandings(
  race: PackedValue,
  observation: RacedObservation,
  { ranking }: RaceStep,
): Standings | undefined {
  if (ranking === undefined) return undefined;
  return standingsOf(observation, race.doubles[race.at + COUNT], ranking, contestantsOf(race, namesOf(race)));
}
