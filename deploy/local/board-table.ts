/** Tables of the board: columns side by side, of which the less important ones give way where there is no room. Pure. */
import { printable } from "../printable.js";
import { widthOf } from "../text-width.js";
import { type Line, lineWidth, textOf, type Word, word } from "./board-line.js";

export interface Column {
  readonly head: string;
  readonly align: "left" | "right";
  /** One for each row. */
  readonly cells: readonly Word[];
  /** Columns of the lowest rank give way first, those of one rank together; those of the highest stay. */
  readonly rank: number;
}

const GAP = "  ";

/** The columns that fit a terminal so wide. */
export function fittingColumns(columns: readonly Column[], width: number): readonly Column[] {
  const ranks = [...new Set(columns.map(({ rank }) => rank))].sort((a, b) => a - b);
  let fitting = columns;
  for (const rank of ranks.slice(0, -1)) {
    if (tableWidth(fitting) <= width) break;
    fitting = fitting.filter((column) => column.rank !== rank);
  }
  return fitting;
}

/** A head, and a line for each row. */
export function tableLines(columns: readonly Column[]): Line[] {
  const widths = columns.map(columnWidth);
  const rows = columns[0]?.cells.length ?? 0;
  const lineOf = (cellOf: (column: Column) => Word): Line =>
    columns.flatMap((column, at) => {
      const isLast = at === columns.length - 1;
      const cell = cellOf(column);
      const blanks = " ".repeat(widths[at] - lineWidth([cell]));
      const padded = column.align === "right" ? [blanks, cell] : isLast ? [cell] : [cell, blanks];
      return isLast ? padded : [...padded, GAP];
    });
  const head = lineOf(({ head: text }) => word(text, "faint"));
  return [head, ...Array.from({ length: rows }, (_, row) => lineOf(({ cells }) => cells[row]))];
}

function tableWidth(columns: readonly Column[]): number {
  return columns.reduce((width, column) => width + columnWidth(column), GAP.length * (columns.length - 1));
}

function columnWidth({ head, cells }: Column): number {
  return Math.max(...[head, ...cells.map(textOf)].map((text) => widthOf(printable(text))));
}
