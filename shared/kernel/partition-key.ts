/** How a partition is named: as a key of a map, and to people. */
import type { TopicPartition } from "./kafka-client.js";

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}[${partition}]`;
