/** Growth of a regression tree, as far as it changes a bit of what is asked. */
import { beginDraws, drawAmongConstants, drawNext, skipDraws, visitCount } from "./draws";
import {
  ARRANGED,
  drawnCells,
  drawnMask,
  inputQuery,
  lists,
  listsOdd,
  NEAR_TARGETS,
  order,
  ROW_LIST_SHIFT,
  ROW_VALUE,
  rows,
  SAMPLES,
  WAITING,
  WEIGHT,
  WEIGHTED,
} from "./layout";
import { listSide, partLists } from "./lists";
import { hasCrowd, lowest } from "./orders";
import { arrange, partition } from "./samples";
import {
  findSplit,
  findSplitOfPair,
  findSplitOfThree,
  listFew,
  splitFeature,
  splitGain,
  splitLeft,
  splitPosition,
  splitThreshold,
} from "./search";

/** scikit-learn's EPSILON, 2^-52. */
const EPSILON: f64 = 2.220446049250313e-16;

/** A gain of at least this share of Σ w y² cannot round below -EPSILON. */
const SURE_GAIN: f64 = 1e-6;

let maxDepth: i32 = 0;
let minSamplesSplit: i32 = 0;
let minSamplesLeaf: i32 = 0;
/** Nodes looked at since the count was last set to 0. */
let nodeCount: i32 = 0;
let splitsAll: bool = false;

// The node at hand, and what its split hands to the children.
let sum: f64 = 0;
let squares: f64 = 0;
let total: i32 = 0;
let mask: u32 = 0;
let leftImpurity: f64 = 0;
let rightImpurity: f64 = 0;
let childConstants: i32 = 0;
let waitingCount: i32 = 0;
/** The lists of the root. */
let rootList: usize = 0;

/**
 * A node that waits lies in WAITING_BYTES: start, end, depth and whether on the query's path as u8, constants as u16, impurity as f64.
 */
const WAITING_BYTES: usize = 16;

/** Sets when a node is not split; a depth of `rowCount` or more is unlimited. */
export function limitTrees(depth: i32, split: i32, leaf: i32): void {
  maxDepth = depth;
  minSamplesLeaf = leaf;
  minSamplesSplit = max<i32>(split, 2 * leaf);
  splitsAll = minSamplesSplit === 2 && depth >= rows;
}

/** Sets the count of nodes to 0. */
export function beginCount(): void {
  nodeCount = 0;
}

/** Nodes looked at since {@link beginCount}. */
export function countedNodes(): i32 {
  return nodeCount;
}

/** Sets the target and weight of a row. */
export function setTarget(row: i32, y: f64, w: i32): void {
  const product = <f64>w * y;
  store<u8>(row << 3, w << 3, WEIGHT);
  store<f64>(row << 4, product, WEIGHTED);
  store<f64>(row << 4, product * y, WEIGHTED + 8);
}

/** Grows a whole tree on all rows, which leaves the leaf's value of every row; returns the query's. */
export function growTree(tree: i32): f64 {
  beginDraws(tree);
  rootList = order;
  for (let i = 0; i < rows; i++) store<u8>(SAMPLES + i, i << 3);
  return growBelow(0, rows, 0, 0, 0, true);
}

/** Keeps of a tree's sample which rows it draws. */
export function tabulateSample(tree: i32, weights: usize): void {
  let drawn: u32 = 0;
  let to = drawnCells + (tree << ROW_LIST_SHIFT);
  for (let i = 0; i < rows; i++) {
    if (load<u8>(weights + i) === 0) continue;
    drawn |= 1 << i;
    store<u8>(to++, i << 3);
  }
  store<u32>(drawnMask + (tree << 2), drawn);
}

