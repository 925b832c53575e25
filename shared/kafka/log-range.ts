/** What the logs of partitions still hold. */
import type { Admin } from "./admin.js";
import { ORIGIN, type Position, partitionKey, type TopicPartition } from "./topic-partition.js";

/** From the first record, 0 unless records were deleted, to before `end`. */
export interface LogRange {
  readonly begin: Position;
  readonly end: Position;
}

/** By {@link partitionKey}. */
export type LogRanges = ReadonlyMap<string, LogRange>;

/**
 * Asks where logs begin, and then for their high watermarks.
 * @throws {KafkaError} the broker does not answer
 */
export async function logRanges(admin: Admin, partitions: readonly TopicPartition[]): Promise<LogRanges> {
  const begins = await admin.beginnings(partitions);
  const ends = await admin.ends(partitions, "uncommitted");
  const begin = new Map(begins.map((place) => [partitionKey(place), place.position]));
  return new Map(
    ends.map((place) => {
      const key = partitionKey(place);
      return [key, { begin: begin.get(key) ?? ORIGIN, end: place.position }];
    }),
  );
}
