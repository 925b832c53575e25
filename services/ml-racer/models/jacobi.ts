/**
 * The singular value decomposition of a triangle by one-sided Jacobi rotations, as far as least squares need it.
 * M. Hestenes: Inversion of matrices by biorthogonalization, J. SIAM 6(1), 1958; P. de Rijk: A one-sided Jacobi algorithm for
 * computing the singular value decomposition on a vector computer, SIAM J. Sci. Stat. Comput. 10(2), 1989.
 */
import type { Triangle } from "./householder.js";

/**
 * Most sweeps over all pairs of rows; LAPACK's dgesvj has the same bound. Of 800 rows, fewer than 5 · n (n − 1) / 2 pairs were
 * rotated: each rotation takes 2 γ² from the sum of the squares of all products γ of two rows, and once they are small each sweep
 * squares them.
 * Were the bound ever met, nothing false would follow: rotations keep the equations as they are, rounding aside, whether or
 * not they have gone far enough. What would be left is products of rows that count as 0 and are not, and they err the less the
 * smaller they are; every number stays finite, since none is divided by but the singular values above the cut.
 */
export const SWEEPS_MAX = 30;

/**
 * Solves R z = d for the shortest z, where singular values of up to `tolerance` of the largest count as zero: rows of R, and d
 * with them, are rotated until they are orthogonal to one another, R ← Jᵀ R. Then the rows' lengths are the singular values s,
 * and z = Σ_i R[i] d[i] / s[i]².
 * @param triangle R and d; overwritten
 * @param z        n values, written
 * @param squares  scratch of n values
 * @returns rotations: at most {@link SWEEPS_MAX} · n (n − 1) / 2
 */
export function rotateToOrthogonal(
  triangle: Triangle,
  tolerance: number,
  z: Float64Array,
  squares: Float64Array,
): number {
  const { n, r, d } = triangle;
  let rotations = 0;
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    const before = rotations;
    for (let i = 0; i < n; i++) squares[i] = squareOfRow(r, n, i);
    for (let i = 0; i < n - 1; i++) {
      exchangeRows(triangle, squares, i, longest(squares, i, n));
      for (let j = i + 1; j < n; j++) if (rotate(triangle, squares, i, j)) rotations++;
    }
    if (rotations === before) break;
  }
  let largest = 0;
  for (let i = 0; i < n; i++) {
    squares[i] = squareOfRow(r, n, i);
    largest = Math.max(largest, squares[i]);
  }
  z.fill(0, 0, n);
  for (let i = 0; i < n; i++) {
    if (!(Math.sqrt(squares[i]) > tolerance * Math.sqrt(largest))) continue;
    const share = d[i] / squares[i];
    for (let k = 0; k < n; k++) z[k] += share * r[i * n + k];
  }
  return rotations;
}

/** Makes rows i and j orthogonal. @returns false where they were, to rounding */
function rotate({ n, r, d }: Triangle, squares: Float64Array, i: number, j: number): boolean {
  const first = i * n;
  const second = j * n;
  const alpha = squares[i];
  const beta = squares[j];
  const gamma = productOfRows(r, n, i, j);
  if (!(Math.abs(gamma) > n * Number.EPSILON * Math.sqrt(alpha) * Math.sqrt(beta))) return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (let k = 0; k < n; k++) {
    const a = r[first + k];
    const b = r[second + k];
    r[first + k] = cosine * a - sine * b;
    r[second + k] = sine * a + cosine * b;
  }
  const a = d[i];
  const b = d[j];
  d[i] = cosine * a - sine * b;
  d[j] = sine * a + cosine * b;
  squares[i] = alpha - tangent * gamma;
  squares[j] = beta + tangent * gamma;
  // Of rows that were nearly parallel little is left, which the subtraction does not tell exactly.
  if (squares[j] < beta / 2) squares[j] = squareOfRow(r, n, j);
  if (squares[i] < alpha / 2) squares[i] = squareOfRow(r, n, i);
  return true;
}

/** In four sums, none of which waits for another. */
function productOfRows(r: Float64Array, n: number, i: number, j: number): number {
  const first = i * n;
  const second = j * n;
  let p0 = 0;
  let p1 = 0;
  let p2 = 0;
  let p3 = 0;
  let k = 0;
  for (; k + 4 <= n; k += 4) {
    p0 += r[first + k] * r[second + k];
    p1 += r[first + k + 1] * r[second + k + 1];
    p2 += r[first + k + 2] * r[second + k + 2];
    p3 += r[first + k + 3] * r[second + k + 3];
  }
  for (; k < n; k++) p0 += r[first + k] * r[second + k];
  return p0 + p1 + (p2 + p3);
}

function squareOfRow(r: Float64Array, n: number, i: number): number {
  let square = 0;
  for (let k = i * n; k < (i + 1) * n; k++) square += r[k] * r[k];
  return square;
}

function longest(squares: Float64Array, from: number, n: number): number {
  let found = from;
  for (let i = from + 1; i < n; i++) if (squares[i] > squares[found]) found = i;
  return found;
}

function exchangeRows({ n, r, d }: Triangle, squares: Float64Array, i: number, j: number): void {
  if (i === j) return;
  for (let k = 0; k < n; k++) {
    const value = r[i * n + k];
    r[i * n + k] = r[j * n + k];
    r[j * n + k] = value;
  }
  const value = d[i];
  d[i] = d[j];
  d[j] = value;
  const square = squares[i];
  squares[i] = squares[j];
  squares[j] = square;
}