/** Predicts with a tree on the rows of weight 1 or more, grown no further than the query needs. */
export function predictPath(tree: i32): f64 {
  const drawn = load<u32>(drawnMask + (tree << 2));
  let end = popcnt<i32>(drawn);
  const cells = drawnCells + (tree << ROW_LIST_SHIFT);
  v128.store(SAMPLES, v128.load(cells));
  v128.store(SAMPLES, v128.load(cells, 16), 16);
  beginDraws(tree);
  rootList = lists;
  listSide(order, lists, 0, rows, 0, end, drawn);
  let start = 0;
  let impurity: f64 = 0;
  let constants = 0;
  for (let depth = 0; split(start, end, depth, constants, impurity); depth++) {
    const position = splitPosition;
    const left = splitLeft;
    constants = childConstants;
    if (goesLeft()) {
      if (depth + 1 < maxDepth && position - start > 3) listOf(start, end, start, position, left, depth);
      impurity = leftImpurity;
      end = position;
      continue;
    }
    impurity = rightImpurity;
    let isRightAlone = true;
    if (position - start > 1 && leftImpurity > EPSILON) {
      if (splitsAll && isPassable(left)) skipDraws(position - start - 1);
      else {
        isRightAlone = false;
        listBoth(start, end, position, left, depth);
        growBelow(start, position, depth + 1, constants, leftImpurity, false);
      }
    }
    if (isRightAlone && depth + 1 < maxDepth && end - position > 3) listOf(start, end, position, end, ~left, depth);
    start = position;
  }
  return sum / <f64>total;
}

function goesLeft(): bool {
  return <f64>load<f32>(inputQuery + (splitFeature << 2)) <= splitThreshold;
}

/**
 * Whether a subtree of these m rows makes m - 1 searches, whatever they find: no two rows are alike in any feature, and all
 * targets are far enough apart. With gaps g of at least 1e-4 max|y| a node's variance is at least 0.03 g² and its best gain
 * 4e-4 g², ten times the rounding, so that every node splits.
 */
function isPassable(left: u32): bool {
  if (hasCrowd(left)) return false;
  for (let rest = left; rest !== 0; rest &= rest - 1) {
    if ((load<u32>(lowest(rest) << 2, NEAR_TARGETS) & left) !== 0) return false;
  }
  return true;
}

function growBelow(start: i32, end: i32, depth: i32, constants: i32, impurity: f64, isOnPath: bool): f64 {
  let queryValue: f64 = 0;
  waitingCount = 0;
  push(start, end, depth, constants, impurity, isOnPath);
  while (waitingCount > 0) {
    waitingCount--;
    const at = WAITING + <usize>waitingCount * WAITING_BYTES;
    const nodeStart = <i32>load<u8>(at);
    const nodeEnd = <i32>load<u8>(at, 1);
    const nodeDepth = <i32>load<u8>(at, 2);
    const nodeConstants = <i32>load<u16>(at, 4);
    const isQuerys = load<u8>(at, 3) === 1;
    if (split(nodeStart, nodeEnd, nodeDepth, nodeConstants, load<f64>(at, 8))) {
      const position = splitPosition;
      const left = goesLeft();
      listBoth(nodeStart, nodeEnd, position, splitLeft, nodeDepth);
      push(position, nodeEnd, nodeDepth + 1, childConstants, rightImpurity, isQuerys && !left);
      push(nodeStart, position, nodeDepth + 1, childConstants, leftImpurity, isQuerys && left);
    } else {
      const value = sum / <f64>total;
      for (let p = nodeStart; p < nodeEnd; p++) store<f64>(load<u8>(SAMPLES + p), value, ROW_VALUE);
      if (isQuerys) queryValue = value;
    }
  }
  return queryValue;
}

function push(start: i32, end: i32, depth: i32, constants: i32, impurity: f64, isOnPath: bool): void {
  const at = WAITING + <usize>waitingCount * WAITING_BYTES;
  waitingCount++;
  store<u8>(at, start);
  store<u8>(at, end, 1);
  store<u8>(at, depth, 2);
  store<u8>(at, isOnPath ? 1 : 0, 3);
  store<u16>(at, constants, 4);
  store<f64>(at, impurity, 8);
}

