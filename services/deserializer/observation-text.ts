/**
 * Reads an observation from the bytes of a raw record, strictly and in time proportional to their number. Accepted are
 *   [i, y, x1, ..., xn]                       n of 1 and more
 *   {"i": i, "y": y, "x": [x1, ..., xn]}      each member once, in any order, no other member, names without escapes
 * and, where no features of its own are asked for,
 *   [i, y]        {"i": i, "y": y}        y        the number alone, whose i its series counts
 * where y of a question is null, or left out of the object, and x may be left out of the object in the label of a question; a feature
 * that is missing may be null where that is asked for. Every number is a JSON number (RFC 8259) that a double can hold, i is a safe integer, blanks and tabs may stand between tokens, and the
 * one line may end with CR, LF or both. Numbers are rounded correctly; -0 and denormals are
 * numbers. i is judged by its value, so `5.0` is an integer. Nothing is evaluated, and no error holds a part of the payload.
 */
import { readNumber } from "./number-text.js";
import { ascii, fault, refusal, skipBlanks, type TextCursor } from "./text-cursor.js";

/** Longest text of an observation, in bytes. */
export const TEXT_BYTES_MAX = 1024 * 1024;

/** i, y and x of one observation; see {@link parseObservation}. */
export interface ParsedObservation {
  /** A safe integer; undefined where the record is y alone. */
  readonly i: number | undefined;
  /** Finite; null in a question. */
  readonly y: number | null;
  /** 1 to `featuresMax` finite numbers, or NaN for null; undefined in a label without features, which has y, and where none are asked for. */
  readonly x: number[] | undefined;
}

/** What may be read besides the usual. */
export interface ObservationRules {
  /** 1, or 0 where a record needs no features of its own. */
  readonly featuresMin: 0 | 1;
  /** Whether a feature may be null. */
  readonly takesNulls: boolean;
}

const USUAL_RULES: ObservationRules = { featuresMin: 1, takesNulls: false };

/**
 * Reads one observation; the grammar stands at the head of this file.
 * @param value       the record's value, null where it has none
 * @param featuresMax most features taken, 0 and more
 * @throws {RecordError} whose reason is an ObservationFault
 */
export function parseObservation(value: Buffer | null, featuresMax: number, rules = USUAL_RULES): ParsedObservation {
  if (value === null) throw fault("null-value", "expected an observation, got a null value");
  if (value.length > TEXT_BYTES_MAX) {
    throw fault("too-long", `expected at most ${TEXT_BYTES_MAX} bytes, got ${value.length}`);
  }
  const cursor: TextCursor = { bytes: value, text: value.toString("latin1"), at: 0 };
  skipBlanks(cursor);
  const observation = readObservation(cursor, featuresMax, rules);
  skipBlanks(cursor);
  if (value[cursor.at] === ascii.carriageReturn) cursor.at += 1;
  if (value[cursor.at] === ascii.lineFeed) cursor.at += 1;
  if (cursor.at < value.length) throw refusal(cursor, "not-an-observation", "the end of the text");
  return observation;
}

function readObservation(cursor: TextCursor, featuresMax: number, rules: ObservationRules): ParsedObservation {
  const { featuresMin, takesNulls } = rules;
  switch (cursor.bytes[cursor.at]) {
    case ascii.listStart: {
      const [i, y, ...x] = readNumbers(
        cursor,
        2 + featuresMin,
        2 + featuresMax,
        1,
        takesNulls ? Number.POSITIVE_INFINITY : 1,
      );
      return { i: requireInteger(i), y: Number.isNaN(y) ? null : y, x: x.length === 0 ? undefined : x };
    }
    case ascii.objectStart:
      return readMembers(cursor, featuresMax, rules);
    default:
      if (featuresMin === 0 && beginsNumber(cursor)) return { i: undefined, y: readNumber(cursor), x: undefined };
      if (/^[ \t\r\n]*$/.test(cursor.text)) throw fault("empty", "expected an observation, got an empty value");
      throw refusal(cursor, "not-an-observation", "[i, y, x1, ..., xn] or an object with i, y and x");
  }
}

function beginsNumber({ bytes, at }: TextCursor): boolean {
  return bytes[at] === ascii.minus || (bytes[at] >= ascii.zero && bytes[at] <= ascii.nine);
}

