/** Names of fields as settings spell them. */
import { splitPlain, unescaped } from "../../shared/topic-setting.js";

/** A field of a record. */
export interface FieldName {
  /** The whole name: a column of CSV, and what messages and metrics call it. */
  readonly name: string;
  /** Its names from the outermost object to the value; a list counts from 0. */
  readonly path: readonly string[];
}

/** Longest list of fields. */
const FIELDS_MAX = 100_000;

/** One field; undefined where the text has none. */
export function fieldName(text: string): FieldName | undefined {
  const path = splitPlain(text, ".").map(unescaped);
  return path.includes("") ? undefined : { name: unescaped(text), path };
}

/** One field, or the empty text for none. */
export function optionalField(text: string): FieldName | "" | undefined {
  return text === "" ? "" : fieldName(text);
}

/** Different fields separated by commas; the empty text has none. */
export function fieldList(text: string): readonly FieldName[] | undefined {
  if (text === "") return [];
  const fields: FieldName[] = [];
  for (const part of splitPlain(text, ",")) {
    const field = fieldName(part.trim());
    if (field === undefined || fields.length === FIELDS_MAX) return undefined;
    fields.push(field);
  }
  return new Set(fields.map(({ name }) => name)).size === fields.length ? fields : undefined;
}