/** Sums a node and, unless it is a leaf, splits it; false where it is one. */
function split(start: i32, end: i32, depth: i32, constants: i32, inherited: f64): bool {
  nodeCount++;
  sumNode(start, end);
  const length = end - start;
  if (depth >= maxDepth || length < minSamplesSplit) return false;
  const mean = sum / <f64>total;
  const impurity = depth === 0 ? squares / <f64>total - mean * mean : inherited;
  if (impurity <= EPSILON) return false;
  const isCrowded = constants > 0 || hasCrowd(mask);
  childConstants = 0;
  if (isCrowded) childConstants = drawAmongConstants(mask, constants);
  else drawNext();
  const list = listAt(depth);
  if (length === 2) {
    if (!findSplitOfPair(start, sum, <f64>total)) return false;
    store<u16>(ARRANGED + start, load<u16>(SAMPLES + start));
  } else if (length === 3 && !isCrowded) findSplitOfThree(start, sum, <f64>total);
  else {
    if (length <= 3) listFew(list, start, end);
    if (!findSplit(list, start, end, mask, sum, squares, total, minSamplesLeaf, isCrowded)) return false;
    arrange(list, start, end, mask, visitCount - 1);
  }
  partition(start, end, splitLeft);
  if ((depth + 1 >= maxDepth || length === 2) && splitGain > SURE_GAIN * squares) return true;
  return improves(start, end, impurity);
}

function sumNode(start: i32, end: i32): void {
  let sums = f64x2.splat(0);
  let w = 0;
  let m: u32 = 0;
  for (let p = start; p < end; p++) {
    const cell = <usize>load<u8>(SAMPLES + p);
    sums = f64x2.add(sums, v128.load(cell << 1, WEIGHTED));
    w += load<u8>(cell, WEIGHT);
    m |= 1 << (<u32>cell >> 3);
  }
  sum = f64x2.extract_lane(sums, 0);
  squares = f64x2.extract_lane(sums, 1);
  total = w >> 3;
  mask = m;
}

/** Computes the children's impurities; false where rounding makes the split a loss. */
function improves(start: i32, end: i32, impurity: f64): bool {
  const position = splitPosition;
  const all = <f64>total;
  let sums = f64x2.splat(0);
  let leftTotal = 0;
  for (let p = start; p < position; p++) {
    const cell = <usize>load<u8>(SAMPLES + p);
    sums = f64x2.add(sums, v128.load(cell << 1, WEIGHTED));
    leftTotal += load<u8>(cell, WEIGHT);
  }
  let leftSum = f64x2.extract_lane(sums, 0);
  const leftSquares = f64x2.extract_lane(sums, 1);
  if (position - start > end - position) {
    leftSum = sum;
    for (let p = end - 1; p >= position; p--) leftSum -= load<f64>(load<u8>(SAMPLES + p) << 1, WEIGHTED);
  }
  const leftWeight = <f64>(leftTotal >> 3);
  const rightWeight = all - leftWeight;
  const leftMean = leftSum / leftWeight;
  const rightMean = (sum - leftSum) / rightWeight;
  leftImpurity = leftSquares / leftWeight - leftMean * leftMean;
  rightImpurity = (squares - leftSquares) / rightWeight - rightMean * rightMean;
  const improvement =
    (all / <f64>rows) * (impurity - (rightWeight / all) * rightImpurity - (leftWeight / all) * leftImpurity);
  return improvement + EPSILON >= 0;
}

/** The lists of the nodes of a depth. */
function listAt(depth: i32): usize {
  return depth === 0 ? rootList : depth & 1 ? listsOdd : lists;
}

/** Parts every feature's list into left rows and right ones, where a child needs it. */
function listBoth(start: i32, end: i32, position: i32, left: u32, depth: i32): void {
  if (depth + 1 >= maxDepth || (position - start <= 3 && end - position <= 3)) return;
  partLists(listAt(depth), listAt(depth + 1), start, end, position, left);
}

/** Lists the rows of `side` alone, which the child from `first` to `last` has. */
function listOf(start: i32, end: i32, first: i32, last: i32, side: u32, depth: i32): void {
  listSide(listAt(depth), listAt(depth + 1), start, end, first, last, side);
}
