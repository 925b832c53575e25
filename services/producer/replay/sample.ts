/** What the head of a file tells of its form: separator, decimal mark, names of columns, which of them are numbers. */
import { type Separator, separators } from "../../../shared/separators.js";
import { csvRows, type RawRow } from "./csv-rows.js";
import { cellNumber, type DecimalMark } from "./number-text.js";
import { decoded, type FileEncoding } from "./text-encoding.js";

const COMMA_NUMBER = /^[+-]?\d*,\d+$/;

/** The names of the columns, and the rows of the head that have a cell for each. */
export interface CsvHead {
  readonly separator: Separator;
  readonly names: readonly string[];
  /** Where the first row after the names begins, in bytes of the head. */
  readonly begin: number;
  readonly sample: readonly RawRow[];
}

/**
 * The head of a CSV under the separator that suits it best: one that finds the columns which are asked for, then the one that
 * parts most rows into as many cells as the first has, 2 or more, then the one with most columns.
 * @param asked   names of columns that must be there
 * @param allowed separators to choose from
 * @throws {RangeError} it has no first row
 */
export function csvHead(
  head: Buffer,
  atEnd: boolean,
  encoding: FileEncoding,
  asked: readonly string[],
  allowed: readonly Separator[] = Object.values(separators),
): CsvHead {
  const candidates = allowed.map((separator) => {
    const { rows } = csvRows(head, separator, atEnd);
    const [first, ...others] = rows;
    const names = first?.cells?.map((cell) => (decoded(cell, encoding) ?? cell).trim()) ?? [];
    const sample = others.filter(({ cells }) => cells?.length === names.length);
    const found = asked.every((name) => names.includes(name));
    const share = others.length === 0 ? 1 : sample.length / others.length;
    const score = (found ? 4 : 0) + (names.length > 1 ? 2 + share : 0);
    return { score, head: { separator, names, begin: first?.end ?? 0, sample } };
  });
  candidates.sort((a, b) => b.score - a.score || b.head.names.length - a.head.names.length);
  const best = candidates[0].head;
  if (best.names.length === 0) {
    const fault = csvRows(head, best.separator, atEnd).rows.at(0)?.fault;
    throw new RangeError(fault === undefined ? "expected lines, got an empty file" : "line 1: a quote is out of place");
  }
  return best;
}

/** A comma where numbers of the sample have one and none has a point; never where a comma parts the cells. */
export function decimalOf({ separator, sample }: CsvHead): DecimalMark {
  if (separator === ",") return ".";
  let commas = 0;
  for (const { cells = [] } of sample) {
    for (const cell of cells) {
      if (COMMA_NUMBER.test(cell.trim())) commas += 1;
      else if (/^[+-]?\d*\.\d+$/.test(cell.trim())) return ".";
    }
  }
  return commas > 0 ? "," : ".";
}

/** The first cell of a column, where the sample has text in all its cells that are not missing; undefined for numbers. */
export function textColumn(
  { sample }: CsvHead,
  column: number,
  mark: DecimalMark,
): { row: RawRow; cell: string } | undefined {
  let first: { row: RawRow; cell: string } | undefined;
  for (const row of sample) {
    const cell = row.cells?.[column] ?? "";
    const number = cellNumber(cell, mark);
    if ("text" in number) return undefined;
    if (number.fault === "not-a-number") first ??= { row, cell };
  }
  return first;
}
