import assert from "node:assert/strict";
import { newTrainingSet, type TrainingSet } from "../../../services/ml-racer/models/regressor.js";
import { createWasmTrees, fitWasmTrees } from "../../../services/ml-racer/models/wasm-trees.js";

const LIMITS = { maxDepth: 3, minSamplesSplit: 2, minSamplesLeaf: 1 };

function columnOf(values: readonly number[]): TrainingSet {
  const training = newTrainingSet({ features: 1, trainLength: values.length });
  training.x.set(values);
  training.y.set(values.map((_, i) => i));
  return training;
}

function covers(training: TrainingSet): boolean {
  const dimensions = { features: 1, trainLength: training.rows };
  const trees = createWasmTrees(dimensions, Uint32Array.of(1), new Float64Array(training.rows).fill(1), LIMITS);
  return trees.prepare(training, Float64Array.of(0));
}

describe("the tree models' WebAssembly module", () => {
  it("holds for windows of up to 32 rows and tables of bounded size", () => {
    assert.equal(fitWasmTrees({ features: 10, trainLength: 32 }, 100, LIMITS), true);
    assert.equal(fitWasmTrees({ features: 10, trainLength: 33 }, 100, LIMITS), false);
    assert.equal(fitWasmTrees({ features: 257, trainLength: 25 }, 100, LIMITS), false);
    assert.equal(fitWasmTrees({ features: 256, trainLength: 32 }, 10_000, { ...LIMITS, maxDepth: 9 }), false);
  });

  it("declines values whose nearness is not transitive, and takes crowds that lie together", () => {
    assert.equal(covers(columnOf([0, 6e-8, 12e-8])), false);
    assert.equal(covers(columnOf([0, 6e-8, 9e-8, 1])), true);
    assert.equal(covers(columnOf([5, 5, 5])), true);
  });

  it("declines targets whose squares could overflow", () => {
    const training = columnOf([1, 2, 3]);
    training.y[1] = 1e101;
    assert.equal(covers(training), false);
  });
});
