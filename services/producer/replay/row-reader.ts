/** How the rows of one file are read, and what CSV and JSON Lines have in common. */
import { AHEAD_MAX_MS } from "../../../shared/record-time.js";
import type { Separator } from "../../../shared/separators.js";
import type { TimeUnit } from "../../../shared/time-text.js";
import { type RawRow, type RawRows, ROW_BYTES_MAX, type RowScan } from "./csv-rows.js";
import type { FileRow } from "./file-row.js";
import { cellNumber, type DecimalMark } from "./number-text.js";
import { rowTime } from "./row-time.js";
import { decoded, type FileEncoding } from "./text-encoding.js";

/** What is done with a feature that has no value: the row is refused, or `null` is sent in its place. */
export const missingRules = ["reject", "null"] as const;
export type MissingRule = (typeof missingRules)[number];

/** What is told of a file's form; undefined where it is to be detected. */
export interface ToldForm {
  readonly separator: Separator | undefined;
  readonly decimal: DecimalMark | undefined;
  readonly encoding: FileEncoding | undefined;
  readonly timeUnit: TimeUnit;
  readonly missing: MissingRule;
}

/** The same once it is known. */
export interface FileForm {
  readonly decimal: DecimalMark;
  readonly encoding: FileEncoding;
  readonly timeUnit: TimeUnit;
  readonly missing: MissingRule;
}

export interface RowReader {
  readonly detected: string;
  readonly features: readonly string[];
  /** Where the first row begins in the head. */
  readonly begin: number;
  split(block: Buffer, atEnd: boolean): RawRows;
  /** Finds the end of a row that is longer than a block. */
  scan(): RowScan;
  /** Undefined for a blank line. */
  row(raw: RawRow): FileRow | undefined;
}

export const ENCODING_NAMES: Readonly<Record<FileEncoding, string>> = { "utf-8": "UTF-8", latin1: "Latin-1" };
/** Longest part of a cell that a message quotes, in characters. */
const SHOWN_MAX = 40;
const UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  iso: "a time of ISO 8601",
  s: "seconds since 1970",
  ms: "milliseconds since 1970",
  us: "microseconds since 1970",
};

export const refused = (reason: string, message: string): FileRow => ({ kind: "refused", reason, message });

/** A cell whose characters are bytes, for a message. */
export function shown(bytes: string, encoding: FileEncoding): string {
  const cell = decoded(bytes, encoding) ?? bytes;
  return JSON.stringify(cell.length > SHOWN_MAX ? `${cell.slice(0, SHOWN_MAX)}...` : cell);
}

/** A refusal of the whole row by its raw form. */
export function faultRow({ fault }: Pick<RawRow, "fault">): FileRow {
  return fault === "too-long"
    ? refused("too-long", `expected rows of at most ${ROW_BYTES_MAX} bytes, got a longer one`)
    : refused("quotes", "a quote is out of place or is not closed");
}

export const notText = (encoding: FileEncoding): FileRow =>
  refused(
    "not-text",
    `expected ${ENCODING_NAMES[encoding]}, got other bytes: REPLAY_ENCODING says what the file is in`,
  );

/** A number of a row, or why the row has none in that column. */
export function numberOf(column: string, cell: string | undefined, { decimal, encoding }: FileForm): string | FileRow {
  const number = cellNumber(cell ?? "", decimal);
  if ("text" in number) return number.text;
  const found = cell === undefined ? "nothing" : shown(cell, encoding);
  return refused(number.fault, `column ${column}: expected a number, got ${found}`);
}

/**
 * The texts of the columns' numbers, or the first that is none.
 * @param columns of y, then of the features, which alone may be missing
 */
export function numbersOf(
  columns: readonly string[],
  cellOf: (index: number) => string | undefined,
  form: FileForm,
): readonly string[] | FileRow {
  const numbers: string[] = [];
  for (let index = 0; index < columns.length; index++) {
    const number = numberOf(columns[index], cellOf(index), form);
    if (typeof number === "string") numbers.push(number);
    else if (index > 0 && form.missing === "null" && number.kind === "refused" && number.reason === "missing")
      numbers.push("null");
    else return number;
  }
  return numbers;
}

/** The time of a row, or why it has none. */
export function timeOf(column: string, cell: string | undefined, form: FileForm): number | FileRow {
  const { timeUnit: unit, decimal, encoding } = form;
  const ms = rowTime(cell ?? "", { unit, decimal });
  if (ms <= Date.now() + AHEAD_MAX_MS) return ms;
  const found = cell === undefined ? "nothing" : shown(cell, encoding);
  const expected = Number.isNaN(ms) ? UNIT_NAMES[unit] : "a time that is past, since Kafka takes no other";
  return refused("not-a-time", `column ${column}: expected ${expected}, got ${found}`);
}

export const isRefusal = (value: readonly string[] | FileRow): value is FileRow => "kind" in value;
