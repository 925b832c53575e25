/** The members of a line of JSON as the file spells them: no number goes through a double. */
import { RecordError } from "../../../shared/errors.js";
import type { FieldValue } from "../../../shared/field-value.js";
import { type JsonMember, jsonMembers } from "../../../shared/json-fields.js";

export type JsonLine =
  | { readonly kind: "list"; readonly text: string }
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, JsonMember> }
  | { readonly kind: "fault"; readonly reason: "not-json" | "repeated-member" | "nesting" };

const REASONS: Readonly<Record<string, "repeated-member" | "nesting">> = {
  "wrong-members": "repeated-member",
  nesting: "nesting",
};

/** Reads a list, or an object no part of which has a member twice. */
export function jsonLine(line: string): JsonLine {
  const text = line.trim();
  try {
    if (!text.startsWith("[")) return { kind: "object", members: jsonMembers(text) };
    JSON.parse(text);
    return { kind: "list", text };
  } catch (error) {
    // The caller refuses the line with its number.
    const reason = error instanceof RecordError ? REASONS[error.reason] : undefined;
    return { kind: "fault", reason: reason ?? "not-json" };
  }
}

/** What stands in a flat list; undefined where the member is none. */
export function listItems(member: JsonMember | undefined): JsonMember["items"] | undefined {
  return member?.value?.kind === "list" ? member.items : undefined;
}

/** The text of a string or a number as a cell; undefined for other values. */
export function scalarText(value: FieldValue | undefined): string | undefined {
  return value?.kind === "text" || value?.kind === "number" ? value.text : undefined;
}

/** A value as a cell for numbers; undefined where there is no such member. */
export function jsonCell(value: FieldValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  return "text" in value ? value.text : value.kind;
}
