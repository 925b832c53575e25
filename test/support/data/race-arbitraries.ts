/** Random streams and races for properties. */
import fc from "fast-check";
import { packedLength } from "../../../shared/models/rls.js";
import { type Race, RECENT } from "../plain/race.js";

/** Objects as a program makes them, with the usual prototype, so that a deep comparison takes them for equal. */
const plain = { noNullPrototype: true } as const;

/** Observations of one series: all of the same number of features. */
export interface Stream {
  readonly features: number;
  readonly rows: readonly { readonly y: number; readonly x: number[] }[];
}

/**
 * Streams of 1 to `rowsMax` rows with 1 to 6 features, all numbers from -5 to 5: zeros, denormals, constants and repeated
 * rows among them.
 */
export function streams(rowsMax: number): fc.Arbitrary<Stream> {
  const number = fc.double({ min: -5, max: 5, noNaN: true });
  const rowOf = (features: number) =>
    fc.record({ y: number, x: fc.array(number, { minLength: features, maxLength: features }) }, plain);
  return fc
    .integer({ min: 1, max: 6 })
    .chain((features) =>
      fc.array(rowOf(features), { minLength: 1, maxLength: rowsMax, size: "max" }).map((rows) => ({ features, rows })),
    );
}

/** Forgetting factors from 0.9 to 1, 1 often among them. */
export const forgettingFactors = fc.oneof(fc.constant(1), fc.double({ min: 0.9, max: 1, noNaN: true }));

/** Races of any finite numbers, -0 and denormals among them: their shapes fit, their numbers need not come from a race. */
export function races(): fc.Arbitrary<Race> {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const doubles = (length: number) =>
    fc.array(finite, { minLength: length, maxLength: length }).map((numbers) => Float64Array.from(numbers));
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  });
  return fc.tuple(fc.integer({ min: 1, max: 4 }), names).chain(([features, modelNames]) => {
    const p = features + 1;
    const model = (name: string) =>
      fc.record(
        {
          name: fc.constant(name),
          rls: fc.record(
            { nu: fc.double({ min: 0, max: 1, noNaN: true }), beta: doubles(p), UD: doubles(packedLength(p)) },
            plain,
          ),
          mse: finite,
          n: fc.maxSafeNat(),
          errors: doubles(RECENT),
          refusals: fc.nat(65_535),
        },
        plain,
      );
    const ranking = fc.record(
      { order: fc.shuffledSubarray(modelNames, { minLength: modelNames.length }), since: fc.maxSafeInteger() },
      plain,
    );
    return fc.record(
      {
        features: fc.constant(features),
        count: fc.maxSafeNat(),
        rows: doubles(RECENT * p),
        models: fc.tuple(...modelNames.map(model)),
        ranking: fc.option(ranking, { nil: undefined }),
      },
      plain,
    );
  });
}
