/** A rate limit: records that fell due during a short delay are made up for, those of a long one are not. */

export interface TokenBucket {
  /** How many may pass at `nowMs`, milliseconds of a monotonic clock. The first call starts the clock: nothing may pass then. */
  due(nowMs: number): number;
  /** Counts `passed` of them as passed. */
  take(passed: number): void;
}

/**
 * Fills at `rate` per second and holds one second's worth, at least 1: after a pause, however long, no more than that
 * passes at once.
 * @param rate per second, 0 or more
 */
export function tokenBucket(rate: number): TokenBucket {
  const capacity = Math.max(1, rate);
  let tokens = 0;
  let filledMs: number | undefined;
  return {
    due(nowMs) {
      const elapsedMs = filledMs === undefined ? 0 : Math.max(0, nowMs - filledMs);
      filledMs = nowMs;
      tokens = Math.min(capacity, tokens + (elapsedMs * rate) / 1000);
      return Math.floor(tokens);
    },
    take(passed) {
      tokens -= passed;
    },
  };
}
