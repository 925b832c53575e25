/** From raw rows of CSV or JSON Lines to observations' texts. */
import {
  countBreaks,
  csvScan,
  lineEnd,
  lineScan,
  type RawRow,
  type RawRows,
  ROW_BYTES_MAX,
  type RowScan,
  type Separator,
} from "./csv-rows.js";
import type { FileRow } from "./file-row.js";
import { jsonLine, listItems, scalarText } from "./json-row.js";
import { cellNumber, type DecimalMark } from "./number-text.js";
import { featuresOf, type ReplayColumns, STEP_COLUMN } from "./replay-columns.js";
import { type CsvHead, textColumn } from "./sample.js";
import { decoded, type FileEncoding } from "./text-encoding.js";

export interface FileForm {
  readonly encoding: FileEncoding;
  readonly decimal: DecimalMark;
}

/** How the rows of one file are read. */
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

const SEPARATOR_NAMES: Readonly<Record<Separator, string>> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
  "|": "bar",
};
const ENCODING_NAMES: Readonly<Record<FileEncoding, string>> = { "utf-8": "UTF-8", latin1: "Latin-1" };
/** Longest part of a cell that a message quotes, in characters. */
const SHOWN_MAX = 40;

const refused = (reason: string, message: string): FileRow => ({ kind: "refused", reason, message });

/** A cell whose characters are bytes, for a message. */
function shown(bytes: string, encoding: FileEncoding): string {
  const cell = decoded(bytes, encoding) ?? bytes;
  return JSON.stringify(cell.length > SHOWN_MAX ? `${cell.slice(0, SHOWN_MAX)}...` : cell);
}

/** A refusal of the whole row by its raw form. */
function faultRow({ fault }: RawRow): FileRow {
  return fault === "too-long"
    ? refused("too-long", `expected rows of at most ${ROW_BYTES_MAX} bytes, got a longer one`)
    : refused("quotes", "a quote is out of place or is not closed");
}

const notText = (encoding: FileEncoding): FileRow =>
  refused(
    "not-text",
    `expected ${ENCODING_NAMES[encoding]}, got other bytes: REPLAY_ENCODING says what the file is in`,
  );

/** A number of a row, or why the row has none in that column. */
function numberOf(
  column: string,
  cell: string | undefined,
  mark: DecimalMark,
  encoding: FileEncoding,
): string | FileRow {
  const number = cellNumber(cell ?? "", mark);
  if ("text" in number) return number.text;
  const found = cell === undefined ? "nothing" : shown(cell, encoding);
  return refused(number.fault, `column ${column}: expected a number, got ${found}`);
}

/** The texts of the columns' numbers, or the first that is none. */
function numbersOf(
  columns: readonly string[],
  cellOf: (index: number) => string | undefined,
  mark: DecimalMark,
  encoding: FileEncoding,
): readonly string[] | FileRow {
  const numbers: string[] = [];
  for (let index = 0; index < columns.length; index++) {
    const number = numberOf(columns[index], cellOf(index), mark, encoding);
    if (typeof number !== "string") return number;
    numbers.push(number);
  }
  return numbers;
}

const isRefusal = (value: readonly string[] | FileRow): value is FileRow => "kind" in value;

/** @throws {RangeError} a column is missing or there twice, or holds text where a number is to be */
export function csvReader(
  csv: CsvHead,
  head: Buffer,
  columns: ReplayColumns,
  { encoding, decimal }: FileForm,
  split: (block: Buffer, separator: Separator, atEnd: boolean) => RawRows,
): RowReader {
  const { names, separator } = csv;
  const features = featuresOf(names, columns);
  const read = [columns.target, ...features];
  const positions = read.map((name) => names.indexOf(name));
  const series = columns.series === "" ? -1 : names.indexOf(columns.series);
  const step = names.indexOf(STEP_COLUMN);
  for (const [index, position] of positions.entries()) {
    const text = textColumn(csv, position, decimal);
    if (text === undefined) continue;
    const line = 1 + countBreaks(head, 0, text.row.start);
    throw new RangeError(
      `column ${read[index]} holds no numbers: line ${line} has ${shown(text.cell, encoding)}; name the columns of x1 to xn`,
    );
  }

  function row(raw: RawRow): FileRow | undefined {
    const { cells } = raw;
    if (cells === undefined) return faultRow(raw);
    if (cells.length !== names.length) {
      if (cells.length === 1 && cells[0].trim() === "") return undefined;
      return refused("cells", `expected ${names.length} cells, got ${cells.length}`);
    }
    const numbers = numbersOf(read, (index) => cells[positions[index]], decimal, encoding);
    if (isRefusal(numbers)) return numbers;
    let i: string | undefined;
    if (step !== -1) {
      const number = numberOf(STEP_COLUMN, cells[step], decimal, encoding);
      if (typeof number !== "string") return number;
      i = number;
    }
    if (series === -1) return { kind: "row", series: undefined, i, numbers };
    const name = decoded(cells[series], encoding);
    return name === undefined ? notText(encoding) : { kind: "row", series: name, i, numbers };
  }

  const mark = decimal === "." ? "point" : "comma";
  return {
    detected:
      `CSV, ${SEPARATOR_NAMES[separator]} between cells, decimal ${mark}, ${ENCODING_NAMES[encoding]}, ` +
      `${names.length} columns: y is ${columns.target}, x ${features.join(", ")}`,
    features,
    begin: csv.begin,
    split: (block, atEnd) => split(block, separator, atEnd),
    scan: () => csvScan(separator),
    row,
  };
}

