/** Random numbers of streams that can be made again: the same seed gives the same numbers on every machine. */

/** Draws one number of a distribution around 0. */
export type Draw = (noise: Noise) => number;

/** See the file's head. */
export class Noise {
  #state: number;
  #spare = Number.NaN;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 1), by mulberry32. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Standard normal, by the polar method [Marsaglia, Bray 1964]. */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * scale;
      return u * scale;
    }
  }
}

export const normal: Draw = (noise) => noise.normal();

/** Student's t: of 3 degrees of freedom the fourth moment is infinite, of 2 the variance, of 1 the mean. */
export function student(freedom: number): Draw {
  return (noise) => {
    let squares = 0;
    for (let k = 0; k < freedom; k++) squares += noise.normal() ** 2;
    return noise.normal() / Math.sqrt(squares / freedom);
  };
}

/** Exponential less its mean. */
export const skewed: Draw = (noise) => -Math.log(1 - noise.uniform()) - 1;

/** Normal, of which a share is many times as large. */
export function rare(share: number, times: number): Draw {
  return (noise) => noise.normal() * (noise.uniform() < share ? times : 1);
}

/** Cauchy's distribution: Student's t of 1 degree of freedom. */
export const cauchy = student(1);
