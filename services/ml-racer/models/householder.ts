/**
 * Householder's QR of a matrix, in scratch memory: some rows at a time, or in one piece with column pivoting.
 * G. Golub, C. Van Loan: Matrix Computations, 5.1 to 5.4.
 */

/**
 * What is left of a matrix in QR with pivoting counts as nothing up to this share of its largest column. Rounding leaves about
 * 10⁻¹⁵. A singular value at the cut moves by 10⁻⁷ of itself, and a forecast by no more than 10⁻¹³ times the condition number.
 */
const REMAINDER = 1e-13;

/** Squares of columns below this are rounding beside values of the size that `LeastNorm.solve` asks for. */
const SQUARE_MIN = 2 ** -1000;

/** Rows that are folded into R at a time: few enough to stay in the processor's cache. */
export const BLOCK_ROWS = 128;

/** Squares of columns are kept by subtraction, and measured again where so little is left that rounding shows. */
const CANCELLED = 1e-8;

const FOUR = 4;
/** What {@link reflectFour} begins its four products with and, over h, ends with. */
const products = new Float64Array(FOUR);

/** Writes row `i` of A: value j to `target[at + j · stride]`. */
export type RowWriter = (i: number, target: Float64Array, at: number, stride: number) => void;

/** R of a QR decomposition, and what Q makes of the right-hand side. */
export interface Triangle {
  /** Size of R. */
  n: number;
  /** n × n, row after row, zeros below the diagonal. */
  readonly r: Float64Array;
  /** The first n values of Qᵀb. */
  readonly d: Float64Array;
}

/** A triangle of size up to `sizeMax`. */
export function newTriangle(sizeMax: number): Triangle {
  return { n: 0, r: new Float64Array(sizeMax * sizeMax), d: new Float64Array(sizeMax) };
}

/**
 * Householder's QR of a matrix that is taken in some rows at a time: each block below R makes a new R.
 * @param b        the right-hand side, one value a row; overwritten
 * @param block    scratch of {@link BLOCK_ROWS} rows, or of all where there are fewer
 * @param triangle written
 */
export function foldRows(
  writeRow: RowWriter,
  rows: number,
  n: number,
  b: Float64Array,
  block: Float64Array,
  triangle: Triangle,
): void {
  triangle.n = n;
  triangle.r.fill(0, 0, n * n);
  triangle.d.fill(0, 0, n);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - start);
    for (let i = 0; i < count; i++) writeRow(start + i, block, i, count);
    foldBlock(block, b, start, count, triangle);
  }
}

/**
 * @param block `count` rows, column after column; overwritten
 * @param b     the right-hand side, from `start` on; overwritten
 */
function foldBlock(block: Float64Array, b: Float64Array, start: number, count: number, { n, r, d }: Triangle): void {
  for (let k = 0; k < n; k++) {
    const own = k * count;
    let below = 0;
    for (let i = own; i < own + count; i++) below += block[i] * block[i];
    if (below < SQUARE_MIN) continue;
    const diagonal = k * n + k;
    const norm = Math.sqrt(r[diagonal] * r[diagonal] + below);
    // The reflection is I − v vᵀ / h, with v = (head, column of the block) and h = vᵀv / 2.
    const changed = r[diagonal] > 0 ? -norm : norm;
    const head = r[diagonal] - changed;
    const h = -changed * head;
    r[diagonal] = changed;
    const row = k * n;
    let j = k + 1;
    for (; j + FOUR <= n; j += FOUR) {
      for (let m = 0; m < FOUR; m++) products[m] = head * r[row + j + m];
      reflectFour(block, own, j * count, count, 0, h);
      for (let m = 0; m < FOUR; m++) r[row + j + m] -= products[m] * head;
    }
    for (; j < n; j++) r[row + j] -= head * reflectOne(block, own, j * count, count, head * r[row + j], h);
    let product = head * d[k];
    for (let i = 0; i < count; i++) product += block[own + i] * b[start + i];
    product /= h;
    d[k] -= product * head;
    for (let i = 0; i < count; i++) b[start + i] -= product * block[own + i];
  }
}

