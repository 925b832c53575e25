/**
 * Brokers refuse a record stamped more than an hour ahead of their clock, and with it the transaction. A raw record may be
 * stamped so where its topic allows it: what comes of it is stamped with the time of processing instead. Half an hour
 * leaves room for clocks that differ.
 */
const AHEAD_MAX_MS = 30 * 60_000;
/**
 * Nor is a timestamp a time that lies before the first that a date can have: a client that never set it sends what it found in its
 * memory, and brokers take any. The calls for batches take none of these, since doubles are no whole milliseconds there.
 */
const FIRST_MS = -8.64e15;

/**
 * The timestamp of what comes of a record: its own, unless that lies in the future or before all times. The client takes 0 for none,
 * and would stamp what is done again with another time: a record of 1970-01-01T00:00Z leads to one of a millisecond later.
 */
export function notAhead(timestamp: number): number {
  if (timestamp === 0) return 1;
  const nowMs = Date.now();
  return timestamp >= FIRST_MS && timestamp <= nowMs + AHEAD_MAX_MS ? timestamp : nowMs;
}
