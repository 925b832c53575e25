/** From raw rows of CSV to observations' texts. */
import { type Separator, type SeparatorName, separatorNames, separators } from "../../../shared/separators.js";
import { countBreaks, csvScan, type RawRow, type RawRows } from "./csv-rows.js";
import type { FileRow } from "./file-row.js";
import { featuresOf, type ReplayColumns, STEP_COLUMN } from "./replay-columns.js";
import {
  ENCODING_NAMES,
  type FileForm,
  faultRow,
  isRefusal,
  notText,
  numberOf,
  numbersOf,
  type RowReader,
  refused,
  shown,
  timeOf,
} from "./row-reader.js";
import { type CsvHead, textColumn } from "./sample.js";
import { decoded } from "./text-encoding.js";

/** @throws {RangeError} a column is missing or there twice, or holds text where a number is to be */
export function csvReader(
  csv: CsvHead,
  head: Buffer,
  columns: ReplayColumns,
  form: FileForm,
  split: (block: Buffer, separator: Separator, atEnd: boolean) => RawRows,
): RowReader {
  const { names, separator } = csv;
  const { encoding, decimal } = form;
  const features = featuresOf(names, columns);
  const read = [columns.target, ...features];
  const positions = read.map((name) => names.indexOf(name));
  const series = columns.series === "" ? -1 : names.indexOf(columns.series);
  const time = columns.time === "" ? -1 : names.indexOf(columns.time);
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
    const numbers = numbersOf(read, (index) => cells[positions[index]], form);
    if (isRefusal(numbers)) return numbers;
    let i: string | undefined;
    if (step !== -1) {
      const number = numberOf(STEP_COLUMN, cells[step], form);
      if (typeof number !== "string") return number;
      i = number;
    }
    const timestamp = time === -1 ? undefined : timeOf(columns.time, cells[time], form);
    if (typeof timestamp === "object") return timestamp;
    if (series === -1) return { kind: "row", series: undefined, i, timestamp, numbers };
    const name = decoded(cells[series], encoding);
    return name === undefined ? notText(encoding) : { kind: "row", series: name, i, timestamp, numbers };
  }

  const mark = decimal === "." ? "point" : "comma";
  return {
    detected:
      `CSV, ${nameOf(separator)} between cells, decimal ${mark}, ${ENCODING_NAMES[encoding]}, ` +
      `${names.length} columns: y is ${columns.target}, x ${features.join(", ")}`,
    features,
    begin: csv.begin,
    split: (block, atEnd) => split(block, separator, atEnd),
    scan: () => csvScan(separator),
    row,
  };
}

const nameOf = (separator: Separator): SeparatorName | undefined =>
  separatorNames.find((name) => separators[name] === separator);
