/** scikit-learn 1.9.1's DecisionTreeRegressor: one tree, grown on all rows until its leaves are pure. */
import { MersenneTwister, SEED_BOUND } from "./mersenne-twister.js";
import { type ModelKind, type TreeParameterName, treeLimits, treeParameters } from "./model-kind.js";
import { RegressionTree } from "./regression-tree.js";
import type { Dimensions, Regressor, TrainingSet } from "./regressor.js";
import { copyFeatures } from "./tree-data.js";

/** `tree` in the list of models. */
export const singleTree: ModelKind<TreeParameterName> = {
  doc: "scikit-learn's DecisionTreeRegressor",
  parameters: treeParameters(Number.POSITIVE_INFINITY),
  create: createTree,
};

function createTree(
  parameters: Readonly<Record<TreeParameterName, number>>,
  { features, trainLength }: Dimensions,
): Regressor {
  const seed = new MersenneTwister(parameters.random_state).below(SEED_BOUND);
  const tree = new RegressionTree(features, trainLength, treeLimits(parameters));
  const weights = new Float64Array(trainLength).fill(1);
  const x = new Float32Array(features * trainLength);
  const query32 = new Float32Array(features);
  return {
    predict(training: TrainingSet, query: Float64Array): number {
      copyFeatures(training, x);
      query32.set(query);
      tree.grow(x, training.y, weights, seed);
      return tree.predict(query32);
    },
    work: () => tree.nodes,
  };
}
