/**
 * Changelog records: key and stored bytes of a state value, and one that closes each commit with the input positions that it stands
 * for in a header, so that a changelog alone tells how far its state has come.
 *
 * Versions of 2026-11-29 and before gave that header to every record of a value, and wrote the closing one only where a commit
 * changed no key. Both read the other's.
 */
import { z } from "zod";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { latest, ORIGIN, type Position } from "../../kafka/topic-partition.js";
import type { AnyService, RecordHeaders } from "../../service-definition.js";

const POSITIONS_HEADER = "regatta-positions";

/** Key of the record that closes a commit. A state key has a slash, so it cannot be one. */
export const POSITIONS_KEY = "positions";
/** {@link POSITIONS_KEY} as it is written. */
export const POSITIONS_KEY_BYTES = Buffer.from(POSITIONS_KEY);
/** Value of that record: compaction would delete it if it had none. */
export const POSITIONS_VALUE = Buffer.from([0]);

/** Next offset to process, by input topic. */
export type Positions = Readonly<Record<string, Position>>;

const positionsSchema = z.record(z.string(), z.number().int().nonnegative());

/** The log of one store of one task. */
export interface Changelog {
  readonly store: string;
  readonly topic: string;
  readonly partition: number;
}

/** Name of a store's changelog. */
export function changelogTopic(application: string, store: string): string {
  return `${application}-${store}-changelog`;
}

/** The changelogs of a service, in the order of its stores. */
export function changelogNames({ stores }: AnyService, application: string): string[] {
  return Object.keys(stores).map((store) => changelogTopic(application, store));
}

/** A changelog keeps the newest value of each key for ever. */
export const changelogConfig = {
  "cleanup.policy": "compact",
  "min.cleanable.dirty.ratio": "0.3",
  "segment.bytes": String(64 * 1024 * 1024),
} as const;

/**
 * The text of the positions begins with it where the record's key is whole. Programs that cut keys at their first NUL byte do not
 * write it, and read over it: blanks mean nothing in JSON.
 */
const WHOLE_KEY_MARK = " ";

/** @param wholeKey false for the copy of a record whose key may be cut */
export function positionsHeaders(positions: Positions, wholeKey = true): RecordHeaders {
  return [{ [POSITIONS_HEADER]: Buffer.from((wholeKey ? WHOLE_KEY_MARK : "") + JSON.stringify(positions)) }];
}

/** Whether the program that wrote the record cut no key: those that did gave positions to every record, without the mark. */
export function hasWholeKey({ headers }: ConsumedRecord): boolean {
  for (const { [POSITIONS_HEADER]: text } of headers ?? [])
    if (text !== undefined && text[0] !== WHOLE_KEY_MARK.charCodeAt(0)) return false;
  return true;
}

/** The positions that a changelog record carries, undefined where it carries none that can be read. */
export function positionsOf(record: ConsumedRecord): Positions | undefined {
  for (const header of record.headers ?? []) {
    const text = header[POSITIONS_HEADER];
    if (text === undefined) continue;
    try {
      return positionsSchema.parse(JSON.parse(text.toString("utf8"))) as Positions;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** The larger position of each topic. */
export function furthest(a: Positions, b: Positions): Positions {
  const result: Record<string, Position> = { ...a };
  for (const [topic, position] of Object.entries(b)) result[topic] = latest(position, result[topic] ?? ORIGIN);
  return result;
}
