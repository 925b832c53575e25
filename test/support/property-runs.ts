/** How properties are run. */

/**
 * Parameters for fast-check: `numRuns` runs from a new seed, which is printed, so that a failure can be repeated by
 * putting the seed here.
 */
export function propertyRuns(what: string, numRuns: number): { readonly seed: number; readonly numRuns: number } {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`      seed of ${what}: ${seed}`);
  return { seed, numRuns };
}
