/**
 * The judge of a race as plain objects, written from its definitions alone: the oracle of shared/race/judge and of what the racers
 * publish of it. Numbers have the same order of operations, since results are compared to the last bit. `null` is a forecast or an
 * interval that is not there. Slow on purpose.
 */
import type { Best, Verdict } from "../../../shared/contract/verdict-schemas.js";
import { Pair } from "./judge-evidence.js";
import { type Ends, Forecaster, type Maybe } from "./judge-forecaster.js";

/** Constants of the judge that settings change. */
export interface PlainParameters {
  readonly alpha: number;
  /** 1 - coverage. */
  readonly miss: number;
  readonly fading: number;
  readonly phi: number;
}

export const USUAL_PARAMETERS: PlainParameters = { alpha: 0.05, miss: 0.1, fading: 0.99, phi: 0.999 };

/** What is said of an observation before its y. */
export interface PlainAsked {
  readonly forecasts: readonly Maybe[];
  readonly champion: number;
  readonly weights: readonly number[];
  readonly mix: Maybe;
  readonly mixEnds: Ends;
  readonly ends: readonly Ends[];
  readonly last: number;
  readonly mean: number;
}

/** What was scored of an observation, for corrections. */
export interface PlainTold {
  readonly decision: Verdict["decision"];
  readonly from: number;
  /** Pairs as they stood before they began anew. */
  readonly pairs: readonly (Pair | undefined)[];
  /** By model, then mixture, `last`, `mean`: errors, which a correction changes. */
  readonly errors: Maybe[];
}

/** See the file's head. */
export class PlainJudge {
  readonly #names: readonly string[];
  readonly #parameters: PlainParameters;
  readonly #models: readonly Forecaster[];
  readonly #mix = new Forecaster();
  readonly #last = new Forecaster();
  readonly #mean = new Forecaster();
  readonly #R: number[];
  readonly #V: number[];
  #B = 0;
  #learned = { count: 0, last: 0, mean: 0 };
  #pairs: (Pair | undefined)[] = [];
  champion = 0;
  since: Maybe = null;

  constructor(names: readonly string[], parameters: PlainParameters = USUAL_PARAMETERS) {
    this.#names = names;
    this.#parameters = parameters;
    this.#models = names.map(() => new Forecaster());
    this.#R = names.map(() => 0);
    this.#V = names.map(() => 0);
    this.#crown(0);
  }

