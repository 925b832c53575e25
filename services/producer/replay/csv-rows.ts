/**
 * Rows of a block of CSV (RFC 4180): quoted cells may hold separators, line ends and doubled quotes; lines end with LF, CR LF or CR.
 * A row that is no CSV is refused whole, and reading goes on after it.
 */
import { CsvError, type Options, parse } from "csv-parse/sync";
import type { Separator } from "../../../shared/separators.js";

/** Longest row, in bytes. */
export const ROW_BYTES_MAX = 128 * 1024;

const QUOTE = 0x22;
const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;
const BLANK = /[\t\v\f ]/;
/** What the library trims of a cell. A byte of UTF-8 may look like another blank. */
const BLANKS_AROUND = /^[\t\v\f ]+|[\t\v\f ]+$/g;

/** A row, or lines that are none. */
export interface RawRow {
  /** Bytes from the block's start; blank lines may precede. */
  readonly start: number;
  /** Where the next row begins. */
  readonly end: number;
  /** One character for each byte. */
  readonly cells?: readonly string[];
  readonly fault?: "quotes" | "too-long";
}

export interface RawRows {
  readonly rows: readonly RawRow[];
  /** Where in the block the first unfinished row begins. */
  readonly rest: number;
  /** The last row is a fault that goes on beyond the block. */
  readonly cut: boolean;
}

/**
 * The rows of a block.
 * @param block at least twice {@link ROW_BYTES_MAX}, unless no more bytes are there
 * @param atEnd whether the file ends with the block, so that its last row needs no line end
 */
export function csvRows(block: Buffer, separator: Separator, atEnd: boolean): RawRows {
  // After an LF nothing can be added to the last row; after a CR an LF may come.
  const isWhole = atEnd || block.at(-1) === LINE_FEED;
  const { rows, rest, isDone } = lineRows(block, separator, isWhole);
  if (isDone) return { rows, rest, cut: false };
  let at = rest;
  while (at < block.length) {
    const count = rows.length;
    const error = parseFrom(block, at, separator, (cells, end) => {
      rows.push({ start: at, end, cells });
      at = end;
    });
    if (error === undefined) {
      if (isWhole || rows.length === count) return { rows, rest: block.length, cut: false };
      // The last row may go on beyond the block, and so may its CR LF.
      const rest = rows.pop()?.start ?? 0;
      return { rows, rest, cut: false };
    }
    if (error.code === "CSV_QUOTE_NOT_CLOSED" && !atEnd) return { rows, rest: at, cut: false };
    const end = csvScan(separator)(block.subarray(at));
    if (end === undefined && !atEnd && at > 0) return { rows, rest: at, cut: false };
    const next = end === undefined ? block.length : at + end;
    rows.push({ start: at, end: next, fault: error.code === "CSV_MAX_RECORD_SIZE" ? "too-long" : "quotes" });
    at = next;
    if (end === undefined) return { rows, rest: at, cut: !atEnd };
  }
  return { rows, rest: at, cut: false };
}

/**
 * The rows of a block that are lines of simple cells, up to the first other one: this needs no library, and takes a fraction of its
 * time.
 * @returns isDone is false where the library has to read from `rest` on
 */
function lineRows(
  block: Buffer,
  separator: Separator,
  isWhole: boolean,
): { readonly rows: RawRow[]; readonly rest: number; readonly isDone: boolean } {
  const length = isWhole ? block.length : lastLine(block);
  const text = block.toString("latin1", 0, length);
  const rows: RawRow[] = [];
  let start = 0;
  let at = 0;
  while (at < length) {
    const stop = lineStop(block, at, length);
    const end = stop === length ? length : afterBreak(block, stop);
    if (stop > at) {
      const cells = stop - at > ROW_BYTES_MAX ? undefined : simpleCells(text.slice(at, stop), separator);
      if (cells === undefined) return { rows, rest: start, isDone: false };
      rows.push({ start, end, cells });
      start = end;
    }
    at = end;
  }
  return { rows, rest: length, isDone: length > 0 };
}

/** Where the last line begins, which may go on beyond the block, and so may its CR LF. */
function lastLine(block: Buffer): number {
  let start = block.length;
  while (start > 0 && isBreak(block[start - 1])) start -= 1;
  while (start > 0 && !isBreak(block[start - 1])) start -= 1;
  return start;
}

/** Where the line that begins at byte `at` has its end, or `length`. */
function lineStop(block: Buffer, at: number, length: number): number {
  let stop = at;
  while (stop < length && !isBreak(block[stop])) stop += 1;
  return stop;
}

