/** Lines of the board: words with a style, cut to the terminal's width before they get their colours. Pure. */
import { styleText } from "node:util";
import { printable } from "../printable.js";
import { beginOf, CUT, widthOf } from "../text-width.js";

/** `faint`: heads and hints. `good`, `bad`: what is so. `strong`: what one looks for. */
export type Style = "faint" | "good" | "bad" | "strong";

/** A text, or one with its style. What others have named may be in it. */
export type Word = string | { readonly text: string; readonly style: Style | undefined };

export type Line = readonly Word[];

const FORMATS = { faint: "dim", good: "green", bad: "yellow", strong: "bold" } as const;

export function word(text: string, style: Style | undefined): Word {
  return { text, style };
}

export const textOf = (part: Word): string => (typeof part === "string" ? part : part.text);

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((width, part) => width + widthOf(printable(textOf(part))), 0);
}

/** The line as it is written, at most `columns` wide; nothing in it can command the terminal but its own colours. */
export function lineText(line: Line, columns: number, colours: boolean): string {
  const isCut = lineWidth(line) > columns;
  let left = isCut ? columns - 1 : columns;
  let written = "";
  for (const part of line) {
    const text = printable(textOf(part));
    const shown = beginOf(text, left);
    written += colours && shown !== "" ? painted(shown, part) : shown;
    if (shown !== text) break;
    left -= widthOf(text);
  }
  return isCut ? written + CUT : written;
}

function painted(text: string, part: Word): string {
  const style = typeof part === "string" ? undefined : part.style;
  return style === undefined ? text : styleText(FORMATS[style], text, { validateStream: false });
}
