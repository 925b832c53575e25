/** Records as lines of text: for a screen, where they may be cut, and for a file, where nothing may be lost. */
import { isUtf8 } from "node:buffer";
import { frameOf } from "../../shared/wire-format.js";
import { printable } from "../printable.js";
import { cutToWidth } from "../text-width.js";

/** Key and value as they were consumed. */
export interface KeyedValue {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | null;
}

const BRACE = 0x7b;
/** The ends of strings, what is escaped in them, and blanks; only for text that is JSON. */
const JSON_MARKS = /"|\\.|\s+/gs;

/**
 * One line for a screen: `key: value`, or the value alone where there is no key. Text is shown as it is, a JSON object
 * without blanks and without the id of its schema, bytes that are no text as `0x` and hexadecimal digits, no value as `(no value)`. Characters that could
 * command a terminal are escaped.
 * @param columns longest line, undefined for lines of any length
 */
export function screenLine({ key, value }: KeyedValue, columns: number | undefined): string {
  // Each character takes a column at least, and has two code units at most: what comes after these is never shown.
  const units = columns === undefined ? Number.POSITIVE_INFINITY : 2 * (columns + 1);
  const shown = value === null ? "(no value)" : shapeOfValue(value, units);
  const line = key === undefined || key === null ? shown : `${shape(Buffer.from(key), units)}: ${shown}`;
  return columns === undefined ? line : cutToWidth(line, columns);
}

/**
 * One line for a file, without its end, in UTF-8. One record is always one line:
 * - a value is written as it is, unless one of the following holds
 * - no value: an empty line
 * - line ends inside a JSON value become blanks, which leaves its meaning
 * - line ends inside other text become `\n` and `\r`
 * - bytes that are not UTF-8 become `0x` and hexadecimal digits
 */
export function fileLine(value: Buffer | null): string {
  if (value === null) return "";
  if (!isUtf8(value)) return hex(value);
  const text = value.toString("utf8");
  if (!/[\r\n]/.test(text)) return text;
  return isJson(text)
    ? text.replaceAll(/[\r\n]/g, " ")
    : text.replaceAll(/[\r\n]/g, (end) => (end === "\n" ? "\\n" : "\\r"));
}

/** Behind the id of a schema there may be JSON all the same. */
function shapeOfValue(value: Buffer, units: number): string {
  const payload = frameOf(value)?.payload;
  return shape(payload?.[0] === BRACE && isText(payload) ? payload : value, units);
}

const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

function shape(bytes: Buffer, units: number): string {
  if (!isText(bytes)) return hex(bytes.subarray(0, units));
  const text = bytes.toString("utf8");
  const compact = /^\s*\{/.test(text) && isJson(text) ? withoutBlanks(text) : text;
  return printable(compact.slice(0, units));
}

/** A JSON text without the blanks between its parts. Mark by mark: one expression for whole strings fails at very long ones. */
function withoutBlanks(json: string): string {
  let isInString = false;
  return json.replaceAll(JSON_MARKS, (mark) => {
    if (mark === '"') isInString = !isInString;
    return isInString || mark === '"' ? mark : "";
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function hex(bytes: Buffer): string {
  return `0x${bytes.toString("hex")}`;
}
