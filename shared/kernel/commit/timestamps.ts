/** The timestamps of results and dead letters. */
import { AHEAD_MAX_MS, TIME_MAX_MS } from "../../record-time.js";

/**
 * The timestamp of what comes of a record: its own, unless that lies ahead of what brokers take, or before all times; then the present.
 * A raw record may be stamped ahead where its topic allows it, and a client that never set a timestamp sends what it found in its memory.
 * The calls for batches take none of the latter, since doubles are no whole milliseconds there.
 *
 * The client takes 0 for none, and would stamp what is done again with another time: a record of 1970-01-01T00:00Z leads to one of a
 * millisecond later.
 */
export function notAhead(timestamp: number): number {
  if (timestamp === 0) return 1;
  const nowMs = Date.now();
  return timestamp >= -TIME_MAX_MS && timestamp <= nowMs + AHEAD_MAX_MS ? timestamp : nowMs;
}
