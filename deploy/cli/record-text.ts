/** Records as lines of text: for a screen, where they may be cut, and for a file, where nothing may be lost. */
import { isUtf8 } from "node:buffer";
import { cutToWidth } from "../text-width.js";

/** Key and value as they were consumed. */
export interface KeyedValue {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | null;
}

/** Characters that move the cursor, or colour, hide or reverse text: controls, format characters, line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** Matches strings, which are kept, and blanks between them, which are removed; only for text that is JSON. */
const JSON_STRING_OR_BLANKS = /("(?:[^"\\]|\\.)*")|\s+/g;

/**
 * One line for a screen: `key: value`, or the value alone where there is no key. Text is shown as it is, a JSON object
 * without blanks, bytes that are no text as `0x` and hexadecimal digits, no value as `(no value)`. Characters that could
 * command a terminal are escaped.
 * @param columns longest line, undefined for lines of any length
 */
export function screenLine({ key, value }: KeyedValue, columns: number | undefined): string {
  const shown = value === null ? "(no value)" : shape(value);
  const line = key === undefined || key === null ? shown : `${shape(Buffer.from(key))}: ${shown}`;
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
    : text.replaceAll(/[\r\n]/g, (end) => SHORT_ESCAPES[end] ?? end);
}

/** Text for a screen: characters that could command a terminal are escaped. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, escapeOf);
}

function shape(bytes: Buffer): string {
  if (!isUtf8(bytes) || bytes.includes(0)) return hex(bytes);
  const text = bytes.toString("utf8");
  const compact = /^\s*\{/.test(text) && isJson(text) ? text.replaceAll(JSON_STRING_OR_BLANKS, "$1") : text;
  return printable(compact);
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT_ESCAPES[character] ?? (code < 0x100 ? `\\x${hexDigits(code, 2)}` : `\\u${hexDigits(code, 4)}`);
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

function hexDigits(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
