/**
 * Where everything lies in memory. One instance of the module serves one model: its sizes never change. A row is written as its
 * cell, which is 8 × the row: the offset of its double in a table of them. A feature's rows take ROW_LIST bytes in every list.
 */

export let features: i32 = 0;
export let rows: i32 = 0;
export let trees: i32 = 0;
/** Most searches of one tree. */
export let searches: i32 = 0;

/** Bytes of a list of rows, a byte each: most rows. As a shift too. */
export const ROW_LIST: i32 = 32;
export const ROW_LIST_SHIFT: i32 = 5;

// What has the same size in every instance lies below MEMORY_BASE, so that its place is part of the instruction that reads it.

/** Per row w y and w y², a vector. */
export const WEIGHTED: usize = 1024;
/** Per row w (y − mean) as f64, and 8 w as u8 at the same offset of a table of its own. */
export const CENTRED: usize = 1536;
export const WEIGHT: usize = 1792;
/** Per row the value of its leaf, the prediction so far, and the targets (written from outside), f64 each. */
export const ROW_VALUE: usize = 2048;
export const FITTED: usize = 2304;
export const INPUT_Y: usize = 2560;
/** Per row the others whose targets are near, and those that any feature does not tell from it: masks, u32. */
export const NEAR_TARGETS: usize = 2816;
export const CROWDED_WITH: usize = 2944;
/** Cells of the nodes in scikit-learn's order, an order being made, another one, and places by row: u8. */
export const SAMPLES: usize = 3072;
export const ARRANGED: usize = 3136;
export const SORTED: usize = 3200;
export const PLACES: usize = 3264;
/** A byte a row, 255 for those of a mask. */
export const SIDES: usize = 3296;
/** For each mask of 8 entries the numbers of those in it: 8 bytes each. */
export const CHOICES: usize = 3328;
/** 1/(l(W − l)) at W × 33 + l, f64. */
export const FACTOR: usize = 5376;
export const FACTOR_TOTALS: i32 = ROW_LIST + 1;
/** Nodes that wait, see tree.ts. */
export const WAITING: usize = 14336;
/** Where the rest begins; an option of the compiler. */
export const MEMORY_BASE: usize = 17408;

// Written from outside: training rows (f64, row after row), query (f32), seeds (u32), weights (u8, tree after tree).
export let inputX: usize = 0;
export const inputY: usize = INPUT_Y;
export let inputQuery: usize = 0;
export let inputSeeds: usize = 0;
export let inputWeights: usize = 0;

// Orders, feature after feature, ROW_LIST rows each: values (f32), sorted cells (u8); by row its rank, the rank of the first row
// with the same value (u8), masks of rows with equal values and of rows that a tree takes for equal (u32). Per feature the
// rows that have such others (u32).
export let values: usize = 0;
export let order: usize = 0;
export let rank: usize = 0;
export let level: usize = 0;
export let equal: usize = 0;
export let alike: usize = 0;
export let tied: usize = 0;
export let crowded: usize = 0;

// Draws: order of visits per tree and search (u8), the generator's state before each (u32), order and constants at hand. Per
// tree its sample: mask (u32) and cells (u8).
export let visitTable: usize = 0;
export let visitOwn: usize = 0;
export let states: usize = 0;
export let featureOrder: usize = 0;
export let constants: usize = 0;
export let drawnMask: usize = 0;
export let drawnCells: usize = 0;

// Searches: per feature a bound of what it estimates (f64); splits near the best as feature (u16), position (u16), score (f64).
export let bounds: usize = 0;
export let nearFeature: usize = 0;
export let nearPosition: usize = 0;
export let nearScore: usize = 0;

/** Sorted cells of the nodes, feature after feature; nodes of even depth in the first, of odd depth in the second. */
export let lists: usize = 0;
export let listsOdd: usize = 0;

const PAGE_BYTES: usize = 65536;

let next: usize = 0;

function take(bytes: i32): usize {
  const at = next;
  next += (<usize>bytes + 15) & ~15;
  return at;
}

/** Lays out the memory; everything starts as zero. Sizes are checked by the caller. */
export function layOut(featureCount: i32, rowCount: i32, treeCount: i32, searchCount: i32): void {
  features = featureCount;
  rows = rowCount;
  trees = treeCount;
  searches = searchCount;
  const cells = features * ROW_LIST;
  // Up to eight features are estimated at once, and lists are read and written in vectors.
  const listed = ((features + 7) & ~7) * ROW_LIST + ROW_LIST;
  if (__heap_base < MEMORY_BASE) unreachable();
  next = (__heap_base + 15) & ~15;
  inputX = take(features * rows * 8);
  inputQuery = take(features * 4);
  inputSeeds = take(trees * 4);
  inputWeights = take(trees * rows);
  values = take(cells * 4);
  order = take(listed);
  rank = take(cells);
  level = take(cells);
  equal = take(cells * 4);
  alike = take(cells * 4);
  tied = take(features * 4);
  crowded = take(features * 4);
  visitTable = take(trees * searches * features);
  visitOwn = take(features);
  states = take(trees * searches * 4);
  featureOrder = take(features);
  constants = take(features);
  drawnMask = take(trees * 4);
  drawnCells = take(trees * ROW_LIST);
  bounds = take(((features + 7) & ~7) * 8);
  nearFeature = take(cells * 2 + 2);
  nearPosition = take(cells * 2 + 2);
  nearScore = take(cells * 8 + 8);
  lists = take(listed);
  listsOdd = take(listed);
  const pages = <i32>((next + PAGE_BYTES - 1) / PAGE_BYTES) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}
