import assert from "node:assert/strict";
import fc from "fast-check";
import { SWEEPS_MAX } from "../../services/ml-racer/models/jacobi.js";
import { newLeastNorm, RANK_TOLERANCE } from "../../services/ml-racer/models/least-norm.js";
import { integer, normal, type Random, seededRandom } from "../support/data/random-stream.js";

const SEED = Math.floor(Math.random() * 2 ** 31);
const seeds = fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 }));

/** No matrix here takes the rotations of so many whole sweeps. */
const SWEEPS_USUAL_MAX = 10;

/** `count` vectors of length 1 that are orthogonal to one another (Gram and Schmidt, twice). */
function orthonormal(random: Random, count: number, length: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => normal(random));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        const share = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i] -= share * other[i];
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** A = Σ s u vᵀ of known singular values, some of which are copies, and some below the cut. */
function matrixOf(random: Random, rows: number, columns: number) {
  const rank = integer(random, 0, Math.min(rows, columns));
  const [u, v] = [orthonormal(random, rank, rows), orthonormal(random, rank, columns)];
  const size = 10 ** integer(random, -80, 80);
  const choices = [1, 0.5, random(), random(), 1e-3, 1e-4 * random() + 1e-5, 0.5 * RANK_TOLERANCE, 1e-9 * random()];
  const values = u.map((_, k) => (k === 0 ? 1 : choices[integer(random, 0, choices.length - 1)]));
  const a = new Float64Array(rows * columns);
  for (let k = 0; k < rank; k++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) a[i * columns + j] += size * values[k] * u[k][i] * v[k][j];
    }
  }
  return { a, u, v, singular: values.map((value) => value * size), size };
}

function solve(a: Float64Array, rows: number, columns: number, b: Float64Array) {
  const c = new Float64Array(columns);
  const rotations = newLeastNorm(rows, columns).solve(
    (i, target, at, stride) => {
      for (let j = 0; j < columns; j++) target[at + j * stride] = a[i * columns + j];
    },
    rows,
    columns,
    Float64Array.from(b),
    c,
  );
  return { c, rotations };
}

function pairsOf(rows: number, columns: number): number {
  const size = Math.min(rows, columns);
  return (size * (size - 1)) / 2;
}

describe(`least squares of least norm (seed ${SEED})`, () => {
  it("solve matrices of any shape and rank as their known singular values say, in few sweeps", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = seededRandom(seed);
        const [rows, columns] = [integer(random, 1, 45), integer(random, 1, 60)];
        const { a, u, v, singular, size } = matrixOf(random, rows, columns);
        const b = Float64Array.from({ length: rows }, () => normal(random));
        const expected = new Float64Array(columns);
        let least = size;
        for (const [k, s] of singular.entries()) {
          if (s <= RANK_TOLERANCE * size) continue;
          least = Math.min(least, s);
          const share = dot(u[k], b) / s;
          for (let j = 0; j < columns; j++) expected[j] += share * v[k][j];
        }
        const { c, rotations } = solve(a, rows, columns, b);
        // A backward-stable method errs by the condition number squared where there is a residual: here up to 1e5.
        const condition = size / least;
        const bound = (1e-13 * condition * condition * Math.sqrt(dot(b, b))) / size;
        for (let j = 0; j < columns; j++) {
          assert.ok(Math.abs(c[j] - expected[j]) <= bound, `c[${j}]: expected ${expected[j]}, got ${c[j]}`);
        }
        assert.ok(rotations <= SWEEPS_USUAL_MAX * pairsOf(rows, columns), `${rotations} rotations`);
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it("fold ten thousand rows block by block to the solution that they were made from", () => {
    const [rows, columns] = [10_000, 12];
    const random = seededRandom(SEED);
    const a = Float64Array.from({ length: rows * columns }, () => normal(random));
    const solution = Float64Array.from({ length: columns }, () => normal(random));
    const b = Float64Array.from({ length: rows }, (_, i) => dot(a.subarray(i * columns, (i + 1) * columns), solution));
    const { c } = solve(a, rows, columns, b);
    for (let j = 0; j < columns; j++) assert.ok(Math.abs(c[j] - solution[j]) < 1e-12);
  });

  it("end on matrices that no iteration likes, within the bound on rotations, with finite numbers", () => {
    const shapes: [number, number][] = [
      [1, 1],
      [25, 26],
      [25, 100],
      [40, 40],
      [60, 7],
      [60, 59],
    ];
    const cells: ((i: number, j: number) => number)[] = [
      () => 0,
      () => 1,
      (i, j) => (i === 0 ? j + 1 : 0),
      (i, j) => (i === j ? 1 : 0),
      (i, j) => (i === j ? 1 : i < j ? -1 : 0),
      (i, j) => 1 / (i + j + 1),
      (i, j) => (i === j ? 1 : i + 1 === j ? 1e8 : 0),
      (i, j) => 2 ** (-10 * (i + j)),
      (i, j) => (i === 0 ? 2 ** 300 : j === 0 ? 2 ** -300 : 5e-324),
      (i, j) => ((i * 7919 + j * 104_729) % 3) - 1,
      (i, j) => (i % 2 === 0 ? 1 : -1) * (1 + j * Number.EPSILON),
    ];
    for (const [rows, columns] of shapes) {
      for (const [k, cell] of cells.entries()) {
        const a = Float64Array.from({ length: rows * columns }, (_, at) =>
          cell(Math.floor(at / columns), at % columns),
        );
        const { c, rotations } = solve(
          a,
          rows,
          columns,
          Float64Array.from({ length: rows }, (_, i) => 1 + (i % 5)),
        );
        assert.ok(rotations <= SWEEPS_MAX * pairsOf(rows, columns));
        assert.ok(rotations <= SWEEPS_USUAL_MAX * pairsOf(rows, columns), `${rows}×${columns}, ${k}: ${rotations}`);
        assert.ok(c.every(Number.isFinite), `${rows}×${columns}, ${k}`);
      }
    }
  });
});