function readMembers(
  cursor: TextCursor,
  featuresMax: number,
  { featuresMin, takesNulls }: ObservationRules,
): ParsedObservation {
  const { bytes } = cursor;
  let i: number | undefined;
  let y: number | null | undefined;
  let x: number[] | undefined;
  do {
    cursor.at += 1;
    skipBlanks(cursor);
    const name = readName(cursor);
    if (name === "i" && i === undefined) i = requireInteger(readNumber(cursor));
    else if (name === "y" && y === undefined) y = readNull(cursor) ? null : readNumber(cursor);
    else if (name === "x" && x === undefined) x = readFeatures(cursor, featuresMax, takesNulls);
    else throw refusal(cursor, "wrong-members", "the members i, y and x once each and no other");
    skipBlanks(cursor);
  } while (bytes[cursor.at] === ascii.comma);
  if (bytes[cursor.at] !== ascii.objectEnd) throw refusal(cursor, "not-an-observation", "a comma or }");
  y ??= null;
  if (i === undefined || (featuresMin === 1 && y === null && x === undefined)) {
    throw refusal(cursor, "wrong-members", "the member i, and y or x or both");
  }
  cursor.at += 1;
  return { i, y, x };
}

/** Reads `"i"`, `"y"` or `"x"` and the colon, up to the value. Undefined for another name, which stays unread. */
function readName(cursor: TextCursor): "i" | "y" | "x" | undefined {
  const { bytes } = cursor;
  if (bytes[cursor.at] !== ascii.quote) throw refusal(cursor, "not-an-observation", "the name of a member in quotes");
  const name = cursor.text[cursor.at + 1];
  if ((name !== "i" && name !== "y" && name !== "x") || bytes[cursor.at + 2] !== ascii.quote) return undefined;
  cursor.at += 3;
  skipBlanks(cursor);
  if (bytes[cursor.at] !== ascii.colon) throw refusal(cursor, "not-an-observation", "a colon");
  cursor.at += 1;
  skipBlanks(cursor);
  return name;
}

function readFeatures(cursor: TextCursor, featuresMax: number, takesNulls: boolean): number[] {
  const first = cursor.bytes[cursor.at];
  if (first === ascii.listStart)
    return readNumbers(cursor, 1, featuresMax, 0, takesNulls ? Number.POSITIVE_INFINITY : -1);
  throw refusal(cursor, first === ascii.objectStart ? "nesting" : "not-an-observation", "a list of numbers");
}

/**
 * Reads a list of `countMin` to `countMax` numbers, from its first bracket to beyond its last.
 * @param nullsFrom the first place where null may stand, which is read as NaN
 * @param nullsTo   the last such place
 */
function readNumbers(
  cursor: TextCursor,
  countMin: number,
  countMax: number,
  nullsFrom: number,
  nullsTo: number,
): number[] {
  const { bytes } = cursor;
  const numbers: number[] = [];
  cursor.at += 1;
  skipBlanks(cursor);
  if (bytes[cursor.at] !== ascii.listEnd) {
    for (;;) {
      if (numbers.length === countMax) throw refusal(cursor, "arity", `at most ${countMax} numbers`);
      const mayBeNull = numbers.length >= nullsFrom && numbers.length <= nullsTo;
      numbers.push(mayBeNull && readNull(cursor) ? Number.NaN : readNumber(cursor));
      skipBlanks(cursor);
      if (bytes[cursor.at] !== ascii.comma) break;
      cursor.at += 1;
      skipBlanks(cursor);
    }
  }
  if (bytes[cursor.at] !== ascii.listEnd) throw refusal(cursor, "not-an-observation", "a comma or ]");
  cursor.at += 1;
  if (numbers.length < countMin) throw fault("arity", `expected ${countMin} numbers or more, got ${numbers.length}`);
  return numbers;
}

/** Reads `null` and nothing longer. @returns whether it stands there */
function readNull(cursor: TextCursor): boolean {
  const { bytes, text, at } = cursor;
  if (bytes[at] !== ascii.lowerN || !/^null(?![^ \t,\]}])/.test(text.slice(at, at + 5))) return false;
  cursor.at += 4;
  return true;
}

/** `-0` becomes 0: i is a count. */
function requireInteger(i: number): number {
  if (!Number.isSafeInteger(i)) {
    throw fault("not-an-integer", "expected i to be an integer below 2^53 in size, got another number");
  }
  return i + 0;
}
