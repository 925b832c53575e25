/** Rows of text in columns, without lines between them. Pure. */
import Table from "cli-table3";
import { PLAIN_TABLE } from "../text-table.js";

/** The rows under their heads, each a line with its end; columns that hold a number alone are the caller's to mark as `right`. */
export function plainTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const colAligns = heads.map((_, at) => (right.includes(at) ? ("right" as const) : ("left" as const)));
  const table = new Table({ ...PLAIN_TABLE, head: [...heads], colAligns });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
