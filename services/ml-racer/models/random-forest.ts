/**
 * scikit-learn 1.9.1's RandomForestRegressor: the mean of trees that are each grown on a bootstrap sample of the rows.
 * L. Breiman: Random forests, Machine Learning 45(1), 2001.
 */
import { MersenneTwister, SEED_BOUND } from "./mersenne-twister.js";
import { type EnsembleParameterName, ensembleParameters, type ModelKind, treeLimits } from "./model-kind.js";
import { RegressionTree } from "./regression-tree.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";
import { copyFeatures } from "./tree-data.js";
import { createWasmTrees, fitWasmTrees } from "./wasm-trees.js";

/** `rf` in the list of models. */
export const randomForest: ModelKind<EnsembleParameterName> = {
  doc: "scikit-learn's RandomForestRegressor",
  parameters: ensembleParameters(Number.POSITIVE_INFINITY),
  create: (parameters, dimensions) =>
    fitWasmTrees(dimensions, parameters.n_estimators, treeLimits(parameters))
      ? wasmRandomForest(parameters, dimensions)
      : literalRandomForest(parameters, dimensions),
};

/** What the trees of a forest draw. It depends on seed and sizes only, never on data. */
export interface ForestDraws {
  /** Trees × rows: how often a row is in a tree's bootstrap sample. */
  readonly weights: Float64Array;
  /** Per tree the state of its splitter's generator. */
  readonly seeds: Uint32Array;
}

/** Draws bootstrap samples and splitter seeds of `trees` trees on `rows` rows from RandomState(`seed`). */
export function drawForest(seed: number, trees: number, rows: number): ForestDraws {
  const forest = new MersenneTwister(seed);
  const weights = new Float64Array(trees * rows);
  const seeds = new Uint32Array(trees);
  for (let t = 0; t < trees; t++) {
    const treeSeed = forest.below(SEED_BOUND);
    const bootstrap = new MersenneTwister(treeSeed);
    for (let draw = 0; draw < rows; draw++) weights[t * rows + bootstrap.below(rows)]++;
    seeds[t] = new MersenneTwister(treeSeed).below(SEED_BOUND);
  }
  return { weights, seeds };
}

/** The forest from literal trees, for any number of rows. */
export function literalRandomForest(
  parameters: Readonly<Record<EnsembleParameterName, number>>,
  { features, trainLength }: Dimensions,
): Regressor {
  const trees = parameters.n_estimators;
  const { weights, seeds } = drawForest(parameters.random_state, trees, trainLength);
  const tree = new RegressionTree(features, trainLength, treeLimits(parameters));
  const x = new Float32Array(features * trainLength);
  const query32 = new Float32Array(features);
  let nodes = 0;
  const weightsOf = Array.from({ length: trees }, (_, t) => weights.subarray(t * trainLength, (t + 1) * trainLength));
  return {
    predict(training: TrainingSet, query: Float64Array): number {
      copyFeatures(training, x);
      query32.set(query);
      let sum = 0;
      nodes = 0;
      for (let t = 0; t < trees; t++) {
        tree.grow(x, training.y, weightsOf[t], seeds[t]);
        nodes += tree.nodes;
        sum += tree.predict(query32);
      }
      return sum / trees;
    },
    work: () => nodes,
  };
}

/** The forest in WebAssembly; windows that it does not cover go to the literal trees. */
function wasmRandomForest(
  parameters: Readonly<Record<EnsembleParameterName, number>>,
  dimensions: Dimensions,
): Regressor {
  const { weights, seeds } = drawForest(parameters.random_state, parameters.n_estimators, dimensions.trainLength);
  const trees = createWasmTrees(dimensions, seeds, weights, treeLimits(parameters));
  const literal = literalRandomForest(parameters, dimensions);
  let isCovered = false;
  return {
    predict(training: TrainingSet, query: Float64Array): number {
      isCovered = trees.prepare(training, query);
      return isCovered ? trees.predictForest() : literal.predict(training, query);
    },
    work: () => (isCovered ? trees.nodes() : (literal.work?.() ?? 0)),
  };
}
