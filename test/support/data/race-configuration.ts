/** What a race of rls-racer is made for, with the judge as it is unless it is set otherwise. */
import type { RaceConfiguration } from "../../../services/rls-racer/configured-race.js";
import type { RlsModel } from "../../../services/rls-racer/model-list.js";

/** @param labelDoneMax places of closed i's */
export function raceConfiguration(models: readonly RlsModel[], labelDoneMax: number): RaceConfiguration {
  return { models, labelDoneMax, raceAlpha: 0.05, raceCoverage: 0.9, raceFading: 0.99, racePhi: 0.999 };
}
