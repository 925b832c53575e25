/** What a record has in its fields, whatever its format is. */

/** What stands in one field. `text` is as the record spells it, escapes resolved. */
export type FieldValue =
  | { readonly kind: "number" | "text" | "boolean"; readonly text: string }
  | { readonly kind: "null" | "list" | "object" };

/** The values of fields by their place in the list of fields; undefined where the record has no such field. */
export type FieldValues = readonly (FieldValue | undefined)[];
