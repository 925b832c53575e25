/** A y that comes again with another value: the plain means follow, what was learned stays. Pure but for the race. */
import { correctedMse, type Ranking } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { closedI, closedY, forecastsAt, setClosedY } from "./packed-closed.js";
import { MSE, modelAt, modelsOf, N } from "./packed-race.js";
import { skipSteps } from "./race.js";
import { correctJudged } from "./race-judge.js";
import { orderAfter } from "./race-order.js";

/** What a correction leads to. */
export interface Correction {
  /** By model: the forecast that was scored; NaN where the model has no error. */
  readonly yhat: Float64Array;
  /** The order; undefined where it has not changed. */
  readonly ranking: Ranking | undefined;
}

/**
 * Corrects the y of a closed i, see {@link correctedMse}.
 * @param place of the i among the closed ones
 * @param y     y'
 */
export function correct(race: PackedValue, place: number, y: number): Correction {
  const { doubles } = race;
  const before = closedY(race, place);
  const from = forecastsAt(race, place);
  const yhat = doubles.slice(from, from + modelsOf(race));
  for (const [m, forecast] of yhat.entries()) {
    if (Number.isNaN(forecast)) continue;
    const model = modelAt(race, m);
    doubles[model + MSE] = correctedMse(doubles[model + MSE], doubles[model + N], before - forecast, y - forecast);
  }
  correctJudged(race, place, before, y);
  setClosedY(race, place, y);
  skipSteps(race);
  return { yhat, ranking: orderAfter(race, closedI(race, place)) };
}