/**
 * Householder's QR with column pivoting, in place: R above the diagonal of `w`, its diagonal in `heads`, the reflections from
 * the diagonal on. Columns and `d` change places together.
 * @param w       `count` columns of `length` values each; length ≥ count
 * @param squares scratch, as is `measured`: one value a column
 * @returns the rank: columns before all that is left is below {@link REMAINDER}
 */
export function triangulariseWithPivots(
  w: Float64Array,
  length: number,
  count: number,
  d: Float64Array,
  heads: Float64Array,
  squares: Float64Array,
  measured: Float64Array,
): number {
  for (let j = 0; j < count; j++) measured[j] = squares[j] = squareOf(w, j * length, (j + 1) * length);
  let negligible = SQUARE_MIN;
  for (let k = 0; k < count; k++) {
    let pivot = k;
    let left = 0;
    for (let j = k; j < count; j++) {
      if (squares[j] > squares[pivot]) pivot = j;
      left += squares[j];
    }
    if (k === 0) negligible = Math.max(negligible, squares[pivot] * REMAINDER * REMAINDER);
    if (left < negligible) return k;
    exchange(w, length, d, k, pivot);
    squares[pivot] = squares[k];
    measured[pivot] = measured[k];
    heads[k] = reflectColumns(w, length, count, k);
    for (let j = k + 1; j < count; j++) {
      const inR = j * length + k;
      squares[j] -= w[inR] * w[inR];
      if (squares[j] < CANCELLED * measured[j]) {
        measured[j] = squares[j] = squareOf(w, inR + 1, (j + 1) * length);
      }
    }
  }
  return count;
}

/** Column k becomes a reflection, which is applied to the columns after it. @returns what the reflection makes of the column */
function reflectColumns(w: Float64Array, length: number, count: number, k: number): number {
  const own = k * length;
  const norm = Math.sqrt(squareOf(w, own + k, own + length));
  const changed = w[own + k] > 0 ? -norm : norm;
  w[own + k] -= changed;
  const h = -changed * w[own + k];
  let j = k + 1;
  for (; j + FOUR <= count; j += FOUR) {
    products.fill(0);
    reflectFour(w, own, j * length, length, k, h);
  }
  for (; j < count; j++) reflectOne(w, own, j * length, length, 0, h, k);
  return changed;
}

/**
 * Applies the reflection I − v vᵀ / h to four columns, so that no sum waits for another: columns of `length` values from `first`
 * on, v at `own`, both from value `from` on.
 */
function reflectFour(values: Float64Array, own: number, first: number, length: number, from: number, h: number): void {
  const second = first + length;
  const third = second + length;
  const fourth = third + length;
  let p0 = products[0];
  let p1 = products[1];
  let p2 = products[2];
  let p3 = products[3];
  for (let i = from; i < length; i++) {
    const v = values[own + i];
    p0 += v * values[first + i];
    p1 += v * values[second + i];
    p2 += v * values[third + i];
    p3 += v * values[fourth + i];
  }
  p0 /= h;
  p1 /= h;
  p2 /= h;
  p3 /= h;
  for (let i = from; i < length; i++) {
    const v = values[own + i];
    values[first + i] -= p0 * v;
    values[second + i] -= p1 * v;
    values[third + i] -= p2 * v;
    values[fourth + i] -= p3 * v;
  }
  products[0] = p0;
  products[1] = p1;
  products[2] = p2;
  products[3] = p3;
}

/** As {@link reflectFour}, for one column; `begun` is what its product with v begins with. @returns that product over h */
function reflectOne(
  values: Float64Array,
  own: number,
  other: number,
  length: number,
  begun: number,
  h: number,
  from = 0,
): number {
  let product = begun;
  for (let i = from; i < length; i++) product += values[own + i] * values[other + i];
  product /= h;
  for (let i = from; i < length; i++) values[other + i] -= product * values[own + i];
  return product;
}

function squareOf(w: Float64Array, start: number, end: number): number {
  let square = 0;
  for (let i = start; i < end; i++) square += w[i] * w[i];
  return square;
}

function exchange(w: Float64Array, length: number, d: Float64Array, j: number, k: number): void {
  if (j === k) return;
  for (let i = 0; i < length; i++) {
    const value = w[j * length + i];
    w[j * length + i] = w[k * length + i];
    w[k * length + i] = value;
  }
  const value = d[j];
  d[j] = d[k];
  d[k] = value;
}
