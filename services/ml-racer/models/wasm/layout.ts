/** Where everything lies in memory. One instance of the module serves one model: its sizes never change. */

export let features: i32 = 0;
export let rows: i32 = 0;
export let trees: i32 = 0;
/** Most searches of one tree. */
export let searches: i32 = 0;

// Written from outside: training rows (f64, row after row), targets, query (f32), seeds (u32), weights (u8, tree after tree).
export let inputX: usize = 0;
export let inputY: usize = 0;
export let inputQuery: usize = 0;
export let inputSeeds: usize = 0;
export let inputWeights: usize = 0;

// Orders, feature after feature: values (f32), sorted rows (u8), ranks (u8), masks of rows with equal values and of rows
// that a tree takes for equal (u32); per feature the rows that have such others; per row its others in any feature.
export let values: usize = 0;
export let order: usize = 0;
export let rank: usize = 0;
export let equal: usize = 0;
export let alike: usize = 0;
export let tied: usize = 0;
export let crowded: usize = 0;
export let crowdedWith: usize = 0;

// Draws: order of visits per tree and search (u8), the generator's state before each (u32), order and constants at hand.
export let visitTable: usize = 0;
export let visitOwn: usize = 0;
export let states: usize = 0;
export let featureOrder: usize = 0;
export let constants: usize = 0;

// Samples: rows in order (u8), an order being made, their places, the values of a sort (f32).
export let samples: usize = 0;
export let arranged: usize = 0;
export let places: usize = 0;
export let sortValues: usize = 0;

// Per row: w y, w y² and w (y − mean) as f64; weight and whether it is drawn as u8; near targets as u32; leaf value as f64.
export let weighted: usize = 0;
export let weightedSquare: usize = 0;
export let centred: usize = 0;
export let weight: usize = 0;
export let drawn: usize = 0;
export let nearTargets: usize = 0;
export let rowValue: usize = 0;
export let fitted: usize = 0;

// Searches: 1/(l(W − l)) at W * (rows + 1) + l; splits near the best as feature (u16), position (u16) and score (f64).
export let factor: usize = 0;
export let nearFeature: usize = 0;
export let nearPosition: usize = 0;
export let nearScore: usize = 0;

/** Sorted rows of the nodes, feature after feature; nodes of even depth in the first, of odd depth in the second. */
export let lists: usize = 0;
export let listsOdd: usize = 0;

/** Nodes that wait: start, end, depth, constants and whether on the query's path as u8 in 8 bytes, then impurity as f64. */
export let waiting: usize = 0;

/** Bytes of a waiting node. */
export const WAITING_BYTES: usize = 16;

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
  const cells = features * rows;
  next = (__heap_base + 15) & ~15;
  inputX = take(cells * 8);
  inputY = take(rows * 8);
  inputQuery = take(features * 4);
  inputSeeds = take(trees * 4);
  inputWeights = take(trees * rows);
  values = take(cells * 4);
  order = take(cells);
  rank = take(cells);
  equal = take(cells * 4);
  alike = take(cells * 4);
  tied = take(features * 4);
  crowded = take(features * 4);
  crowdedWith = take(rows * 4);
  visitTable = take(trees * searches * features);
  visitOwn = take(features);
  states = take(trees * searches * 4);
  featureOrder = take(features);
  constants = take(features);
  samples = take(rows);
  arranged = take(rows);
  places = take(rows);
  sortValues = take(rows * 4);
  weighted = take(rows * 8);
  weightedSquare = take(rows * 8);
  centred = take(rows * 8);
  weight = take(rows);
  drawn = take(rows);
  nearTargets = take(rows * 4);
  rowValue = take(rows * 8);
  fitted = take(rows * 8);
  factor = take((rows + 1) * (rows + 1) * 8);
  nearFeature = take(cells * 2 + 2);
  nearPosition = take(cells * 2 + 2);
  nearScore = take(cells * 8 + 8);
  lists = take(cells + 1);
  listsOdd = take(cells + 1);
  waiting = take(2 * rows * <i32>WAITING_BYTES);
  const pages = <i32>((next + PAGE_BYTES - 1) / PAGE_BYTES) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}
