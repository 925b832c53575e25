/**
 * Reads a file of rows: CSV (RFC 4180, with the separators, decimal marks and line ends that people have) or JSON Lines, plain or
 * packed. A row becomes an observation's texts, or a refusal with its line and reason. A block of the file is in memory at a time.
 */
import { csvReader } from "./csv-reader.js";
import { countBreaks, csvRows, type RawRow, type RawRows, skipBreaks } from "./csv-rows.js";
import { type FileBytes, openBytes } from "./file-bytes.js";
import type { FileRow } from "./file-row.js";
import { jsonReader } from "./json-reader.js";
import { askedColumns, type ReplayColumns } from "./replay-columns.js";
import type { FileForm, RowReader, ToldForm } from "./row-reader.js";
import { csvHead, decimalOf } from "./sample.js";
import { encodingOf, type FileEncoding } from "./text-encoding.js";

/** Bytes that are read at once. */
const BLOCK_BYTES = 256 * 1024;
/** Bytes that the form of a file is detected by. */
const HEAD_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

export const fileFormats = ["csv", "tsv", "txt", "jsonl", "ndjson"] as const;

/** A row, and where it stands. */
export interface PlacedRow {
  readonly row: FileRow;
  /** Where the next row begins, in bytes of the content. */
  readonly next: number;
  /** The line in which it begins, from 1 on. */
  readonly line: number;
}

export interface FileRows {
  /** What was detected, for people. */
  readonly detected: string;
  /** Columns of x1 to xn; empty for lists. */
  readonly features: readonly string[];
  readonly bytes: FileBytes;
  /** Where the first row begins, in bytes of the content. */
  readonly begin: number;
  /**
   * The rows from `position` on, as many as a block holds, blank lines left out; none where no whole row is there.
   * @param position {@link begin}, or the `next` of a row
   * @param atEnd    whether nothing will be added to the file, so that its last row needs no line end
   */
  read(position: number, atEnd: boolean): readonly PlacedRow[];
}

/** Whether a file's name says that its format is one of {@link fileFormats}, plain or packed. */
export function formatOf(path: string): (typeof fileFormats)[number] | undefined {
  const ending = /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(path)?.[1].toLowerCase();
  return fileFormats.find((format) => format === ending);
}

/**
 * Opens a file of rows and detects what is not told of its form.
 * @throws {RangeError} it is empty, lacks a column, has one twice, or a column that is read holds text
 * @throws {Error} of node:fs, or of a packed file that is damaged
 */
export function openRows(path: string, columns: ReplayColumns, told: ToldForm): FileRows {
  const bytes = openBytes(path);
  const format = formatOf(path);
  if (format === undefined) throw new RangeError(`expected a name that ends with .${fileFormats.join(", .")}`);
  const whole = bytes.read(0, HEAD_BYTES);
  if ((whole[0] === 0xff && whole[1] === 0xfe) || (whole[0] === 0xfe && whole[1] === 0xff)) {
    throw new RangeError("expected UTF-8 or Latin-1, got UTF-16: convert it first");
  }
  const mark = whole.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0;
  const head = whole.subarray(mark);
  if (/^\s*$/.test(head.toString("latin1"))) throw new RangeError("expected lines, got an empty file");
  const atEnd = whole.length < HEAD_BYTES;
  const encoding = told.encoding ?? (mark > 0 ? "utf-8" : encodingOf(head));
  const reader =
    format.endsWith("son") || format === "jsonl"
      ? jsonReader(head, columns, encoding, told)
      : openCsv(head, atEnd, columns, encoding, told);
  return {
    detected: reader.detected,
    features: reader.features,
    bytes,
    begin: mark + reader.begin,
    read: rowsOf(bytes, reader),
  };
}

function openCsv(
  head: Buffer,
  atEnd: boolean,
  columns: ReplayColumns,
  encoding: FileEncoding,
  { separator, decimal, timeUnit, missing }: ToldForm,
): RowReader {
  const csv = csvHead(head, atEnd, encoding, askedColumns(columns), separator === undefined ? undefined : [separator]);
  const form: FileForm = { encoding, decimal: decimal ?? decimalOf(csv), timeUnit, missing };
  return csvReader(csv, head, columns, form, csvRows);
}

/** Reads blocks, and keeps count of the lines. */
function rowsOf(bytes: FileBytes, reader: RowReader): FileRows["read"] {
  /** The line that begins at byte `at`. */
  let place = { at: 0, line: 1 };

  function lineAt(position: number): number {
    if (position < place.at) place = { at: 0, line: 1 };
    while (place.at < position) {
      // One byte more, for a CR LF.
      const block = bytes.read(place.at, Math.min(BLOCK_BYTES, position - place.at + 1));
      const length = Math.min(block.length, position - place.at, BLOCK_BYTES - 1);
      if (length === 0) break;
      place = { at: place.at + length, line: place.line + countBreaks(block, 0, length) };
    }
    return place.line;
  }

  /** Where the row from `position` on ends, that is longer than a block. */
  function endOfRow(position: number): number {
    const scan = reader.scan();
    for (let at = position; ; ) {
      const block = bytes.read(at, BLOCK_BYTES);
      const end = scan(block);
      if (end !== undefined) return at + end;
      at += block.length;
      if (block.length < BLOCK_BYTES) return at;
    }
  }

  return (position, atEnd) => {
    let start = position;
    for (;;) {
      const block = bytes.read(start, BLOCK_BYTES);
      const short = block.length < BLOCK_BYTES;
      if (block.length === 0) return [];
      const { rows, rest, cut }: RawRows = reader.split(block, short && atEnd);
      let line = lineAt(start);
      let counted = 0;
      const placed: PlacedRow[] = [];
      for (const [index, raw] of rows.entries()) {
        const first = firstByte(block, raw);
        line += countBreaks(block, counted, first);
        counted = first;
        const isCut = cut && index === rows.length - 1;
        // It is still written.
        if (isCut && short) return placed;
        const row = spanning(reader.row(raw), () => countBreaks(block, first, raw.end));
        if (row !== undefined) placed.push({ row, next: isCut ? endOfRow(start + raw.start) : start + raw.end, line });
      }
      place = { at: start + rest, line: line + countBreaks(block, counted, rest) };
      if (placed.length > 0 || rest === 0 || short) return placed;
      // All lines of the block were blank.
      start += rest;
    }
  };
}

/** A refusal says how many lines it is of. */
function spanning(row: FileRow | undefined, breaks: () => number): FileRow | undefined {
  const lines = row?.kind === "refused" ? breaks() : 0;
  return row?.kind === "refused" && lines > 1 ? { ...row, message: `${row.message}; ${lines} lines` } : row;
}

/** Where a row's own text begins, after blank lines. */
function firstByte(block: Buffer, { start, end }: RawRow): number {
  return Math.min(end, skipBreaks(block, start));
}