/** The cells of a line whose quotes stand at both ends of cells and nowhere else; undefined for another one. */
function simpleCells(line: string, separator: Separator): string[] | undefined {
  const cells = line.split(separator);
  const hasBlanks = separator !== "\t" && BLANK.test(line);
  const hasQuotes = line.includes('"');
  if (!hasBlanks && !hasQuotes) return cells;
  for (let index = 0; index < cells.length; index++) {
    const cell = hasBlanks ? cells[index].replace(BLANKS_AROUND, "") : cells[index];
    const quote = hasQuotes ? cell.indexOf('"') : -1;
    if (quote !== -1 && (quote !== 0 || cell.length < 2 || cell.indexOf('"', 1) !== cell.length - 1)) return undefined;
    cells[index] = quote === -1 ? cell : cell.slice(1, -1);
  }
  return cells;
}

function parserOptions(separator: Separator): Options {
  return {
    delimiter: separator,
    encoding: "latin1",
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    // A blank between cells; a tab would be one, too.
    trim: separator !== "\t",
    max_record_size: ROW_BYTES_MAX,
  };
}

/** Parses rows from byte `start` on, until the first that is no CSV. */
function parseFrom(
  block: Buffer,
  start: number,
  separator: Separator,
  onRow: (cells: readonly string[], end: number) => void,
): CsvError | undefined {
  try {
    parse(block.subarray(start), {
      ...parserOptions(separator),
      on_record: (cells: readonly string[], { bytes }) => {
        onRow(cells, start + bytes);
        return null;
      },
    });
    return undefined;
  } catch (error) {
    if (error instanceof CsvError) return error;
    throw error;
  }
}

/** Finds the end of a row that begins with the first block that it is given; blank lines may precede. */
export type RowScan = (block: Buffer) => number | undefined;

/**
 * Finds where a faulty row of CSV ends, by the rule of readers that take every row: a quote opens a cell at its beginning alone, a
 * doubled one does not close it, and what follows the closing one belongs to the cell. So no line within a cell is taken for a row.
 */
export function csvScan(separator: Separator): RowScan {
  const parting = separator.charCodeAt(0);
  let state: "row" | "cell" | "open" | "quoted" | "closing" = "row";
  return (block) => {
    for (let at = 0; at < block.length; at++) {
      const byte = block[at];
      if (state === "quoted") {
        if (byte === QUOTE) state = "closing";
      } else if (state === "closing" && byte === QUOTE) state = "quoted";
      else if (isBreak(byte)) {
        if (state !== "row") return afterBreak(block, at);
      } else if (byte === parting) state = "cell";
      else if (byte === QUOTE && (state === "row" || state === "cell")) state = "quoted";
      // A blank before a quote is trimmed.
      else if (byte !== SPACE || parting === TAB) state = "open";
      else if (state === "row") state = "cell";
    }
    return undefined;
  };
}

/** As {@link csvScan}, for rows that are lines. */
export function lineScan(): RowScan {
  let hasText = false;
  return (block) => {
    for (let at = 0; at < block.length; at++) {
      if (!isBreak(block[at])) hasText = true;
      else if (hasText) return afterBreak(block, at);
    }
    return undefined;
  };
}

/** The byte after the end of the line that holds byte `at`; undefined where the block has none. */
export function lineEnd(block: Buffer, at: number): number | undefined {
  for (let end = at; end < block.length; end++) {
    if (isBreak(block[end])) return afterBreak(block, end);
  }
  return undefined;
}

/** The first byte from `at` on that ends no line. */
export function skipBreaks(block: Buffer, at: number): number {
  let next = at;
  while (next < block.length && isBreak(block[next])) next += 1;
  return next;
}

const isBreak = (byte: number): boolean => byte === LINE_FEED || byte === CARRIAGE_RETURN;

/** The byte after the line end at byte `at`: LF, CR LF or CR. */
const afterBreak = (block: Buffer, at: number): number =>
  block[at] === CARRIAGE_RETURN && block[at + 1] === LINE_FEED ? at + 2 : at + 1;

/** Line ends from byte `from` to byte `to` of a block; a CR LF that lies across `to` is one of the bytes after it. */
export function countBreaks(block: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    if (block[at] === LINE_FEED || (block[at] === CARRIAGE_RETURN && block[at + 1] !== LINE_FEED)) count += 1;
  }
  return count;
}
