/** Partitions, the numbers of their records, and how both are named. Types and pure functions: every room may import this file. */

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

declare const kind: unique symbol;

/** A record's own number in its partition. */
export type Offset = number & { readonly [kind]?: "offset" };

/**
 * The number of the next record to read, or to process: everything before it is done. A number does not pass for a position,
 * because an offset taken for one would make the same record come twice.
 */
export type Position = number & { readonly [kind]: "position" };

/** The position after the record of this offset. */
export const nextPosition = (offset: Offset): Position => positionAt(offset + 1);

/** Marks a number as a position: for the edges where positions come in as plain numbers, and for steps to another position. */
export const positionAt = (number: number): Position => number as Position;

/** The position at the beginning of a log that lost no record. */
export const ORIGIN = positionAt(0);

/** Where reading begins; `end` stands for what is written from then on. */
export type ReadFrom = Position | "beginning" | "end";

/** A partition and the position in it. */
export interface TopicPosition extends TopicPartition {
  readonly position: Position;
}

/** A partition and where reading it begins. */
export interface ReadStart extends TopicPartition {
  readonly position: ReadFrom;
}

/** A partition and the position in it, undefined where there is none. */
export interface KnownPosition extends TopicPartition {
  readonly position: Position | undefined;
}

/** The later of two positions. */
export const latest = (a: Position, b: Position): Position => (a < b ? b : a);

/** Names a partition as the key of a map. */
export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Names a partition to people. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}[${partition}]`;

/** Removes from a map by {@link partitionKey} what belongs to none of the partitions `kept`. */
export function forgetOthers(known: Map<string, unknown>, kept: readonly TopicPartition[]): void {
  const keys = new Set(kept.map(partitionKey));
  for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
}
