import assert from "node:assert/strict";
import fc from "fast-check";
import { gradientBoosting, literalGradientBoosting } from "../../services/ml-racer/models/gradient-boosting.js";
import { literalRandomForest, randomForest } from "../../services/ml-racer/models/random-forest.js";
import { newTrainingSet, type Regressor, type TrainingSet } from "../../services/ml-racer/models/regressor.js";
import { integer, randomStream, seededRandom } from "../support/data/random-stream.js";

const SEED = Math.floor(Math.random() * 2 ** 31);

/** Hyper-parameters of few trees, so that many windows can be tried; every third case has the limits of a default tree. */
const parametersArbitrary = fc
  .record({
    n_estimators: fc.integer({ min: 1, max: 12 }),
    max_depth: fc.constantFrom(1, 2, 3, 3, 3, 5, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    min_samples_split: fc.constantFrom(2, 2, 2, 3, 6),
    min_samples_leaf: fc.constantFrom(1, 1, 1, 2, 4),
    random_state: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    learning_rate: fc.constantFrom(0.1, 0.1, 1, 0.37, 2, 1e40),
    isDefault: fc.constantFrom(true, false),
  })
  .map(({ isDefault, ...parameters }) =>
    isDefault ? { ...parameters, min_samples_split: 2, min_samples_leaf: 1 } : parameters,
  );

interface Case {
  readonly training: TrainingSet;
  readonly queries: readonly Float64Array[];
}

/** A window and queries, one of them a row of the window and one beside it. */
function randomWindow(seed: number): Case {
  const random = seededRandom(seed);
  const trainLength = random() < 0.6 ? 25 : integer(random, 1, 32);
  const features = random() < 0.3 ? 10 : integer(random, 1, 12);
  const { x, y } = randomStream(random, features, trainLength + 2);
  const training = newTrainingSet({ features, trainLength });
  training.y.set(y.slice(0, trainLength));
  training.x.set(x.slice(0, trainLength).flat());
  const filled = random() < 0.2 ? integer(random, 0, trainLength) : trainLength;
  training.y.fill(0, filled);
  training.x.fill(0, filled * features);
  return { training, queries: [x[trainLength], x[trainLength + 1], x[0]].map((row) => Float64Array.from(row)) };
}

const windowArbitrary = fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 }));

function assertSame(fast: Regressor, literal: Regressor, { training, queries }: Case): void {
  for (const query of queries) {
    const expected = literal.predict(training, query);
    const actual = fast.predict(training, query);
    assert.ok(
      actual === expected || (Number.isNaN(actual) && Number.isNaN(expected)),
      `expected ${expected}, got ${actual}`,
    );
  }
}

describe(`tree models on random windows with ties, duplicates, constants, tiny gaps and offsets of 1e6 (seed ${SEED})`, () => {
  it("predict in WebAssembly what literal trees predict, to the last bit: random forest", () => {
    fc.assert(
      fc.property(windowArbitrary, parametersArbitrary, (seed, parameters) => {
        const window = randomWindow(seed);
        const dimensions = { features: window.training.features, trainLength: window.training.rows };
        assertSame(randomForest.create(parameters, dimensions), literalRandomForest(parameters, dimensions), window);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it("predict in WebAssembly what literal trees predict, to the last bit: gradient boosting", () => {
    fc.assert(
      fc.property(windowArbitrary, parametersArbitrary, (seed, parameters) => {
        const window = randomWindow(seed);
        const dimensions = { features: window.training.features, trainLength: window.training.rows };
        assertSame(
          gradientBoosting.create(parameters, dimensions),
          literalGradientBoosting(parameters, dimensions),
          window,
        );
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it("keep a forest's prediction within the range of its training targets, but for rounding", () => {
    fc.assert(
      fc.property(windowArbitrary, parametersArbitrary, (seed, parameters) => {
        const { training, queries } = randomWindow(seed);
        const forest = randomForest.create(parameters, { features: training.features, trainLength: training.rows });
        const least = Math.min(...training.y);
        const most = Math.max(...training.y);
        const rounding = 1e-14 * Math.max(Math.abs(least), Math.abs(most));
        for (const query of queries) {
          const prediction = forest.predict(training, query);
          assert.ok(prediction >= least - rounding && prediction <= most + rounding, `${prediction}`);
        }
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("give the same bits for the same seed, whatever they predicted before", () => {
    fc.assert(
      fc.property(windowArbitrary, windowArbitrary, parametersArbitrary, (seed, other, parameters) => {
        const { training, queries } = randomWindow(seed);
        const dimensions = { features: training.features, trainLength: training.rows };
        for (const kind of [randomForest, gradientBoosting]) {
          const used = kind.create(parameters, dimensions);
          const between = newTrainingSet(dimensions);
          const random = seededRandom(other);
          between.x.forEach((_, i) => {
            between.x[i] = integer(random, 0, 9);
          });
          between.y.forEach((_, i) => {
            between.y[i] = random();
          });
          const first = used.predict(training, queries[0]);
          used.predict(between, queries[1]);
          assert.equal(used.predict(training, queries[0]), first);
          assert.equal(kind.create(parameters, dimensions).predict(training, queries[0]), first);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
