/** The place in a text that is being read, and how a text is refused there. */
import { isUtf8 } from "node:buffer";
import { RecordError } from "../../shared/errors.js";

/** Why a record is no observation. */
export type ObservationFault =
  | "null-value"
  | "empty"
  | "too-long"
  | "not-utf8"
  | "not-an-observation"
  | "wrong-members"
  | "nesting"
  | "not-a-number"
  | "not-finite"
  | "not-an-integer"
  | "arity";

/** A text and the next byte to read. `text` has one character for each byte. */
export interface TextCursor {
  readonly bytes: Buffer;
  readonly text: string;
  at: number;
}

/** ASCII codes of the bytes that the grammar names. */
export const ascii = {
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  blank: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  point: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  upperE: 0x45,
  listStart: 0x5b,
  listEnd: 0x5d,
  lowerE: 0x65,
  lowerN: 0x6e,
  objectStart: 0x7b,
  objectEnd: 0x7d,
} as const;

export function skipBlanks(cursor: TextCursor): void {
  const { bytes } = cursor;
  let at = cursor.at;
  while (bytes[at] === ascii.blank || bytes[at] === ascii.tab) at += 1;
  cursor.at = at;
}

/** The error of a record that is refused for `reason`. */
export function fault(reason: ObservationFault, message: string): RecordError {
  return new RecordError(reason, message);
}

/** The error of a text that is refused where the cursor stands, since `expected` is not what comes there. */
export function refusal(cursor: TextCursor, reason: ObservationFault, expected: string): RecordError {
  const { bytes, at } = cursor;
  if (!isUtf8(bytes)) return fault("not-utf8", "expected UTF-8, got bytes that are none");
  return fault(reason, `expected ${expected} at byte ${at}, got ${kindOf(bytes[at])}`);
}

/** Says of what kind a byte is, without giving away which it is. */
function kindOf(byte: number | undefined): string {
  if (byte === undefined) return "the end of the text";
  const character = String.fromCharCode(byte);
  if (/[0-9]/.test(character)) return "a digit";
  if (/[A-Za-z]/.test(character)) return "a letter";
  if (byte === ascii.lineFeed || byte === ascii.carriageReturn) return "the end of a line";
  if (byte === ascii.listStart || byte === ascii.objectStart) return "an opening bracket";
  if (byte === ascii.listEnd || byte === ascii.objectEnd) return "a closing bracket";
  if (byte < ascii.blank || byte === 0x7f) return "a control character";
  return byte < 0x80 ? "a sign" : "a character outside ASCII";
}
