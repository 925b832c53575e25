/**
 * Brokers refuse a record stamped more than an hour ahead of their clock, and with it the transaction. A raw record may be
 * stamped so where its topic allows it: what comes of it is stamped with the time of processing instead. Half an hour
 * leaves room for clocks that differ.
 */
const AHEAD_MAX_MS = 30 * 60_000;

/** The timestamp of what comes of a record: its own, unless that lies in the future. */
export function notAhead(timestamp: number): number {
  const nowMs = Date.now();
  return timestamp <= nowMs + AHEAD_MAX_MS ? timestamp : nowMs;
}
