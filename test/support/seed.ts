/** Randomness of a test that can be repeated: the seed is printed, and REGATTA_TEST_SEED sets it. */

/** @returns numbers in [0, 1) by mulberry32, and the seed that gives them again */
export function seededRandom(): { seed: number; random: () => number } {
  const given = process.env.REGATTA_TEST_SEED;
  const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, random };
}
