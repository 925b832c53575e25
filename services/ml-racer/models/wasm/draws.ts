/** The order in which each search visits the features: looked up until a tree meets a constant feature, then drawn. */
import { constants, featureOrder, features, inputSeeds, searches, states, trees, visitOwn, visitTable } from "./layout";
import { alikeTo, equalTo, lowest } from "./orders";

/**
 * The current search sorts by the features (u8) from here on, as many as `visitCount`. Of constant ones only those are
 * listed whose values are not all equal, since a sort by them reorders the rows; they offer no split.
 */
export let visits: usize = 0;
export let visitCount: i32 = 0;

let state: u32 = 0;
let isLookedUp: bool = true;
/** Number of the next search, over all trees. */
let entry: i32 = 0;
let isFirst: bool = true;

/** The feature of a visit, 0 being the first. */
export function visitAt(visit: i32): i32 {
  return <i32>load<u8>(visits + visit);
}

function draw(bound: i32): i32 {
  if (state === 0) state = 1;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return <i32>((state & 0x7fffffff) % <u32>bound);
}

function swap(i: i32, j: i32): void {
  const value = load<u8>(featureOrder + i);
  store<u8>(featureOrder + i, load<u8>(featureOrder + j));
  store<u8>(featureOrder + j, value);
}

/** A search without constants: Fisher and Yates' shuffle. */
function shuffle(target: usize): void {
  for (let undrawn = features; undrawn > 0; undrawn--) {
    swap(draw(undrawn), undrawn - 1);
    store<u8>(target++, load<u8>(featureOrder + undrawn - 1));
  }
}

/** Makes the table from the seeds. */
export function tabulateDraws(): void {
  for (let tree = 0; tree < trees; tree++) {
    state = load<u32>(inputSeeds + (tree << 2));
    for (let f = 0; f < features; f++) store<u8>(featureOrder + f, f);
    for (let search = tree * searches; search < (tree + 1) * searches; search++) {
      store<u32>(states + (search << 2), state);
      shuffle(visitTable + search * features);
    }
  }
}

/** Goes to the first search of a tree. */
export function beginDraws(tree: i32): void {
  entry = tree * searches;
  isFirst = true;
  isLookedUp = true;
}

/** The next search, of a node in which no feature is constant. */
export function drawNext(): void {
  visitCount = features;
  if (isLookedUp) {
    visits = visitTable + entry * features;
    entry++;
    isFirst = false;
  } else {
    visits = visitOwn;
    shuffle(visitOwn);
  }
}

/** Passes over searches of nodes in which no feature is constant. */
export function skipDraws(count: i32): void {
  if (isLookedUp) {
    entry += count;
    if (count > 0) isFirst = false;
  } else for (let k = 0; k < count; k++) shuffle(visitOwn);
}

/** A search leaves its first feature last in the order. */
function leaveTable(): void {
  isLookedUp = false;
  state = load<u32>(states + (entry << 2));
  for (let f = 0; f < features; f++) {
    store<u8>(featureOrder + f, isFirst ? f : load<u8>(visitTable + entry * features - 1 - f));
  }
}

function hasConstant(mask: u32): bool {
  const row = lowest(mask);
  for (let f = 0; f < features; f++) if ((alikeTo(f, row) & mask) === mask) return true;
  return false;
}

/** The next search, of a node with `known` constant features; returns how many are known afterwards. */
export function drawAmongConstants(mask: u32, known: i32): i32 {
  if (known === 0 && !hasConstant(mask)) {
    drawNext();
    return 0;
  }
  if (isLookedUp) leaveTable();
  const row = lowest(mask);
  let undrawn = features;
  let found = 0;
  let passed = 0;
  let visited = 0;
  let count = 0;
  visits = visitOwn;
  while (undrawn > known + found && (visited < features || visited <= found + passed)) {
    visited++;
    let j = passed + draw(undrawn - found - passed);
    if (j < known) {
      swap(passed++, j);
      continue;
    }
    j += found;
    const feature = <i32>load<u8>(featureOrder + j);
    if ((alikeTo(feature, row) & mask) === mask) {
      swap(j, known + found++);
      if ((equalTo(feature, row) & mask) === mask) continue;
    } else swap(--undrawn, j);
    store<u8>(visitOwn + count++, feature);
  }
  visitCount = count;
  memory.copy(featureOrder, constants, known);
  memory.copy(constants + known, featureOrder + known, found);
  return known + found;
}
