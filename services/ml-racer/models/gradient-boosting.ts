/**
 * scikit-learn 1.9.1's GradientBoostingRegressor with squared loss: each tree is fitted to the residuals of those before it.
 * J. Friedman: Greedy function approximation: a gradient boosting machine, Annals of Statistics 29(5), 2001.
 *   F_0 = mean(y);  r = y − F_{m−1}(x);  F_m = F_{m−1} + learning_rate · tree_m,  tree_m fitted to r
 */
import { nonNegativeParameter } from "../../../shared/models/parameters.js";
import { MersenneTwister, SEED_BOUND } from "./mersenne-twister.js";
import { type EnsembleParameterName, ensembleParameters, type ModelKind, treeLimits } from "./model-kind.js";
import { pairwiseSum } from "./pairwise-sum.js";
import { RegressionTree } from "./regression-tree.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";
import { copyFeatures } from "./tree-data.js";
import { createWasmTrees, fitWasmTrees } from "./wasm-trees.js";

type ParameterName = EnsembleParameterName | "learning_rate";

/**
 * Largest rate with which a stage leaves no more than there was: what a tree explains is multiplied by 1 − rate. With a larger
 * one residuals grow from stage to stage until they overflow, and only the literal trees are made for that.
 */
const WASM_RATE_MAX = 2;

/** Residuals that grow beyond this have no finite square: every forecast would be refused. */
const GROWTH_MAX = 1e150;

/** `gb` in the list of models. */
export const gradientBoosting: ModelKind<ParameterName> = {
  doc: "scikit-learn's GradientBoostingRegressor",
  parameters: { ...ensembleParameters(3), learning_rate: nonNegativeParameter(0.1, "share of a tree that is added") },
  fault: ({ n_estimators, learning_rate }) =>
    learning_rate > 2 && (learning_rate - 1) ** n_estimators > GROWTH_MAX
      ? `a learning_rate with which residuals, multiplied by ${learning_rate - 1} at each of ${n_estimators} stages, stay finite`
      : undefined,
  create: (parameters, dimensions) =>
    parameters.learning_rate <= WASM_RATE_MAX &&
    fitWasmTrees(dimensions, parameters.n_estimators, treeLimits(parameters))
      ? wasmGradientBoosting(parameters, dimensions)
      : literalGradientBoosting(parameters, dimensions),
};

/** Splitter seeds of `stages` trees, drawn one after another from RandomState(`seed`). */
export function drawStageSeeds(seed: number, stages: number): Uint32Array {
  const random = new MersenneTwister(seed);
  return Uint32Array.from({ length: stages }, () => random.below(SEED_BOUND));
}

/** Boosting with literal trees, for any number of rows. */
export function literalGradientBoosting(
  parameters: Readonly<Record<ParameterName, number>>,
  { features, trainLength }: Dimensions,
): Regressor {
  const { n_estimators: stages, learning_rate: rate } = parameters;
  const seeds = drawStageSeeds(parameters.random_state, stages);
  const tree = new RegressionTree(features, trainLength, treeLimits(parameters));
  const x = new Float32Array(features * trainLength);
  const query32 = new Float32Array(features);
  const fitted = new Float64Array(trainLength);
  const residual = new Float64Array(trainLength);
  const weight = new Float64Array(trainLength).fill(1);
  let nodes = 0;
  return {
    predict(training: TrainingSet, query: Float64Array): number {
      copyFeatures(training, x);
      query32.set(query);
      let prediction = pairwiseSum(training.y, 0, trainLength) / trainLength;
      fitted.fill(prediction);
      nodes = 0;
      for (let stage = 0; stage < stages; stage++) {
        for (let i = 0; i < trainLength; i++) residual[i] = training.y[i] - fitted[i];
        tree.grow(x, residual, weight, seeds[stage]);
        nodes += tree.nodes;
        for (let i = 0; i < trainLength; i++) fitted[i] += rate * tree.rowValue[i];
        prediction += rate * tree.predict(query32);
      }
      return prediction;
    },
    work: () => nodes,
  };
}

/** Boosting in WebAssembly; windows that it does not cover go to the literal trees. */
function wasmGradientBoosting(parameters: Readonly<Record<ParameterName, number>>, dimensions: Dimensions): Regressor {
  const { trainLength } = dimensions;
  const { n_estimators: stages, learning_rate: rate } = parameters;
  const seeds = drawStageSeeds(parameters.random_state, stages);
  const trees = createWasmTrees(dimensions, seeds, new Float64Array(0), treeLimits(parameters));
  const literal = literalGradientBoosting(parameters, dimensions);
  let isCovered = false;
  return {
    predict(training: TrainingSet, query: Float64Array): number {
      isCovered = trees.prepare(training, query);
      if (!isCovered) return literal.predict(training, query);
      return trees.predictBoosting(pairwiseSum(training.y, 0, trainLength) / trainLength, rate);
    },
    work: () => (isCovered ? trees.nodes() : (literal.work?.() ?? 0)),
  };
}
