import assert from "node:assert/strict";
import { MersenneTwister, SEED_BOUND } from "../../../services/ml-racer/models/mersenne-twister.js";
import { drawForest } from "../../../services/ml-racer/models/random-forest.js";
import { nextSplitterState } from "../../../services/ml-racer/models/regression-tree.js";

// Expected values: numpy 2.4.6, RandomState(seed).randint and .bytes, and scikit-learn 1.9.1's bootstrap.
describe("the draws of numpy's RandomState", () => {
  it("draws the seeds that scikit-learn gives to the trees of RandomState(0)", () => {
    const random = new MersenneTwister(0);
    const seeds = Array.from({ length: 100 }, () => random.below(SEED_BOUND));
    assert.deepEqual(seeds.slice(0, 5), [209652396, 398764591, 924231285, 1478610112, 441365315]);
    assert.equal(seeds[99], 1396067212);
  });

  it("gives the published outputs of MT19937 for the seed 5489, over several refills", () => {
    const random = new MersenneTwister(5489);
    assert.equal(random.next(), 3499211612);
    for (let i = 2; i < 10_000; i++) random.next();
    assert.equal(random.next(), 4123659995);
  });

  it("draws nothing for a bound of 1, and rejects a bound of 0", () => {
    const random = new MersenneTwister(5489);
    assert.equal(random.below(1), 0);
    assert.equal(random.next(), 3499211612);
    assert.throws(() => random.below(0), RangeError);
  });

  it("takes whole outputs for a bound of 2^32", () => {
    assert.equal(new MersenneTwister(5489).below(2 ** 32), 3499211612);
  });

  it("draws bootstrap samples and splitter seeds as scikit-learn's forest does", () => {
    const { weights, seeds } = drawForest(0, 100, 25);
    assert.equal(weights.subarray(0, 25).join(""), "2112001403001003112001110");
    assert.deepEqual([...seeds.subarray(0, 5)], [2087557356, 132990059, 1109697837, 123230084, 633163265]);
    assert.equal(seeds[99], 1296421522);
  });

  it("steps the splitter's generator as scikit-learn does, from 0 as from 1", () => {
    const outputs: number[] = [];
    for (let state = nextSplitterState(2087557356); outputs.length < 5; state = nextSplitterState(state)) {
      outputs.push(state & 0x7fffffff);
    }
    assert.deepEqual(outputs, [562009556, 728431350, 1924947308, 1529191780, 2041318688]);
    assert.equal(nextSplitterState(0), nextSplitterState(1));
  });
});
