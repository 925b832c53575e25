/** Reads JSON numbers. */
import type { RecordError } from "../../shared/errors.js";
import { NUMBER_TEXT_BYTES_MAX } from "../../shared/numbers/number-text.js";
import { ascii, refusal, type TextCursor } from "./text-cursor.js";

/** A whole number of so many digits is exact in a double, and so is 10 to that power. */
const EXACT_DIGITS_MAX = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, exponent) => Number(`1e${exponent}`));

/** What JavaScript and Python write for a number that is not finite. */
const NON_FINITE_WORD = /^-?(NaN|nan|Infinity|inf)$/;
const NON_FINITE_WORD_LENGTH_MAX = 9;

/**
 * Reads one JSON number (RFC 8259, section 6), correctly rounded. The cursor stands before it, and after the call beyond it.
 *
 * At most 15 digits without exponent are the quotient of an exact whole number and an exact power of ten, which IEEE 754
 * rounds correctly (W. D. Clinger, "How to read floating point numbers accurately", 1990). Records of such numbers are read
 * in two thirds of the time that Number() takes, which converts all others.
 * @throws {RecordError} `not-a-number`, `not-finite`, `nesting`, `too-long`, or `not-an-observation` where nothing comes
 */
export function readNumber(cursor: TextCursor): number {
  const { bytes } = cursor;
  const start = cursor.at;
  const integerStart = bytes[start] === ascii.minus ? start + 1 : start;
  let at = skipDigits(bytes, integerStart);
  const integerDigits = at - integerStart;
  let wellFormed = integerDigits === 1 || (integerDigits > 1 && bytes[integerStart] !== ascii.zero);
  let fractionDigits = 0;
  if (bytes[at] === ascii.point) {
    const fractionStart = at + 1;
    at = skipDigits(bytes, fractionStart);
    fractionDigits = at - fractionStart;
    wellFormed = wellFormed && fractionDigits > 0;
  }
  const plainEnd = at;
  if (bytes[at] === ascii.lowerE || bytes[at] === ascii.upperE) {
    at += 1;
    if (bytes[at] === ascii.plus || bytes[at] === ascii.minus) at += 1;
    const exponentStart = at;
    at = skipDigits(bytes, exponentStart);
    wellFormed = wellFormed && at > exponentStart;
  }
  if (!wellFormed || !endsNumber(bytes[at])) throw notANumber(cursor);
  if (at - start > NUMBER_TEXT_BYTES_MAX)
    throw refusal(cursor, "too-long", `a number of at most ${NUMBER_TEXT_BYTES_MAX} bytes`);
  let value: number;
  if (at === plainEnd && integerDigits + fractionDigits <= EXACT_DIGITS_MAX) {
    const size = digitsOf(bytes, integerStart, at) / POWERS_OF_TEN[fractionDigits];
    value = integerStart > start ? -size : size;
  } else {
    value = Number(cursor.text.slice(start, at));
    if (!Number.isFinite(value)) throw refusal(cursor, "not-finite", "a number below 1.8e308");
  }
  cursor.at = at;
  return value;
}

/** The position of the first byte from `at` on that is no digit. */
function skipDigits(bytes: Buffer, at: number): number {
  let end = at;
  while (bytes[end] >= ascii.zero && bytes[end] <= ascii.nine) end += 1;
  return end;
}

/** The whole number that the digits from `start` to before `end` make, the decimal point left out. */
function digitsOf(bytes: Buffer, start: number, end: number): number {
  let whole = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== ascii.point) whole = whole * 10 + bytes[at] - ascii.zero;
  }
  return whole;
}

function endsNumber(byte: number | undefined): boolean {
  switch (byte) {
    case ascii.comma:
    case ascii.listEnd:
    case ascii.objectEnd:
    case ascii.blank:
    case ascii.tab:
    case ascii.carriageReturn:
    case ascii.lineFeed:
    case undefined:
      return true;
    default:
      return false;
  }
}

/** The error for what stands at the cursor instead of a number. */
function notANumber(cursor: TextCursor): RecordError {
  const { bytes, text, at } = cursor;
  const first = bytes[at];
  if (first === ascii.listStart || first === ascii.objectStart) return refusal(cursor, "nesting", "a number");
  if (endsNumber(first)) return refusal(cursor, "not-an-observation", "a number");
  const word = /^[^\s,\]}]*/.exec(text.slice(at, at + NON_FINITE_WORD_LENGTH_MAX + 1))?.[0] ?? "";
  if (NON_FINITE_WORD.test(word)) return refusal(cursor, "not-finite", "a finite number");
  return refusal(cursor, "not-a-number", "a JSON number");
}
