/** Random states of stateful-estimator and ml-racer: their shapes fit, their numbers need not come from a stream. */
import fc from "fast-check";
import type { Race } from "../../../services/ml-racer/race.js";
import type { SeriesState } from "../../../services/stateful-estimator/series-state.js";
import { CHAMPION, COMPANIONS, judgeLength } from "../../../shared/race/judge/places.js";
import { type ClosedEntry, ClosedList } from "../../../shared/race/ledger/closed-list.js";

/** Objects as a program makes them, with the usual prototype, so that a deep comparison takes them for equal. */
const plain = { noNullPrototype: true } as const;
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const ring = fc.record({ length: fc.integer({ min: 1, max: 10_000 }), count: fc.maxSafeNat() }, plain);

/** Arrays of any finite doubles, -0 and denormals among them. */
export function doubles(length: number): fc.Arbitrary<Float64Array> {
  return fc.array(finite, { minLength: length, maxLength: length }).map((numbers) => Float64Array.from(numbers));
}

/** Of 1 to 5 features. */
export function seriesStates(): fc.Arbitrary<SeriesState> {
  return fc.integer({ min: 2, max: 6 }).chain((p) =>
    fc.record(
      {
        estimates: fc.record(
          {
            count: fc.maxSafeNat(),
            abs: doubles(p),
            absSum: doubles(p),
            mu: doubles(p),
            S: doubles(p),
            interval: fc.record({ startMs: fc.maxSafeInteger(), count: fc.maxSafeNat() }, plain),
          },
          plain,
        ),
        matrix: ring,
      },
      plain,
    ),
  );
}

/** Without a live window, as they are when they were read from bytes. */
export function mlRaces(): fc.Arbitrary<Race> {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 4,
  });
  return names.chain((modelNames) => {
    const model = (name: string) =>
      fc.record(
        {
          name: fc.constant(name),
          mse: finite,
          n: fc.maxSafeNat(),
          lateInRow: fc.nat(2 ** 16 - 1),
          state: fc.nat(3).chain(doubles),
        },
        plain,
      );
    const ranking = fc.record(
      { order: fc.shuffledSubarray(modelNames, { minLength: 1 }), since: fc.maxSafeInteger() },
      plain,
    );
    return fc.record(
      {
        features: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        count: fc.maxSafeNat(),
        models: fc.tuple(...modelNames.map(model)),
        judge: judges(modelNames.length),
        ranking: fc.option(ranking, { nil: undefined }),
        ring,
        time: finite,
        open: fc.nat(10_000),
        closed: fc.array(closedEntry(modelNames.length), { maxLength: 3 }).map((entries) => new ClosedList(entries)),
        asking: fc.constant(new Map()),
        window: fc.constant(undefined),
      },
      plain,
    );
  });
}

function judges(models: number): fc.Arbitrary<Float64Array> {
  return fc.tuple(fc.nat(models - 1), doubles(judgeLength(models))).map(([champion, judge]) => {
    judge[CHAMPION] = champion;
    return judge;
  });
}

/** One that was answered, at once or after its question, or one that was given up. */
function closedEntry(models: number): fc.Arbitrary<ClosedEntry> {
  const numberOrNaN = fc.oneof(fc.constant(Number.NaN), finite);
  const width = models + COMPANIONS;
  const forecasts = fc.array(numberOrNaN, { minLength: width, maxLength: width });
  const none = new Array<number>(width).fill(Number.NaN);
  return fc
    .tuple(fc.maxSafeInteger(), numberOrNaN, numberOrNaN, forecasts)
    .map(([i, y, asked, numbers]) => ({ i, y, asked, forecasts: Float64Array.from(Number.isNaN(y) ? none : numbers) }));
}
