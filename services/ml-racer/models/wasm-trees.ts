/**
 * Random forest and gradient boosting in WebAssembly, for windows of up to 32 rows. The source is wasm/: bit for bit what
 * the literal trees of regression-tree.ts predict, without the work that changes no bit. Features are sorted once per window,
 * the orders of visits are looked up, splits are estimated (several features at once, without a branch) before they are scored, and a
 * forest's trees are grown no further than the query needs.
 */

import type { TreeLimits } from "./regression-tree.js";
import type { Dimensions, TrainingSet } from "./regressor.js";
import { WASM_TREES_BASE64 } from "./wasm-trees-binary.js";

/** What the module exports. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputX: { readonly value: number };
  readonly inputY: { readonly value: number };
  readonly inputQuery: { readonly value: number };
  readonly inputSeeds: { readonly value: number };
  readonly inputWeights: { readonly value: number };
  create(
    features: number,
    rows: number,
    trees: number,
    searches: number,
    depth: number,
    split: number,
    leaf: number,
  ): void;
  start(): void;
  prepare(): number;
  predictForest(): number;
  predictBoosting(mean: number, rate: number): number;
  nodes(): number;
}

/** A model's own instance of the module; its memory is laid out once. */
export interface WasmTrees {
  /**
   * Takes training rows and query over into the module's memory.
   * @returns false where the module does not cover the window, and nothing may be predicted: a target exceeds 1e100, or values of a
   *   feature lie so that equality up to 1e-7 is not transitive
   */
  prepare(training: TrainingSet, query: Float64Array): boolean;
  /** Mean of the trees' predictions. */
  predictForest(): number;
  /** Prediction of boosting that starts from `mean` and adds `rate` of each tree. */
  predictBoosting(mean: number, rate: number): number;
  /** Nodes that the last prediction visited: at most 2 R - 1 a tree. */
  nodes(): number;
}

/** The part of the WebAssembly interface that is used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const module = new WebAssembly.Module(Buffer.from(WASM_TREES_BASE64, "base64"));

/** Most rows: a set of rows is a mask of 32 bits. */
const ROWS_MAX = 32;

/** Most features: a feature is a byte in the tables. */
const FEATURES_MAX = 256;

/** Largest table of visits. */
const TABLE_BYTES_MAX = 2 ** 26;

/** Largest target: its square, summed, has to be finite. */
const TARGET_MAX = 1e100;

/** Whether the module takes these sizes: rows that fit a mask, and a table of visits of bounded size. */
export function fitWasmTrees({ features, trainLength }: Dimensions, trees: number, limits: TreeLimits): boolean {
  const bytes = trees * searchesMax(trainLength, limits) * (features + Uint32Array.BYTES_PER_ELEMENT);
  return trainLength <= ROWS_MAX && features <= FEATURES_MAX && bytes <= TABLE_BYTES_MAX;
}

/** Most searches of one tree: one for each split that depth and number of rows allow. */
function searchesMax(rows: number, { maxDepth }: TreeLimits): number {
  return Math.max(1, Math.min(rows - 1, 2 ** maxDepth - 1));
}

function areModerate(y: Float64Array): boolean {
  for (let i = 0; i < y.length; i++) if (!(Math.abs(y[i]) <= TARGET_MAX)) return false;
  return true;
}

/** More than any tree's depth: a tree of R rows is at most R - 1 deep. */
const DEPTH_UNLIMITED = 255;

/**
 * @param seeds   per tree the state of its splitter's generator
 * @param weights trees × rows, integers up to 255; all 1 for boosting, which does not read them
 */
export function createWasmTrees(
  { features, trainLength }: Dimensions,
  seeds: Uint32Array,
  weights: Float64Array,
  limits: TreeLimits,
): WasmTrees {
  const exports = new WebAssembly.Instance(module).exports as WasmExports;
  exports.create(
    features,
    trainLength,
    seeds.length,
    searchesMax(trainLength, limits),
    Math.min(limits.maxDepth, DEPTH_UNLIMITED),
    limits.minSamplesSplit,
    limits.minSamplesLeaf,
  );
  const { buffer } = exports.memory;
  new Uint32Array(buffer, exports.inputSeeds.value, seeds.length).set(seeds);
  new Uint8Array(buffer, exports.inputWeights.value, weights.length).set(weights);
  exports.start();
  const x = new Float64Array(buffer, exports.inputX.value, features * trainLength);
  const y = new Float64Array(buffer, exports.inputY.value, trainLength);
  const query32 = new Float32Array(buffer, exports.inputQuery.value, features);
  return {
    prepare(training, query) {
      if (!areModerate(training.y)) return false;
      x.set(training.x);
      y.set(training.y);
      query32.set(query);
      return exports.prepare() === 1;
    },
    predictForest: () => exports.predictForest(),
    predictBoosting: (mean, rate) => exports.predictBoosting(mean, rate),
    nodes: () => exports.nodes(),
  };
}
