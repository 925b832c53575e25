/** What the plain judge keeps of a challenger. */
import type { Verdict } from "../../../shared/contract/verdict-schemas.js";
import { type Maybe, scaleStep } from "./judge-forecaster.js";

const BETS = Array.from({ length: 8 }, (_, k) => 0.9 * 0.5 ** k);
const CLIP = 6;
const PAIR_RATE = 0.02;
const CAP = 1e100;
const START = 0.5;
const HORIZON = 1000;

/** Evidence of a challenger since the reign began. */
export class Pair {
  t = 0;
  m = 0;
  a = 0;
  S = 0;
  V = 0;
  U = 0;
  W = 0;
  ru = 0;
  rn = 0;
  E = 1;
  #cash = 0;
  readonly #A = BETS.map(() => 0);

  learn(champion: Maybe, challenger: Maybe): void {
    if (champion === null && challenger === null) return;
    let g = champion === null ? 1 : -1;
    let d: Maybe = null;
    if (champion !== null && challenger !== null) {
      d = champion * champion - challenger * challenger;
      g = this.a > 0 ? Math.max(-1, Math.min(1, d / (CLIP * this.a))) : 0;
      this.m++;
      this.a = scaleStep(this.a, Math.abs(d), this.m, PAIR_RATE);
      this.U = orBefore(this.U + (d - this.U) / this.m, this.U);
    }
    this.t++;
    const rest = (j: number) => (1 - START) / Math.sqrt(1 + j / HORIZON);
    this.#cash = this.t === 1 ? START : rest(this.t - 1);
    const stake = this.t === 1 ? START : rest(this.t - 2) - this.#cash;
    let sum = 0;
    for (const [k, bet] of BETS.entries()) {
      this.#A[k] = Math.min((this.#A[k] + stake) * (1 + bet * g), CAP);
      sum += this.#A[k];
    }
    this.E = this.#cash + sum / 8;
    this.S += g;
    this.V += g * g;
    this.W += g;
    if (!(this.W > 0)) [this.W, this.rn, this.ru] = [0, 0, 0];
    else if (d !== null) {
      this.rn++;
      this.ru = orBefore(this.ru + (d - this.ru) / this.rn, this.ru);
    }
  }

  /** @param challengers how many there are */
  said(model: string, challengers: number, alpha: number): Verdict["pairs"][number] {
    const { t, S, V } = this;
    const l = Math.log((2 * 8 * challengers) / alpha);
    const off = BETS.map((b) => ((-Math.log1p(-b) - b) * V + l) / b);
    return {
      model,
      n: t,
      gap: t === 0 ? null : S / t,
      lower: t === 0 ? null : Math.max(-1, ...off.map((o) => (S - o) / t)),
      upper: t === 0 ? null : Math.min(1, ...off.map((o) => (S + o) / t)),
      gapMse: this.m === 0 ? null : this.U,
      runN: this.rn,
      runGapMse: this.rn === 0 ? null : this.ru,
      evidence: this.E,
    };
  }
}

function orBefore(next: number, before: number): number {
  return Number.isFinite(next) ? next : before;
}
