/** What the topic of dead letters says of a record beside the record itself. */

/** The headers that a dead letter has once each, or not at all, with their meaning. They stand before the record's own. */
export const LETTER_HEADERS = {
  reason: "why it was rejected, in one word of those that guarantees.md lists",
  message: "the same in a sentence",
  service: "name of the service that rejected it",
  topic: "where it was read, or was to be written",
  partition: "where it was read; not there of a record that the producer could not write",
  offset: "where it was read; not there as partition",
  timestamp: "of the record, ms since the epoch; not there as partition",
  envelope:
    "true where the value is not the record's own bytes, but their length and SHA-256, since they were too large",
} as const;

/** Their names. */
export const DEAD_LETTER_HEADERS: ReadonlySet<string> = new Set(Object.keys(LETTER_HEADERS));
