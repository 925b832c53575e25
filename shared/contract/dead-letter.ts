/** What the topic of dead letters says of a record beside the record itself. */

/** Names of the headers that a dead letter has once each, or not at all. They stand before the record's own. */
export const DEAD_LETTER_HEADERS: ReadonlySet<string> = new Set([
  "reason",
  "message",
  "service",
  "topic",
  "partition",
  "offset",
  "timestamp",
  "envelope",
]);
