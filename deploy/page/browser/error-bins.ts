/** How errors are distributed: bins around 0, and what they say in words. Pure. */

const BINS = 31;
/** Share of the errors that lie in the bins; the few beyond would make all bins but one empty. */
const SHOWN_SHARE = 0.99;

export interface ErrorBins {
  readonly counts: readonly number[];
  /** The bins go from -span to span. */
  readonly span: number;
  readonly errors: number;
  /** Errors beyond the bins. */
  readonly beyond: number;
  readonly mean: number;
  /** Half of the errors are smaller in size, and 95 % of them. */
  readonly half: number;
  readonly most: number;
}

/** The bins of y - yhat; undefined where there is none. */
export function binErrors(y: readonly (number | null)[], yhat: readonly (number | null)[]): ErrorBins | undefined {
  const errors: number[] = [];
  for (let k = 0; k < y.length; k++) {
    const [value, forecast] = [y[k], yhat[k]];
    if (value !== null && forecast !== null) errors.push(value - forecast);
  }
  if (errors.length === 0) return undefined;
  const sizes = Float64Array.from(errors, Math.abs).sort();
  const quantile = (share: number) => sizes[Math.min(sizes.length - 1, Math.floor(share * sizes.length))];
  const span = quantile(SHOWN_SHARE) || 1;
  const counts = new Array<number>(BINS).fill(0);
  let beyond = 0;
  let sum = 0;
  for (const error of errors) {
    sum += error;
    if (Math.abs(error) > span) beyond++;
    else counts[Math.min(BINS - 1, Math.floor(((error + span) / (2 * span)) * BINS))]++;
  }
  return {
    counts,
    span,
    errors: errors.length,
    beyond,
    mean: sum / errors.length,
    half: quantile(0.5),
    most: quantile(0.95),
  };
}
