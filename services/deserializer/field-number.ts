/** From what stands in a field to a number or a time, by the rules of the settings. */

import { RecordError } from "../../shared/errors.js";
import type { FieldValue } from "../../shared/field-value.js";
import { isMissingText } from "../../shared/missing-text.js";
import { NUMBER_TEXT_BYTES_MAX } from "../../shared/numbers/number-text.js";
import { TIME_MAX_MS } from "../../shared/record-time.js";
import { epochTimeMs, isoTimeMs } from "../../shared/time-text.js";
import type { NamedFormat } from "./format-settings.js";
import type { FieldFault } from "./parsed-record.js";

/** As CSV readers read numbers: no blanks inside, no separators of thousands. */
const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const NON_FINITE = /^[+-]?(?:inf|infinity)$/i;
const BOOLEAN_WORD = /^(?:true|false)$/i;

export type NumberRules = Pick<NamedFormat, "kind" | "numbers" | "booleans">;

/** The error of a field that cannot be taken; the message names the field and gives away nothing of its value. */
export class FieldError extends RecordError {
  /** Name of the field as the settings spell it. */
  readonly field: string;

  constructor(reason: FieldFault, field: string, expected: string, got: string) {
    super(reason, `expected ${expected} in the field ${field}, got ${got}`);
    this.field = field;
  }
}

/** Whether a field has no value: it is absent, null or an empty cell, or a text that says so where texts are read. */
export function isMissing(value: FieldValue | undefined, { kind, numbers }: NumberRules): boolean {
  if (value === undefined || value.kind === "null") return true;
  return value.kind === "text" && (kind === "csv" || numbers !== "strict") && isMissingText(value.text.trim());
}

/**
 * The number in a field that is not missing, correctly rounded.
 * @throws {FieldError}
 */
export function fieldNumber(field: string, value: FieldValue, rules: NumberRules): number {
  switch (value.kind) {
    case "number":
      return toNumber(field, value.text);
    case "boolean":
      return toBoolean(field, value.text, rules);
    case "text":
      return textNumber(field, value.text.trim(), rules);
    default:
      throw new FieldError("nesting", field, "a number", "an object, a list or null");
  }
}

function textNumber(field: string, text: string, rules: NumberRules): number {
  if (rules.kind === "csv" && BOOLEAN_WORD.test(text)) return toBoolean(field, text.toLowerCase(), rules);
  if (rules.kind !== "csv" && rules.numbers === "strict")
    throw new FieldError("number-as-text", field, "a number", "a text (INPUT_NUMBERS=text reads numbers in quotes)");
  if (rules.numbers !== "comma") return toNumber(field, text);
  if (text.includes("."))
    throw new FieldError("not-a-number", field, "a number with a decimal comma", "one with a point");
  return toNumber(field, text.replace(",", "."));
}

function toBoolean(field: string, text: string, { booleans }: NumberRules): number {
  if (booleans === "number") return text === "true" ? 1 : 0;
  throw new FieldError("boolean", field, "a number", "a boolean (INPUT_BOOLEANS=number takes 1 and 0)");
}

function toNumber(field: string, text: string): number {
  if (text.length > NUMBER_TEXT_BYTES_MAX)
    throw new FieldError("too-long", field, `a number of at most ${NUMBER_TEXT_BYTES_MAX} bytes`, `${text.length}`);
  if (NON_FINITE.test(text)) throw new FieldError("not-finite", field, "a finite number", "an infinite one");
  if (!DECIMAL.test(text)) throw new FieldError("not-a-number", field, "a number", "another text");
  const number = Number(text);
  if (!Number.isFinite(number)) throw new FieldError("not-finite", field, "a number below 1.8e308", "a larger one");
  return number;
}

/**
 * The counter in a field, judged by its value: `5.0` is 5. `-0` becomes 0.
 * @throws {FieldError}
 */
export function fieldInteger(field: string, value: FieldValue, rules: NumberRules): number {
  // A counter comes as text from systems whose numbers have 64 bits: that alone is no fault.
  const read =
    value.kind === "text"
      ? textNumber(field, value.text.trim(), { ...rules, numbers: numbersAsText(rules) })
      : fieldNumber(field, value, rules);
  if (!Number.isSafeInteger(read))
    throw new FieldError("not-an-integer", field, "an integer below 2^53 in size", "another number");
  return read + 0;
}

function numbersAsText({ numbers }: NumberRules): "text" | "comma" {
  return numbers === "comma" ? "comma" : "text";
}

/**
 * The time in a field, in whole ms since the epoch, parts of one cut off.
 * @throws {FieldError}
 */
export function fieldTime(field: string, value: FieldValue, unit: NamedFormat["timeUnit"], rules: NumberRules): number {
  const text = value.kind === "number" || value.kind === "text" ? value.text.trim() : "";
  const ms = unit === "iso" ? isoTimeMs(text) : epochTime(field, text, unit, rules);
  if (ms >= 0 && ms <= TIME_MAX_MS) return ms;
  const expected = unit === "iso" ? "a time of ISO 8601 since 1970" : `a time since 1970 in ${unit}`;
  throw new FieldError("not-a-time", field, expected, "another value");
}

function epochTime(field: string, text: string, unit: "s" | "ms" | "us", rules: NumberRules): number {
  if (!DECIMAL.test(rules.numbers === "comma" ? text.replace(",", ".") : text)) return Number.NaN;
  const number = textNumber(field, text, { ...rules, numbers: numbersAsText(rules) });
  return epochTimeMs(number, unit);
}
