/**
 * Least squares of least norm: the shortest of the c that make ‖A c − b‖ least, where singular values of A of up to
 * {@link RANK_TOLERANCE} of the largest count as zero. For every finite A it ends, and its work is bounded by A's size alone:
 *
 *   1 A with more rows than columns is folded into R of A = Q R, some rows at a time: rows · columns² steps.
 *   2 Where R's condition number shows that nothing is near the cut, c follows by back-substitution. That is nearly always.
 *   3 Else, and where A has more columns than rows: Householder's QR with column pivoting, W P = Q R, of W = Rᵀ or Aᵀ, which
 *     leaves out what is rounding beside the rest. c = Q z, with rank(A) unknowns z: at most as many steps as in 1.
 *   4 The equations for z have full rank, and are folded as in 1. Well conditioned: back-substitution.
 *   5 Else one-sided Jacobi rotations, in a bounded number of sweeps, give the singular values, and those below the cut
 *     are left out.
 *
 * Steps 1 and 3 are in householder.ts, step 5 is in jacobi.ts. QR and complete orthogonal decomposition: G. Golub, C. Van Loan:
 * Matrix Computations, 5.2 to 5.5. QR before Jacobi: Z. Drmač, K. Veselić: New fast and accurate Jacobi SVD algorithm, SIAM J.
 * Matrix Anal. Appl. 29(4), 2008. No call allocates.
 */
import {
  BLOCK_ROWS,
  foldRows,
  newTriangle,
  type RowWriter,
  type Triangle,
  triangulariseWithPivots,
} from "./householder.js";
import { rotateToOrthogonal } from "./jacobi.js";

/** Singular values up to this share of the largest one count as zero. */
export const RANK_TOLERANCE = 1e-6;

/**
 * Below this Frobenius condition number ‖R‖·‖R⁻¹‖ no singular value can be near the cut: the condition number in the
 * 2-norm, s_max / s_min, is never larger than it.
 */
const CONDITION_MAX = 3e5;

/** A solver for matrices of up to a certain size, with scratch memory of its own. */
export interface LeastNorm {
  /**
   * @param writeRow the matrix: finite, its largest magnitude from 2⁻³⁰⁰ to 2³⁰⁰
   * @param b        one value a row, as large at most; overwritten
   * @param c        one value a column; written
   * @returns rotations of step 5; 0 where none was needed
   */
  solve(writeRow: RowWriter, rows: number, columns: number, b: Float64Array, c: Float64Array): number;
}

/** A solver for up to `rowsMax` rows and `columnsMax` columns. */
export function newLeastNorm(rowsMax: number, columnsMax: number): LeastNorm {
  const rankMax = Math.min(rowsMax, columnsMax);
  const block = new Float64Array(Math.min(rowsMax, BLOCK_ROWS) * rankMax);
  const triangle = newTriangle(rankMax);
  const w = new Float64Array(columnsMax * rankMax);
  const squares = new Float64Array(rankMax);
  const heads = new Float64Array(rankMax);
  const d = new Float64Array(rankMax);
  const z = new Float64Array(rankMax);

  /** Row `j` of the equations for z: column j of R of W P = Q R. */
  let columns = 0;
  let rank = 0;
  const writeReduced: RowWriter = (j, target, at, stride) => {
    for (let i = 0; i < rank; i++) target[at + i * stride] = i < j ? w[j * columns + i] : i === j ? heads[j] : 0;
  };

  /** From W, whose `equations` columns have `columns` values each, and `d`. */
  function solveReduced(equations: number, c: Float64Array): number {
    rank = triangulariseWithPivots(w, columns, equations, d, heads, squares, z);
    foldRows(writeReduced, equations, rank, d, block, triangle);
    let rotations = 0;
    if (isWellConditioned(triangle, z)) backSubstitute(triangle, z);
    else rotations = rotateToOrthogonal(triangle, RANK_TOLERANCE, z, squares);
    c.fill(0, 0, columns);
    for (let k = 0; k < rank; k++) c[k] = z[k];
    for (let k = rank - 1; k >= 0; k--) {
      const own = k * columns;
      let product = 0;
      for (let i = k; i < columns; i++) product += w[own + i] * c[i];
      product /= -heads[k] * w[own + k];
      for (let i = k; i < columns; i++) c[i] -= product * w[own + i];
    }
    return rotations;
  }

  return {
    solve(writeRow, rows, n, b, c) {
      columns = n;
      if (rows <= n) {
        for (let i = 0; i < rows; i++) {
          writeRow(i, w, i * n, 1);
          d[i] = b[i];
        }
        return solveReduced(rows, c);
      }
      foldRows(writeRow, rows, n, b, block, triangle);
      if (isWellConditioned(triangle, z)) {
        backSubstitute(triangle, c);
        return 0;
      }
      for (let k = 0; k < n * n; k++) w[k] = triangle.r[k];
      for (let k = 0; k < n; k++) d[k] = triangle.d[k];
      return solveReduced(n, c);
    },
  };
}

/**
 * Whether ‖R‖·‖R⁻¹‖ in the Frobenius norm is below {@link CONDITION_MAX}. The inverse is made row after row of its transpose,
 * until its norm is too large.
 */
function isWellConditioned({ n, r }: Triangle, column: Float64Array): boolean {
  let norm = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) norm += r[i * n + j] * r[i * n + j];
  const inverseMax = (CONDITION_MAX * CONDITION_MAX) / norm;
  let inverseNorm = 0;
  for (let j = n - 1; j >= 0; j--) {
    column.fill(0, j, n);
    column[j] = 1;
    for (let k = j; k < n; k++) {
      const value = column[k] / r[k * n + k];
      inverseNorm += value * value;
      for (let i = k + 1; i < n; i++) column[i] -= r[k * n + i] * value;
    }
    if (!(inverseNorm < inverseMax)) return false;
  }
  return true;
}

function backSubstitute({ n, r, d }: Triangle, c: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    let sum = d[i];
    for (let j = i + 1; j < n; j++) sum -= r[i * n + j] * c[j];
    c[i] = sum / r[i * n + i];
  }
}