  #crown(champion: number): void {
    this.champion = champion;
    this.#pairs = this.#names.map((_, m) => (m === champion ? undefined : new Pair()));
  }

  ask(forecasts: readonly Maybe[]): PlainAsked {
    const awake = forecasts.filter((f) => f !== null).length;
    let weights = forecasts.map((f, k) => (f !== null && this.#R[k] > 0 ? this.#R[k] / (this.#B + this.#V[k]) : 0));
    const sum = weights.reduce((s, w) => s + w, 0);
    if (sum > 0 && Number.isFinite(sum)) weights = weights.map((w) => w / sum);
    else weights = forecasts.map((f) => (f === null ? 0 : 1 / awake));
    let yhat: Maybe = awake === 0 ? null : 0;
    for (const [k, f] of forecasts.entries()) if (f !== null && yhat !== null) yhat += weights[k] * f;
    if (yhat !== null && !Number.isFinite(yhat)) yhat = null;
    return {
      forecasts,
      champion: this.champion,
      weights,
      mix: yhat,
      mixEnds: this.#mix.ends(yhat),
      ends: forecasts.map((f, k) => this.#models[k].ends(f)),
      last: this.#learned.last,
      mean: this.#learned.mean,
    };
  }

  tell(asked: PlainAsked, i: number, y: number): PlainTold {
    const { fading, miss, alpha } = this.#parameters;
    const scored = (of: Forecaster, yhat: Maybe) => (yhat !== null && of.score(y - yhat, fading) ? y - yhat : null);
    const errors = asked.forecasts.map((f, k) => scored(this.#models[k], f));
    const last = scored(this.#last, asked.last);
    const mean = scored(this.#mean, asked.mean);
    const mix = scored(this.#mix, asked.mix);
    if (mix !== null && asked.mix !== null) {
      this.#learnRegrets(asked.mix, y, asked.forecasts, errors);
      this.#mix.learnEnds(y, mix, asked.mixEnds, miss);
    }
    for (const [k, e] of errors.entries()) if (e !== null) this.#models[k].learnEnds(y, e, asked.ends[k], miss);
    for (const [k, pair] of this.#pairs.entries()) pair?.learn(errors[this.champion], errors[k]);
    const told = { errors: [...errors, mix, last, mean], pairs: this.#pairs };
    const challengers = this.#names.length - 1;
    let best = -1;
    for (const [k, pair] of this.#pairs.entries()) {
      if (pair === undefined || errors[k] === null || pair.E < challengers / alpha) continue;
      if (pair.rn !== 0 && !(pair.ru > 0)) continue;
      if (best === -1 || pair.E > (this.#pairs[best]?.E ?? 0)) best = k;
    }
    let decision: Verdict["decision"] = this.since === null ? "start" : "keep";
    this.since ??= i;
    const from = this.champion;
    if (best !== -1) {
      decision = "switch";
      this.#crown(best);
      this.since = i;
    }
    const { count, mean: m } = this.#learned;
    this.#learned = { count: count + 1, last: y, mean: m + (y - m) / (count + 1) };
    return { ...told, decision, from };
  }

  #learnRegrets(yhat: number, y: number, forecasts: readonly Maybe[], errors: readonly Maybe[]): void {
    const { phi } = this.#parameters;
    const r = forecasts.map((f, k) => (f === null || errors[k] === null ? 0 : 2 * (yhat - y) * (yhat - f)));
    const B = r.reduce((b, one) => Math.max(b, one * one), phi * this.#B);
    const R = r.map((one, k) => phi * this.#R[k] + one);
    const V = r.map((one, k) => phi * this.#V[k] + one * one);
    if (![B, ...R, ...V].every(Number.isFinite)) return;
    this.#B = B;
    for (const k of r.keys()) [this.#R[k], this.#V[k]] = [R[k], V[k]];
  }

  /** @param told of the observation; its errors are those of the new y afterwards */
  correct({ errors }: PlainTold, y: number, asked: PlainAsked): void {
    const forecasts = [...asked.forecasts, asked.mix, asked.last, asked.mean];
    for (const [k, of] of [...this.#models, this.#mix, this.#last, this.#mean].entries()) {
      const before = errors[k];
      const yhat = forecasts[k];
      if (before === null || yhat === null) continue;
      errors[k] = y - yhat;
      of.correct(before, y - yhat);
    }
  }

  /** What is published of the best forecast; `time` of a label is when its question was asked. */
  best(head: { topic: string; series: string; i: number; y: Maybe }, asked: PlainAsked, time?: number): Best {
    const { champion, forecasts, ends, mix, mixEnds, weights } = asked;
    const interval = (yhat: Maybe, [lower, upper]: Ends) => ({ yhat, lower, upper });
    const best: Best = {
      ...head,
      champion: { model: this.#names[champion], ...interval(forecasts[champion], ends[champion]) },
      mix: { ...interval(mix, mixEnds), weights: [...weights] },
    };
    if (time !== undefined) best.asked = time;
    return best;
  }

  /** What is published of an observation that was told; `n` of them were scored. */
  verdict(head: { topic: string; series: string; i: number }, n: number, told: PlainTold): Verdict {
    const { alpha } = this.#parameters;
    const challengers = this.#names.length - 1;
    const pairs = told.pairs.flatMap((pair, k) => pair?.said(this.#names[k], challengers, alpha) ?? []);
    const isSwitch = told.decision === "switch";
    const foremost = pairs.reduce<Verdict["pairs"][number] | undefined>((first, pair) => {
      if (isSwitch) return pair.model === this.#names[this.champion] ? pair : first;
      return first === undefined || pair.evidence > first.evidence ? pair : first;
    }, undefined);
    return {
      ...head,
      n,
      decision: told.decision,
      reason: told.decision === "start" ? "first-observation" : isSwitch ? "evidence" : "periodic",
      champion: this.#names[this.champion],
      since: this.since ?? Number.NaN,
      from: isSwitch ? this.#names[told.from] : null,
      challenger: foremost?.model ?? null,
      gap: foremost?.gap ?? null,
      lower: foremost?.lower ?? null,
      upper: foremost?.upper ?? null,
      gapMse: foremost?.gapMse ?? null,
      runN: foremost?.runN ?? null,
      runGapMse: foremost?.runGapMse ?? null,
      pairN: foremost?.n ?? null,
      evidence: foremost?.evidence ?? null,
      threshold: challengers / alpha,
      alpha,
      pairs,
      models: this.#names.map((model, k) => ({ model, ...this.#scores(this.#models[k]) })),
      mix: this.#scores(this.#mix),
    };
  }

  #scores({ n, mse, mae, S, N, shown, hits }: Forecaster): Verdict["mix"] {
    const against = (other: Forecaster) => (n === 0 || other.n === 0 || other.mse === 0 ? null : 1 - mse / other.mse);
    return {
      n,
      mse: n === 0 ? null : mse,
      fading: n === 0 ? null : S / N,
      mae: n === 0 ? null : mae,
      r2: against(this.#mean),
      skill: against(this.#last),
      coverage: shown === 0 ? null : hits / shown,
    };
  }
}
