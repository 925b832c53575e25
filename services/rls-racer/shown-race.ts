/** A race as metrics show it: a copy, since the race's own bytes may be another's after the record. */

import { rlsLength } from "../../shared/models/rls.js";
import { judgeLength } from "../../shared/race/judge/places.js";
import type { ShownForecast, ShownSeries } from "../../shared/race/metrics.js";
import type { Contestant } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { arrayBytes, OBJECT_BYTES } from "../../shared/state/state-bytes.js";
import type { RlsModel } from "./model-list.js";
import { isMark } from "./other-models.js";
import { featuresOf, judgeAt, MSE, modelAt, modelsOf, N, OPEN, RLS } from "./packed-race.js";
import type { RaceStep } from "./race.js";

/** One model of a race that is shown. */
export interface ShownModel extends Contestant {
  mse: number;
  n: number;
  /** Coefficients. */
  readonly p: number;
  /** ν, β and the factors of V, as rls.ts lays them; empty of a model of another kind. */
  readonly rls: Float64Array;
}

/** The memory that a model that is shown takes, in bytes, roughly. */
export function shownBytes({ rls }: ShownModel): number {
  return modelBytes(rls.length);
}

/** The same of all models of a race, before anything is made to show it. */
export function shownRaceBytes(race: PackedValue): number {
  const models = modelsOf(race);
  return models * modelBytes(rlsLength(featuresOf(race) + 1)) + arrayBytes(judgeLength(models));
}

function modelBytes(numbers: number): number {
  return 2 * OBJECT_BYTES + arrayBytes(numbers);
}

/** See the file's head. */
export class ShownRace implements ShownSeries<ShownModel> {
  readonly topic: string;
  readonly series: string;
  y: number | undefined = undefined;
  open = 0;
  readonly forecasts: { -readonly [K in keyof ShownForecast]: ShownForecast[K] }[];
  readonly models: readonly ShownModel[];
  readonly judge: { readonly doubles: Float64Array; readonly at: number };
  readonly #of: readonly RlsModel[];

  constructor(topic: string, series: string, race: PackedValue, models: readonly RlsModel[]) {
    this.topic = topic;
    this.series = series;
    this.#of = models;
    const p = featuresOf(race) + 1;
    this.judge = { doubles: new Float64Array(judgeLength(models.length)), at: 0 };
    this.forecasts = models.map(({ name }) => ({ model: name, yhat: null }));
    this.models = models.map(({ name, nu }) => {
      return { name, mse: 0, n: 0, p, rls: new Float64Array(isMark(nu) ? 0 : rlsLength(p)) };
    });
  }

  /** Whether it shows these models, and their numbers of as many features as the race has. */
  isOf(race: PackedValue, models: readonly RlsModel[]): boolean {
    return this.#of === models && this.models[0].p === featuresOf(race) + 1;
  }

  /** Shows the race as it is after a step. Allocates nothing. @param y target of the step's observation */
  update(race: PackedValue, y: number, { yhat, refusals }: RaceStep): void {
    this.y = y;
    for (let m = 0; m < this.models.length; m++) this.forecasts[m].yhat = refusals[m] === undefined ? yhat[m] : null;
    this.refresh(race);
  }

  /** Shows the forecasts of a question, NaN where one is refused. */
  asked(race: PackedValue, yhat: Float64Array): void {
    for (let m = 0; m < this.models.length; m++) this.forecasts[m].yhat = Number.isNaN(yhat[m]) ? null : yhat[m];
    this.refresh(race);
  }

  /** Shows the models as they are now, and how many questions are open. */
  refresh(race: PackedValue): void {
    const { doubles } = race;
    this.open = doubles[race.at + OPEN];
    const judge = judgeAt(race);
    for (let k = 0; k < this.judge.doubles.length; k++) this.judge.doubles[k] = doubles[judge + k];
    for (let m = 0; m < this.models.length; m++) {
      const shown = this.models[m];
      const model = modelAt(race, m);
      shown.mse = doubles[model + MSE];
      shown.n = doubles[model + N];
      for (let k = 0; k < shown.rls.length; k++) shown.rls[k] = doubles[model + RLS + k];
    }
  }
}
