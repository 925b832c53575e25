/** A partition and an offset as the client takes them: it calls a position an offset. */
import { type Position, positionAt, type ReadStart } from "./topic-partition.js";

export interface ClientPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What the client calls these places, where it expects an offset. */
const CLIENT_BEGINNING = -2;
const CLIENT_END = -1;

/** Where reading starts, for the client. */
export function clientPlace({ topic, partition, position }: ReadStart): ClientPlace {
  if (position === "beginning") return { topic, partition, offset: CLIENT_BEGINNING };
  if (position === "end") return { topic, partition, offset: CLIENT_END };
  return { topic, partition, offset: position };
}

/** @param offset of the client's answer, below 0 where it knows none */
export function knownPosition(offset: number | undefined): Position | undefined {
  return offset === undefined || offset < 0 ? undefined : positionAt(offset);
}
