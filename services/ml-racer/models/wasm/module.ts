/** Random forest and gradient boosting for windows of up to 32 rows: what is called from outside. */
import { tabulateDraws } from "./draws";
import {
  FACTOR,
  FACTOR_TOTALS,
  FITTED,
  INPUT_Y,
  inputWeights,
  layOut,
  NEAR_TARGETS,
  ROW_VALUE,
  rows,
  trees,
} from "./layout";
import { tabulateChoices } from "./lists";
import { prepareOrders } from "./orders";
import { beginCount, countedNodes, growTree, limitTrees, predictPath, setTarget, tabulateSample } from "./tree";

export { inputQuery, inputSeeds, inputWeights, inputX, inputY } from "./layout";

/** Targets at least this share of the largest one apart, and APART_MIN, make every node of theirs split. */
const APART_SHARE: f64 = 1e-4;
const APART_MIN: f64 = 1e-6;

/** Lays out the memory. Then seeds and weights are to be written, and `start` called. */
export function create(
  features: i32,
  rowCount: i32,
  treeCount: i32,
  searches: i32,
  depth: i32,
  split: i32,
  leaf: i32,
): void {
  layOut(features, rowCount, treeCount, searches);
  limitTrees(depth, split, leaf);
  tabulateChoices();
  for (let total = 2; total <= rows; total++) {
    for (let l = 1; l < total; l++) {
      store<f64>(FACTOR + ((total * FACTOR_TOTALS + l) << 3), 1 / <f64>(l * (total - l)));
    }
  }
}

/** Makes the tables that depend on the seeds. */
export function start(): void {
  tabulateDraws();
  for (let tree = 0; tree < trees; tree++) tabulateSample(tree, inputWeights + tree * rows);
}

/** Takes in the training rows; false where two values differ by so little that their orders must not be used. */
export function prepare(): bool {
  return prepareOrders();
}

/** The forest's prediction for the query. */
export function predictForest(): f64 {
  beginCount();
  compareTargets();
  let sum: f64 = 0;
  for (let tree = 0; tree < trees; tree++) {
    const weights = inputWeights + tree * rows;
    for (let i = 0; i < rows; i++) setTarget(i, load<f64>(i << 3, INPUT_Y), load<u8>(weights + i));
    sum += predictPath(tree);
  }
  return sum / <f64>trees;
}

function compareTargets(): void {
  let largest: f64 = 0;
  for (let i = 0; i < rows; i++) largest = max<f64>(largest, abs<f64>(load<f64>(i << 3, INPUT_Y)));
  const apart = max<f64>(APART_SHARE * largest, APART_MIN);
  for (let i = 0; i < rows; i++) {
    const y = load<f64>(i << 3, INPUT_Y);
    let near: u32 = 0;
    for (let j = 0; j < rows; j++) {
      if (j !== i && abs<f64>(y - load<f64>(j << 3, INPUT_Y)) < apart) near |= 1 << j;
    }
    store<u32>(i << 2, near, NEAR_TARGETS);
  }
}

/** Boosting's prediction for the query, from the targets' mean on. */
export function predictBoosting(mean: f64, rate: f64): f64 {
  beginCount();
  let prediction = mean;
  for (let i = 0; i < rows; i++) store<f64>(i << 3, mean, FITTED);
  for (let stage = 0; stage < trees; stage++) {
    for (let i = 0; i < rows; i++) setTarget(i, load<f64>(i << 3, INPUT_Y) - load<f64>(i << 3, FITTED), 1);
    prediction += rate * growTree(stage);
    for (let i = 0; i < rows; i++) {
      const own = load<f64>(i << 3, FITTED) + rate * load<f64>(i << 3, ROW_VALUE);
      store<f64>(i << 3, own, FITTED);
    }
  }
  return prediction;
}

/** Nodes that the last prediction looked at. */
export function nodes(): i32 {
  return countedNodes();
}
