/** The values of some columns of one line of CSV (RFC 4180), as the line spells them. */
import { parse } from "csv-parse/sync";
import type { FieldValue, FieldValues } from "../../shared/field-value.js";
import type { FieldName } from "./field-name.js";
import { fault } from "./text-cursor.js";

/**
 * A reader of `fields` among `columns`.
 * @returns from the text of a record to their values in that order; it throws RecordError `not-an-observation` (not one line of
 *   CSV) or `arity` (more or fewer cells than columns)
 */
export function csvFields(
  fields: readonly FieldName[],
  columns: readonly FieldName[],
  separator: string,
): (text: string) => FieldValues {
  const places = fields.map(({ name }) => columns.findIndex((column) => column.name === name));
  return (text) => {
    const cells = cellsOf(text, separator);
    if (cells.length !== columns.length)
      throw fault("arity", `expected ${columns.length} cells as INPUT_COLUMNS has names, got ${cells.length}`);
    return places.map((place) => cellValue(cells[place]));
  };
}

/** Whether a line says the names of its columns, as the first line of a file does. */
export function isHeader(text: string, columns: readonly FieldName[], separator: string): boolean {
  const cells = cellsOf(text, separator);
  return cells.length === columns.length && cells.every((cell, place) => cell.trim() === columns[place].name);
}

function cellsOf(text: string, delimiter: string): readonly string[] {
  let rows: string[][];
  try {
    rows = parse(text, { bom: true, delimiter, relax_column_count: true, record_delimiter: ["\r\n", "\n", "\r"] });
  } catch {
    // Its message shows a part of the record.
    throw fault("not-an-observation", "expected one line of CSV, got quotes that do not belong together");
  }
  if (rows.length !== 1) throw fault("not-an-observation", `expected one line of CSV, got ${rows.length}`);
  return rows[0];
}

/** A cell is text; an empty one has no value. */
function cellValue(cell: string): FieldValue {
  const text = cell.trim();
  return text === "" ? { kind: "null" } : { kind: "text", text };
}
