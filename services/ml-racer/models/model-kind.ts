/** A kind of model that is trained anew for every forecast, with scikit-learn's names and defaults of hyper-parameters. */
import type { Kind } from "../../../shared/models/kind.js";
import { integerParameter, limitParameter } from "../../../shared/models/parameters.js";
import type { TreeLimits } from "./regression-tree.js";
import type { Dimensions, Regressor } from "./regressor.js";

/** A kind of window model: a function of the newest observations. */
export interface ModelKind<P extends string = string> extends Kind<P> {
  /** @param parameters one value for each of {@link Kind.parameters} */
  create(parameters: Readonly<Record<P, number>>, dimensions: Dimensions): Regressor;
}

/** Most trees of a model; a bound on memory and on the time of one record. */
export const ESTIMATORS_MAX = 10_000;

/** The hyper-parameters of a tree, with the depth that it starts from. */
export function treeParameters(depth: number) {
  return {
    max_depth: limitParameter(depth, 1, 1000, "depth of a tree"),
    min_samples_split: integerParameter(2, 2, 1_000_000, "rows a node needs to be split"),
    min_samples_leaf: integerParameter(1, 1, 1_000_000, "rows a leaf needs"),
    random_state: integerParameter(0, 0, 2 ** 32 - 1, "seed"),
  };
}

/** Those that random forest and gradient boosting share. */
export function ensembleParameters(depth: number) {
  return { n_estimators: integerParameter(100, 1, ESTIMATORS_MAX, "number of trees"), ...treeParameters(depth) };
}

/** Names of the hyper-parameters of {@link treeParameters}. */
export type TreeParameterName = keyof ReturnType<typeof treeParameters>;

/** Names of the hyper-parameters of {@link ensembleParameters}. */
export type EnsembleParameterName = keyof ReturnType<typeof ensembleParameters>;

/** The limits that hyper-parameters set to a tree. */
export function treeLimits(parameters: Readonly<Record<TreeParameterName, number>>): TreeLimits {
  return {
    maxDepth: parameters.max_depth,
    minSamplesSplit: parameters.min_samples_split,
    minSamplesLeaf: parameters.min_samples_leaf,
  };
}
