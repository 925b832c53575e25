/** Runs properties so that a failure can be repeated: the seed is printed, and REGATTA_TEST_SEED sets it. */
import fc from "fast-check";

/** Seed of every property of this process. */
export const seed = Number(process.env.REGATTA_TEST_SEED ?? Date.now() % 2 ** 31);

let printed = false;

/**
 * Checks that a property holds.
 * @param runs how many examples are tried
 * @throws {Error} with the smallest counterexample found
 */
export function holds<T>(property: fc.IProperty<T>, runs = 100): void {
  if (!printed) process.stdout.write(`properties with REGATTA_TEST_SEED=${seed}\n`);
  printed = true;
  fc.assert(property, { seed, numRuns: runs });
}
