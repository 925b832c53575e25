/**
 * MT19937 as `numpy.random.RandomState(seed)` seeds and draws it for an integer seed.
 * M. Matsumoto, T. Nishimura: Mersenne Twister, ACM TOMACS 8(1), 1998. The seeding is numpy's `init_genrand`, not
 * `init_by_array`, which numpy keeps for seeds that are arrays.
 */

const STATE_WORDS = 624;
const MIDDLE_WORD = 397;

/** Largest bound of {@link MersenneTwister.below}: one 32-bit output makes one draw. */
const BOUND_MAX = 2 ** 32;

/** The bound scikit-learn draws seeds below: `numpy.iinfo(numpy.int32).max`. */
export const SEED_BOUND = 2147483647;

export class MersenneTwister {
  readonly #words = new Uint32Array(STATE_WORDS);
  #next = STATE_WORDS;

  /** @param seed integer from 0 to 2^32 - 1 */
  constructor(seed: number) {
    const words = this.#words;
    words[0] = seed;
    for (let i = 1; i < STATE_WORDS; i++) {
      words[i] = Math.imul(1812433253, words[i - 1] ^ (words[i - 1] >>> 30)) + i;
    }
  }

  /** The next 32 bits, as an integer from 0 to 2^32 - 1. */
  next(): number {
    if (this.#next === STATE_WORDS) this.#refill();
    let y = this.#words[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /**
   * What `RandomState.randint(0, bound)` draws: outputs masked to the bits of `bound - 1`, the first one below `bound`.
   * A bound of 1 draws nothing. At least half of all outputs are below the bound. What is drawn depends on settings alone, never
   * on data, and is drawn where a model is made: no record can make it last.
   * @param bound integer from 1 to 2^32
   * @throws {RangeError} `bound` is outside that range
   */
  below(bound: number): number {
    if (!(bound >= 1 && bound <= BOUND_MAX)) throw new RangeError(`expected a bound from 1 to 2^32, got ${bound}`);
    const highest = bound - 1;
    if (highest === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(highest);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= highest) return value;
    }
  }

  #refill(): void {
    const words = this.#words;
    for (let i = 0; i < STATE_WORDS; i++) {
      const y = (words[i] & 0x80000000) | (words[(i + 1) % STATE_WORDS] & 0x7fffffff);
      words[i] = words[(i + MIDDLE_WORD) % STATE_WORDS] ^ (y >>> 1) ^ ((y & 1) * 0x9908b0df);
    }
    this.#next = 0;
  }
}
