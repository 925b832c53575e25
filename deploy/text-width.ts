/** Text for a screen of so many columns. Pure. */
import stringWidth from "string-width";

/** The sign that the rest of a text is cut off. */
export const CUT = "…";

/**
 * Columns that a text takes. A character that a terminal may show without a column of its own, a combining mark for example, counts
 * as one all the same: a line that is too short is no harm, one that wraps destroys the board.
 */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The text, or as much of it as fits with a sign that the rest is cut off. */
export function cutToWidth(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : beginOf(text, columns - 1) + CUT;
}

/** As much of the text as fits, without a sign. */
export function beginOf(text: string, columns: number): string {
  let width = 0;
  let fitting = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    fitting += character.length;
  }
  return text.slice(0, fitting);
}

const characterWidth = (character: string): number => Math.max(1, stringWidth(character));
