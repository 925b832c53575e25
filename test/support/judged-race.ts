/** A race whose models are their forecasts: what the judge makes of them, without records and stores. */

import { ask, isScorable, type Told, tell } from "../../shared/race/judge/judge.js";
import type { JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { askedLength, judgeLength, newJudge } from "../../shared/race/judge/places.js";
import { prequentialMse } from "../../shared/race/score.js";

/** The usual settings. */
export const USUAL: JudgeParameters = { raceAlpha: 0.05, raceCoverage: 0.9, raceFading: 0.99, racePhi: 0.999 };

/** See the file's head. */
export class JudgedRace {
  /** From place 0. */
  readonly judge: Float64Array;
  readonly asked: Float64Array;
  readonly models: readonly { readonly name: string; n: number; mse: number }[];
  readonly #parameters: JudgeParameters;
  readonly #forecasts: Float64Array;
  readonly #scored: Float64Array;

  /** @param models how many */
  constructor(models: number, parameters: JudgeParameters = USUAL) {
    this.judge = new Float64Array(judgeLength(models));
    newJudge(this.judge, 0, models);
    this.asked = new Float64Array(askedLength(models));
    this.models = Array.from({ length: models }, (_, m) => ({ name: `m${m}`, n: 0, mse: 0 }));
    this.#parameters = parameters;
    this.#forecasts = new Float64Array(models);
    this.#scored = new Float64Array(models);
  }

  /** An observation with its forecasts, NaN where a model has none. What was asked stands in `asked` until the next one. */
  observe(i: number, y: number, forecasts: ArrayLike<number>): Told {
    const models = this.models.length;
    for (let m = 0; m < models; m++) this.#forecasts[m] = forecasts[m];
    ask(this.judge, 0, models, this.#forecasts, 0, this.asked, 0);
    for (let m = 0; m < models; m++) this.#scored[m] = this.#score(m, y, forecasts[m]) ? forecasts[m] : Number.NaN;
    return tell(this.judge, 0, models, this.#parameters, this.asked, 0, this.#scored, 0, i, y);
  }

  #score(m: number, y: number, forecast: number): boolean {
    const model = this.models[m];
    const error = y - forecast;
    const mse = prequentialMse(model.mse, error, model.n + 1);
    if (!Number.isFinite(mse) || !isScorable(this.judge, 0, m, error, this.#parameters)) return false;
    model.n++;
    model.mse = mse;
    return true;
  }
}
