/** What the plain judge keeps of a model or of the mixture: scores and the tracker of its interval. */

/** `null` is what is not there. */
export type Maybe = number | null;
export type Ends = readonly [Maybe, Maybe];

const WARM = 20;
const FIRST_WIDTH = 2.06;
const STEP = 0.05;
const BAND_RATE = 0.05;

/** See the file's head. */
export class Forecaster {
  n = 0;
  mse = 0;
  mae = 0;
  S = 0;
  N = 0;
  #intervals = 0;
  #scale = 0;
  #q = FIRST_WIDTH;
  shown = 0;
  hits = 0;

  /** @returns whether the scores stay finite; nothing has changed otherwise */
  score(e: number, fading: number): boolean {
    const mse = this.mse + (e * e - this.mse) / (this.n + 1);
    const S = e * e + fading * this.S;
    if (![e, mse, S].every(Number.isFinite)) return false;
    this.n++;
    this.mse = mse;
    this.mae += (Math.abs(e) - this.mae) / this.n;
    this.S = S;
    this.N = 1 + fading * this.N;
    return true;
  }

  ends(yhat: Maybe): Ends {
    if (yhat === null || this.#intervals < WARM) return [null, null];
    const h = this.#q * this.#scale;
    const ends = [yhat - h, yhat + h] as const;
    return ends.every(Number.isFinite) ? ends : [null, null];
  }

  learnEnds(y: number, e: number, [lower, upper]: Ends, miss: number): void {
    if (lower !== null && upper !== null) {
      const hit = lower <= y && y <= upper;
      this.shown++;
      this.hits += hit ? 1 : 0;
      this.#q = Math.max(this.#q + STEP * ((hit ? 0 : 1) - miss), 0);
    }
    this.#intervals++;
    this.#scale = scaleStep(this.#scale, Math.abs(e), this.#intervals, BAND_RATE);
  }

  correct(before: number, e: number): void {
    const mse = this.mse + (e * e - before * before) / this.n;
    const mae = this.mae + (Math.abs(e) - Math.abs(before)) / this.n;
    if (Number.isFinite(mse)) this.mse = Math.max(mse, 0);
    if (Number.isFinite(mae)) this.mae = Math.max(mae, 0);
  }
}

/** A running scale of v ≥ 0, the m-th value, m from 1: it fades, and one outlier moves it at most twofold. */
export function scaleStep(a: number, v: number, m: number, rate: number): number {
  return a === 0 ? v : Math.min(a + Math.max(1 / m, rate) * (v - a), 2 * a);
}