/**
 * A JSON line may be
 *   a list, which is forwarded as it stands;
 *   an object with a list `x`, whose other members are the columns' (an observation of ours, for example);
 *   an object of the members that the columns name. The first object gives the order of the features.
 */
export function jsonReader(head: Buffer, columns: ReplayColumns, encoding: FileEncoding): RowReader {
  const features = jsonFeatures(head, columns, encoding);

  function row({ cells, fault }: RawRow): FileRow | undefined {
    const bytes = cells?.[0] ?? "";
    if (fault !== undefined) return faultRow({ start: 0, end: 0, fault });
    if (bytes.trim() === "") return undefined;
    const text = decoded(bytes, encoding);
    if (text === undefined) return notText(encoding);
    const line = jsonLine(text);
    switch (line.kind) {
      case "fault":
        return line.reason === "not-json"
          ? refused(line.reason, "expected a JSON object or list")
          : refused(line.reason, "expected members of different names, got one twice");
      case "list":
        if (columns.series !== "") return refused("no-series", `expected a member ${columns.series}, got a list`);
        return { kind: "list", text: line.text };
      case "object":
        return objectRow(line.members);
    }
  }

  function objectRow(members: ReadonlyMap<string, string>): FileRow {
    let series: string | undefined;
    if (columns.series !== "") {
      series = scalarText(members.get(columns.series));
      if (series === undefined) return refused("no-series", `expected a text or number as ${columns.series}`);
      if (!series.isWellFormed()) return refused("not-text", `expected Unicode as ${columns.series}`);
    }
    const items = listItems(members.get("x") ?? "");
    const read = [columns.target, ...(items === undefined ? features : items.map((_, index) => `x${index + 1}`))];
    const cells = [members.get(columns.target), ...(items ?? features.map((name) => members.get(name)))];
    const numbers = numbersOf(read, (index) => jsonCell(cells[index]), ".", "latin1");
    if (isRefusal(numbers)) return numbers;
    if (!members.has(STEP_COLUMN)) return { kind: "row", series, i: undefined, numbers };
    const i = numberOf(STEP_COLUMN, jsonCell(members.get(STEP_COLUMN)), ".", "latin1");
    return typeof i === "string" ? { kind: "row", series, i, numbers } : i;
  }

  return {
    detected: `JSON Lines, ${ENCODING_NAMES[encoding]}: y is ${columns.target}${features.length > 0 ? `, x ${features.join(", ")}` : ""}`,
    features,
    begin: 0,
    split: jsonLines,
    scan: lineScan,
    row,
  };
}

/** A value as a cell: the text of a string, else the value's own. */
const jsonCell = (source: string | undefined): string | undefined => scalarText(source) ?? source;

/** The features that the first object of the head has; none where it has a list `x`, or where there is no object. */
function jsonFeatures(head: Buffer, columns: ReplayColumns, encoding: FileEncoding): readonly string[] {
  for (const bytes of head.toString("latin1").split("\n")) {
    const text = decoded(bytes.trim(), encoding);
    const line = text === undefined ? undefined : jsonLine(text);
    if (line?.kind !== "object") continue;
    if (listItems(line.members.get("x") ?? "") !== undefined) return [];
    return featuresOf([...line.members.keys()], columns);
  }
  return columns.features;
}

/** The lines of a block, each as one cell. */
function jsonLines(block: Buffer, atEnd: boolean): RawRows {
  const rows: RawRow[] = [];
  let at = 0;
  while (at < block.length) {
    const end = lineEnd(block, at);
    if (end === undefined && !atEnd) {
      if (block.length - at <= ROW_BYTES_MAX) break;
      rows.push({ start: at, end: block.length, fault: "too-long" });
      return { rows, rest: block.length, cut: true };
    }
    const next = end ?? block.length;
    if (next - at > ROW_BYTES_MAX) rows.push({ start: at, end: next, fault: "too-long" });
    else rows.push({ start: at, end: next, cells: [block.toString("latin1", at, next)] });
    at = next;
  }
  return { rows, rest: at, cut: false };
}
