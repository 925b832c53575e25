/** Rows of text in columns, without lines between them. Pure. */
import Table from "cli-table3";
import { printable } from "../printable.js";
import { PLAIN_TABLE } from "../text-table.js";

/** Columns that hold a number alone are the caller's to mark as right. */
type Alignment = (head: string, column: number) => "left" | "right";

/** The rows under their heads, a line each, whatever is in them. */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  alignment: Alignment,
): string[] {
  const table = new Table({ ...PLAIN_TABLE, head: heads.map(printable), colAligns: heads.map(alignment) });
  for (const row of rows) table.push(row.map(printable));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

/** The same as one text, each line with its end. @param right columns that are aligned so */
export function plainTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const lines = tableLines(heads, rows, (_, column) => (right.includes(column) ? "right" : "left"));
  return lines.map((line) => `${line}\n`).join("");
}
