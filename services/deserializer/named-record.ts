/** From a raw record whose fields have names to a parsed one. */
import { isUtf8 } from "node:buffer";
import { SERIES_BYTES_MAX } from "../../shared/contract/observation-record.js";
import type { FieldValue, FieldValues } from "../../shared/field-value.js";
import { jsonFields } from "../../shared/json-fields.js";
import { csvFields, isHeader } from "./csv-fields.js";
import type { FieldName } from "./field-name.js";
import { FieldError, fieldInteger, fieldNumber, fieldTime, isMissing } from "./field-number.js";
import type { NamedFormat } from "./format-settings.js";
import { TEXT_BYTES_MAX } from "./observation-text.js";
import type { ParsedRecord } from "./parsed-record.js";
import { fault } from "./text-cursor.js";

/**
 * A reader of the records of one format.
 * @returns from a record's value to what it says, undefined for a line of CSV that says the names of its columns and cannot be read as an
 *   observation; it throws RecordError with an ObservationFault, and FieldError with a FieldFault
 */
export function namedReader(format: NamedFormat): (value: Buffer | null) => ParsedRecord | undefined {
  const { kind, columns, separator, target, features, series, counter, time } = format;
  const fields = [target, ...features, ...series, ...(counter ? [counter] : []), ...(time ? [time] : [])];
  const read = kind === "csv" ? csvFields(fields, columns, separator) : jsonFields(fields);
  return (value) => {
    const text = textOf(value);
    try {
      return parsed(format, read(text));
    } catch (error) {
      if (error instanceof FieldError && kind === "csv" && isHeader(text, columns, separator)) return undefined;
      throw error;
    }
  };
}

function textOf(value: Buffer | null): string {
  if (value === null) throw fault("null-value", "expected a record with fields, got a null value");
  if (value.length > TEXT_BYTES_MAX)
    throw fault("too-long", `expected at most ${TEXT_BYTES_MAX} bytes, got ${value.length}`);
  if (!isUtf8(value)) throw fault("not-utf8", "expected UTF-8, got bytes that are none");
  const text = value.toString("utf8");
  if (text.trim() === "") throw fault("empty", "expected a record with fields, got an empty value");
  return text;
}

/** @param values of target, features, series, counter and time, in this order */
function parsed(format: NamedFormat, values: FieldValues): ParsedRecord {
  const { target, features, series, counter, time } = format;
  const [targetValue, ...rest] = values;
  const featureValues = rest.splice(0, features.length);
  const seriesValues = rest.splice(0, series.length);
  const counterValue = counter === undefined ? undefined : rest.shift();
  const y = numberOf(target, targetValue, format);
  return {
    series: series.length === 0 ? undefined : seriesName(series, seriesValues),
    i: counter === undefined ? undefined : fieldInteger(counter.name, present(counter, counterValue, format), format),
    y: Number.isNaN(y) ? null : y,
    x:
      features.length === 0 || isLabel(y, featureValues, format)
        ? undefined
        : features.map((field, place) => numberOf(field, featureValues[place], format)),
    timestamp:
      time === undefined ? undefined : fieldTime(time.name, present(time, rest[0], format), format.timeUnit, format),
  };
}

/**
 * Whether a record with y is a label without features: a JSON object has none of their fields. A line of CSV cannot leave fields
 * out, so there all of their cells are empty, unless the rule for missing values fills such a record or passes over it. Where records
 * are counted, no label finds its question, and that rule fills JSON too.
 */
function isLabel(y: number, values: FieldValues, { kind, missing, counter }: NamedFormat): boolean {
  if (Number.isNaN(y)) return false;
  if (missing === "last" && counter === undefined) return false;
  if (kind === "fields") return values.every((value) => value === undefined);
  return missing === "reject" && values.every((value) => value?.kind === "null");
}

/** The number of a field, NaN where it is missing. */
function numberOf({ name }: FieldName, value: FieldValue | undefined, format: NamedFormat): number {
  if (value === undefined || isMissing(value, format)) return Number.NaN;
  return fieldNumber(name, value, format);
}

function present(field: FieldName, value: FieldValue | undefined, format: NamedFormat): FieldValue {
  if (value !== undefined && !isMissing(value, format)) return value;
  throw new FieldError("missing-value", field.name, "a value", "none");
}

/** One field's text as the record spells it, or several joined by `/`; those have `%2F` for `/` and `%25` for `%`, so no two names meet. */
function seriesName(fields: readonly FieldName[], values: FieldValues): string {
  const parts = fields.map((field, place) => seriesPart(field, values[place]));
  const name = parts.length === 1 ? parts[0] : parts.map((part) => part.replace(/[%/]/g, encodeURIComponent)).join("/");
  const names = fields.map((field) => field.name).join(", ");
  const bytes = Buffer.byteLength(name);
  if (bytes > SERIES_BYTES_MAX)
    throw new FieldError("key-too-long", names, `a series of at most ${SERIES_BYTES_MAX} bytes`, `${bytes}`);
  if (!name.isWellFormed()) throw new FieldError("key-not-utf8", names, "whole characters", "half of one");
  return name;
}

function seriesPart(field: FieldName, value: FieldValue | undefined): string {
  // A series may be called NA or -: only what is not there is missing.
  if (value === undefined || value.kind === "null" || (value.kind === "text" && value.text === ""))
    throw new FieldError("missing-value", field.name, "the name of a series", "none");
  if ("text" in value) return value.text;
  throw new FieldError("nesting", field.name, "the name of a series", "an object or a list");
}
