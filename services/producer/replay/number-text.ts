/** What a cell says of a number, without going through a double. */
import { isMissingText } from "../../../shared/missing-text.js";

export const decimals = [".", ","] as const;
/** What stands before the decimals. */
export type DecimalMark = (typeof decimals)[number];

/** A number as JSON spells it, or what the cell is instead. */
export type CellNumber = { readonly text: string } | { readonly fault: "missing" | "not-a-number" | "not-finite" };

/** The usual spelling: it is JSON's, and short enough to be finite. */
const PLAIN = /^-?(?:0|[1-9]\d{0,17})(?:\.\d{1,40})?$/;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * Reads a number with or without sign, digits on either side of the decimal mark, and exponent: `.5`, `+1`, `5.`, `007`, `1E-3`. JSON
 * has fewer spellings, so it is spelled anew, digit for digit. A number beyond the doubles is not finite. No thousands separators.
 */
export function cellNumber(cell: string, mark: DecimalMark): CellNumber {
  if (mark === "." && PLAIN.test(cell)) return { text: cell };
  const text = cell.trim();
  if (isMissingText(text)) return { fault: "missing" };
  if (mark === "," && text.includes(".")) return { fault: "not-a-number" };
  const match = NUMBER.exec(mark === "," ? text.replace(",", ".") : text);
  if (match === null) return { fault: "not-a-number" };
  const [, sign, whole, fraction = "", exponent] = match;
  if (whole === "" && fraction === "") return { fault: "not-a-number" };
  const spelled =
    (sign === "-" ? "-" : "") +
    (whole.replace(/^0+(?=\d)/, "") || "0") +
    (fraction === "" ? "" : `.${fraction}`) +
    (exponent === undefined ? "" : `e${exponent}`);
  return Number.isFinite(Number(spelled)) ? { text: spelled } : { fault: "not-finite" };
}
