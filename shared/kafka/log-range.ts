/** What a partition's log still has. */
import type { Admin } from "./admin.js";
import { ORIGIN, type Position, partitionKey, type TopicPartition } from "./topic-partition.js";

/** Offsets from `begin`, which is 0 unless records were deleted, up to `end`, the high watermark. */
export interface LogRange {
  readonly begin: Position;
  readonly end: Position;
}

/** By {@link partitionKey}. */
export type LogRanges = ReadonlyMap<string, LogRange>;

/** @throws {KafkaError} the broker does not answer */
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
