/** What simulations are: cases with the figures that are expected, and how much of them is simulated. */

/** How much is simulated. */
export interface Effort {
  /** Series of a case that is about shares, and of one that is about times. */
  readonly shareSeries: number;
  readonly timeSeries: number;
  /** Observations of a series at most. */
  readonly looks: number;
  /** Observations of a case that is about one long series. */
  readonly long: number;
  /** What a share of series may be above its bar, and coverage in many series off besides, since few are simulated. */
  readonly shareMargin: number;
  readonly coverageMargin: number;
}

/** As the figures were made. */
export const FULL: Effort = {
  ...{ shareSeries: 1_000, timeSeries: 200, looks: 20_000, long: 100_000 },
  ...{ shareMargin: 0, coverageMargin: 0 },
};

/** A result of a case. */
export interface Outcome {
  readonly measured: string;
  readonly holds: boolean;
}

/** One line of the table. */
export interface Case {
  readonly what: string;
  /** As simulated in Python when the judge was designed. */
  readonly expected: string;
  readonly bar: string;
  readonly run: (effort: Effort, seed: number) => Outcome;
}

/** @param sorted ascending @param share in [0, 1] */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** The outcome of a median, shown with the tenth and the ninetieth hundredth. */
export function medianOutcome(values: readonly number[], bar: number): Outcome {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(sorted, share));
  return { measured: `${low}/${median}/${high}`, holds: median <= bar };
}

/** The outcome of a share of series. */
export function shareOutcome(count: number, series: number, bar: number, margin: number): Outcome {
  const share = count / series;
  return { measured: share.toFixed(3), holds: share <= bar + margin };
}
