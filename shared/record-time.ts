/** What a record's timestamp may be. */

/**
 * Brokers refuse a record stamped more than an hour ahead of their clock, and with it the transaction. Half an hour leaves room for
 * clocks that differ.
 */
export const AHEAD_MAX_MS = 30 * 60_000;

/** The latest time that a date can have, in ms since the epoch; the earliest is as far before it. */
export const TIME_MAX_MS = 8.64e15;
