import assert from "node:assert/strict";
import fc from "fast-check";
import { SWEEPS_MAX } from "../../services/ml-racer/models/jacobi.js";
import { createRegressor, modelKinds } from "../../services/ml-racer/models/model-registry.js";
import { newTrainingSet } from "../../services/ml-racer/models/regressor.js";
import { integer, type Random, randomStream, seededRandom, wideStream } from "../support/data/random-stream.js";

const SEED = Math.floor(Math.random() * 2 ** 31);
const TREES = 3;

/** A window of 1 to 300 features and 1 to 40 rows, of which none to all are filled, of any rank. */
function windowOf(random: Random) {
  const trainLength = integer(random, 0, 1) === 0 ? 25 : integer(random, 1, 40);
  const features = integer(random, 0, 1) === 0 ? integer(random, 1, 30) : integer(random, 1, 300);
  const stream = integer(random, 0, 2) === 0 ? randomStream : wideStream;
  const { x, y } = stream(random, features, trainLength + 1);
  const filled = integer(random, 0, trainLength);
  const training = newTrainingSet({ features, trainLength });
  training.x.set(x.slice(0, filled).flat());
  training.y.set(y.slice(0, filled));
  return { training, query: Float64Array.from(x[trainLength]), dimensions: { features, trainLength } };
}

/** Most steps of a forecast, by kind of model. */
const WORK_MAX: Readonly<Record<string, (features: number, rows: number) => number>> = {
  rf: (_, rows) => TREES * (2 * rows - 1),
  gb: (_, rows) => TREES * (2 * rows - 1),
  lin: (features, rows) => {
    const size = Math.min(features, rows);
    return (SWEEPS_MAX * size * (size - 1)) / 2;
  },
  ridge: (features, rows) => features + rows,
  knn: (_, rows) => rows,
  tree: (_, rows) => 2 * rows - 1,
};

describe(`the work of a forecast, on windows of any shape and rank (seed ${SEED})`, () => {
  it("has a bound that is tested here for every kind of model", () => {
    assert.deepEqual([...modelKinds.keys()].sort(), Object.keys(WORK_MAX).sort());
  });

  for (const [name, kind] of modelKinds) {
    it(`stays within the bound that its sizes set: ${name}`, () => {
      const defaults = Object.fromEntries(
        Object.entries(kind.parameters).map(([key, { default: value }]) => [key, value]),
      );
      const parameters = "n_estimators" in defaults ? { ...defaults, n_estimators: TREES } : defaults;
      let most = 0;
      fc.assert(
        fc.property(fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (seed) => {
          const { training, query, dimensions } = windowOf(seededRandom(seed));
          const regressor = createRegressor({ name, kind: name, parameters }, dimensions);
          regressor.predict(training, query);
          const work = regressor.work?.() ?? Number.NaN;
          const bound = WORK_MAX[name](dimensions.features, dimensions.trainLength);
          assert.ok(work <= bound, `expected at most ${bound} steps, got ${work}`);
          most = Math.max(most, work);
        }),
        { seed: SEED, numRuns: 400 },
      );
      assert.ok(most > 0, "steps are counted");
    });
  }
});
