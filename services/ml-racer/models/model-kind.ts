/** A kind of model as the registry knows it: its hyper-parameters, with scikit-learn's names and defaults, and how to make one. */
import type { TreeLimits } from "./regression-tree.js";
import type { Dimensions, Regressor } from "./regressor.js";

/** A hyper-parameter. Every value is a number; `None` of an unlimited one is Infinity. */
export interface ParameterDefinition {
  readonly default: number;
  /** What a value has to be, as it completes "expected ...". */
  readonly expected: string;
  /** What it means, as the table of docs/models.md says it. */
  readonly doc: string;
  /** The value that a text stands for; undefined where it is not {@link expected}. */
  parse(text: string): number | undefined;
}

/** A kind of model. */
export interface ModelKind<P extends string = string> {
  /** What it is, as the table of docs/models.md says it. */
  readonly doc: string;
  readonly parameters: Readonly<Record<P, ParameterDefinition>>;
  /** What is wrong with values that are valid each by itself, as it completes "expected ..."; undefined where nothing is. */
  fault?(parameters: Readonly<Record<P, number>>): string | undefined;
  /** @param parameters one value for each of {@link ModelKind.parameters} */
  create(parameters: Readonly<Record<P, number>>, dimensions: Dimensions): Regressor;
}

/** Most trees of a model; a bound on memory and on the time of one record. */
export const ESTIMATORS_MAX = 10_000;

/** An integer from `least` to `most`. */
export function integerParameter(initial: number, least: number, most: number, doc: string): ParameterDefinition {
  return {
    default: initial,
    expected: `an integer from ${least} to ${most}`,
    doc,
    parse(text) {
      const value = Number(text);
      return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined;
    },
  };
}

/** An integer from `least` to `most`, or `None` for no limit, which is the value Infinity. */
export function limitParameter(initial: number, least: number, most: number, doc: string): ParameterDefinition {
  const bounded = integerParameter(initial, least, most, doc);
  return {
    ...bounded,
    expected: `${bounded.expected}, or None`,
    parse: (text) => (text.toLowerCase() === "none" ? Number.POSITIVE_INFINITY : bounded.parse(text)),
  };
}

/** A finite number of 0 or more. */
export function nonNegativeParameter(initial: number, doc: string): ParameterDefinition {
  return {
    default: initial,
    expected: "a number of 0 or more",
    doc,
    parse(text) {
      const value = Number(text);
      return text !== "" && Number.isFinite(value) && value >= 0 ? value : undefined;
    },
  };
}

/** A finite number above 0. */
export function positiveParameter(initial: number, doc: string): ParameterDefinition {
  const definition = nonNegativeParameter(initial, doc);
  return {
    ...definition,
    expected: "a number above 0",
    parse(text) {
      const value = definition.parse(text);
      return value === 0 ? undefined : value;
    },
  };
}

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
