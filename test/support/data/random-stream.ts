/** Random streams that provoke what trees trip over: ties, duplicates, constants, tiny gaps, offsets, large and tiny values. */
import type { RaceStream } from "./model-replay.js";

/** Uniform in [0, 1). */
export type Random = () => number;

/** Mulberry32, a small generator with a 32-bit state: the same seed gives the same streams. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from `least` to `most`. */
export function integer(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Standard normal (G. Box, M. Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

type Draw = () => number;

/** One column's distribution; the tree's gap for equal values is 1e-7. */
function columnDraw(random: Random): Draw {
  switch (integer(random, 0, 9)) {
    case 0:
      return () => 7.25;
    case 1:
      return () => integer(random, 0, 1);
    case 2:
      return () => integer(random, -3, 3);
    case 3:
      return () => Math.round(normal(random) * 20) / 20;
    case 4:
      return () => integer(random, 0, 40) * 4e-8;
    case 5:
      return () => 1e6 + integer(random, 0, 30) / 16;
    case 6:
      return () => integer(random, 0, 9) / 1000 + integer(random, 0, 2) * 3e-8;
    case 7: {
      const scale = 10 ** integer(random, -12, 12);
      return () => scale * normal(random);
    }
    default:
      return () => normal(random);
  }
}

function targetDraw(random: Random, features: number): (x: readonly number[]) => number {
  const weights = Array.from({ length: features }, () => normal(random));
  const smooth = (x: readonly number[]) => x.reduce((sum, value, j) => sum + weights[j] * Math.tanh(value), 0);
  switch (integer(random, 0, 7)) {
    case 0:
      return () => integer(random, 0, 2);
    case 1:
      return (x) => Math.round(smooth(x));
    case 2:
      return (x) => 1e6 + smooth(x);
    case 3:
      return (x) => 10 ** integer(random, -9, 0) * smooth(x);
    case 4:
      return () => 3.5;
    default:
      return (x) => smooth(x) + 0.3 * normal(random);
  }
}

/** A stream of `records` records with `n` features; columns are independent of one another in kind. */
export function randomStream(random: Random, n: number, records: number): Pick<RaceStream, "n" | "x" | "y"> {
  const plain = random() < 0.3;
  const columns = Array.from({ length: n }, () => (plain ? () => normal(random) : columnDraw(random)));
  const target = targetDraw(random, n);
  const repeats = random() < 0.3 ? 0.3 : 0;
  const x: number[][] = [];
  const y: number[] = [];
  for (let i = 0; i < records; i++) {
    const row = i > 0 && random() < repeats ? x[integer(random, 0, i - 1)] : columns.map((draw) => draw());
    x.push(row);
    y.push(target(row));
  }
  return { n, x, y };
}

/** How the columns of {@link wideStream} hang together. */
const STRUCTURES = [
  "free",
  "low rank",
  "few columns, copied",
  "few rows, repeated",
  "graded",
  "mostly constant",
] as const;

/**
 * A stream for least squares: of many features, of any rank, of any size. Trees cannot take what is beyond float32, so it is
 * not for them.
 */
export function wideStream(random: Random, n: number, records: number): Pick<RaceStream, "n" | "x" | "y"> {
  const structure = STRUCTURES[integer(random, 0, STRUCTURES.length - 1)];
  const scale = [1, 1, 1, 1e-300, 1e-150, 1e150, 1e300][integer(random, 0, 6)];
  const rank = integer(random, 0, Math.min(n, 30));
  const directions = Array.from({ length: rank }, () => Array.from({ length: n }, () => normal(random)));
  const copies = Array.from({ length: n }, () => integer(random, 0, Math.max(0, rank - 1)));
  const offsets = random() < 0.5 ? copies.map(() => 0) : copies.map(() => 3 * normal(random));
  const weights = copies.map(() => normal(random) / Math.sqrt(n));
  // Coefficients of 1e400 are none.
  const yScale = [1, 1, 1e-100, scale < 1e-200 ? 1 : 1e100][integer(random, 0, 3)];
  const x: number[][] = [];
  const y: number[] = [];
  for (let i = 0; i < records; i++) {
    const free = copies.map(() => normal(random));
    const row =
      structure === "few rows, repeated" && i > rank
        ? x[integer(random, 0, rank)].map((value) => value / scale)
        : offsets.map((offset, j) => offset + deviation(j));
    x.push(row.map((value) => value * scale));
    y.push(yScale * (row.reduce((sum, value, j) => sum + weights[j] * value, 2) + 0.1 * normal(random)));

    function deviation(j: number): number {
      if (structure === "low rank") return directions.reduce((sum, direction, r) => sum + free[r] * direction[j], 0);
      if (structure === "few columns, copied") return free[copies[j]];
      if (structure === "graded") return free[j] * 10 ** ((-10 * j) / n);
      if (structure === "mostly constant") return j < rank ? free[j] : 0;
      return free[j];
    }
  }
  return { n, x, y };
}
