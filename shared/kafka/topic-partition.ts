/** How a partition is named: as a key of a map, and to people. */
import type { TopicPartition } from "./client.js";

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}[${partition}]`;

/** Takes out of a map by {@link partitionKey} whatever is not of one of `kept`. */
export function forgetOthers(known: Map<string, unknown>, kept: readonly TopicPartition[]): void {
  const keys = new Set(kept.map(partitionKey));
  for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
}
