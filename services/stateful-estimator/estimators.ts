/**
 * What is known of a series from its rows z = [y, x1, ..., xn], without keeping them. Pure; the letters are the notebook's.
 *
 *   mu_N = mu_{N-1} + (z − mu_{N-1}) / N
 *   S_N  = S_{N-1} + (z − mu_{N-1})(z − mu_N),  sigma² = S_N / N
 *        [B. P. Welford: Note on a method for calculating corrected sums of squares and products, Technometrics 4(3), 1962]
 *
 * S is the notebook's S_{N-1} + N (N − 1)(mu_N − mu_{N-1})², since mu_N − mu_{N-1} = (z − mu_{N-1}) / N and z − mu_N is
 * (N − 1)/N of z − mu_{N-1}. In this form no large numbers cancel, also where the mean is large beside the deviation.
 */

/** Only {@link learn} and {@link countInInterval} change it. Arrays are over the row, p = n + 1 numbers, finite. */
export interface Estimates {
  /** Rows learned. */
  count: number;
  /** Absolute values of the newest row. */
  readonly abs: Float64Array;
  /** Sums of the absolute values of all rows. */
  readonly absSum: Float64Array;
  /** Means mu. */
  readonly mu: Float64Array;
  /** Sums S of squared deviations from the mean. */
  readonly S: Float64Array;
  readonly interval: BatchInterval;
}

/** The batch interval that a series is in. */
export interface BatchInterval {
  /** Its begin, a multiple of its length, in ms since the epoch. Meaningless while `count` is 0. */
  startMs: number;
  /** Observations of the series in it so far. */
  count: number;
}

/** Values of one row alone. */
export interface RowValues {
  /** Of [y, x1, ..., xn]. */
  readonly max: number;
  /** Of x1, ..., xn. */
  readonly mean: number;
}

/** Estimates before the first row. @param features n, 1 or more */
export function newEstimates(features: number): Estimates {
  const zeros = () => new Float64Array(features + 1);
  return { count: 0, abs: zeros(), absSum: zeros(), mu: zeros(), S: zeros(), interval: { startMs: 0, count: 0 } };
}

/** @param row y, x1, ..., xn, small enough for their sum to be finite */
export function rowValues(row: Float64Array): RowValues {
  let max = row[0];
  let sum = 0;
  for (let j = 1; j < row.length; j++) {
    if (row[j] > max) max = row[j];
    sum += row[j];
  }
  return { max, mean: sum / (row.length - 1) };
}

/**
 * Learns one row.
 * @param row p finite numbers
 * @returns false where a number would not be finite; `estimates` is then as it was
 * @throws {RangeError} the row has another length
 */
export function learn(estimates: Estimates, row: Float64Array): boolean {
  const { abs, absSum, mu, S } = estimates;
  if (row.length !== mu.length) throw new RangeError(`expected a row of ${mu.length} numbers, got ${row.length}`);
  const N = estimates.count + 1;
  // v − v is 0 for a finite v and NaN for any other, so one sum checks all of them before anything is changed.
  let probe = 0;
  for (let j = 0; j < row.length; j++) {
    const sum = absSum[j] + Math.abs(row[j]);
    const before = row[j] - mu[j];
    const squares = S[j] + before * (row[j] - (mu[j] + before / N));
    probe += sum - sum + (squares - squares);
  }
  if (probe !== 0) return false;
  for (let j = 0; j < row.length; j++) {
    abs[j] = Math.abs(row[j]);
    absSum[j] += abs[j];
    const before = row[j] - mu[j];
    mu[j] += before / N;
    S[j] += before * (row[j] - mu[j]);
  }
  estimates.count = N;
  return true;
}

/** The variance sigma² = S / N of number j of the row; of the population, so 0 after one row. */
export function variance({ S, count }: Estimates, j: number): number {
  return S[j] / count;
}

/**
 * Counts an observation in its batch interval: interval k is [k · lengthMs, (k + 1) · lengthMs). A series never returns to an
 * earlier interval: a record that is older than its current one counts in the current one.
 * @param timestampMs the record's, in ms since the epoch
 */
export function countInInterval(interval: BatchInterval, timestampMs: number, lengthMs: number): void {
  const startMs = Math.floor(timestampMs / lengthMs) * lengthMs;
  if (interval.count > 0 && startMs <= interval.startMs) interval.count++;
  else {
    interval.startMs = startMs;
    interval.count = 1;
  }
}
