import assert from "node:assert/strict";
import fc from "fast-check";
import { csvFields } from "../../services/deserializer/csv-fields.js";
import type { FieldName } from "../../services/deserializer/field-name.js";
import type { FieldValue } from "../../shared/field-value.js";
import { jsonFields } from "../../shared/json-fields.js";
import { holds } from "../support/property.js";

/** Every path of a JSON value to what stands there. */
function* pathsOf(value: unknown, path: readonly string[] = []): Generator<[readonly string[], unknown]> {
  if (path.length > 0) yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) yield* pathsOf(member, [...path, name]);
}

/** What JSON.parse gives at a place, as fields are told. */
function expectedValue(value: unknown): FieldValue {
  if (value === null) return { kind: "null" };
  if (typeof value === "object") return { kind: Array.isArray(value) ? "list" : "object" };
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value === "boolean") return { kind: "boolean", text: String(value) };
  return { kind: "number", text: JSON.stringify(value) };
}

const nameOf = (path: readonly string[]): FieldName => ({ name: path.join("."), path });

describe("fields of JSON objects", () => {
  it("are what JSON.parse gives at their paths, numbers as they are spelled, whatever blanks there are", () => {
    const record = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { noNullPrototype: true });
    holds(
      fc.property(record, fc.constantFrom("", " ", "\t", "\r\n"), (object, blank) => {
        const text = JSON.stringify(object, null, blank);
        const paths = [...pathsOf(JSON.parse(text))];
        const absent = nameOf(["no such member", "0"]);
        const values = jsonFields([...paths.map(([path]) => nameOf(path)), absent])(text);
        assert.deepEqual(values, [...paths.map(([, value]) => expectedValue(value)), undefined]);
      }),
      200,
    );
  });

  it("are refused where a member comes twice in any object", () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true });
    holds(
      fc.property(record, fc.nat(), fc.nat(5), (object, chosen, depth) => {
        const names = Object.keys(object);
        const twice = JSON.stringify(names[chosen % names.length]);
        let text = `${JSON.stringify(object).slice(0, -1)},${twice}:0}`;
        for (let level = 0; level < depth; level++) text = `{"a":[1,${text}]}`;
        assert.throws(() => jsonFields([])(text), { reason: "wrong-members" });
      }),
    );
  });
});

describe("fields of CSV", () => {
  it("are the cells that were written, quoted or not", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("", '"', ",", ";", "\r\n", '""', " a ", "1,5"),
    );
    const separator = fc.constantFrom(",", ";", "\t", "|");
    holds(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), separator, fc.boolean(), (cells, between, quoted) => {
        const spell = (text: string) =>
          quoted || text === "" || /["\r\n]/.test(text) || text.includes(between)
            ? `"${text.replaceAll('"', '""')}"`
            : text;
        const columns = cells.map((_, place) => nameOf([`c${place}`]));
        const values = csvFields(columns.toReversed(), columns, between)(`${cells.map(spell).join(between)}\n`);
        const texts = values.map((value) => (value?.kind === "text" ? value.text : ""));
        assert.deepEqual(
          texts.toReversed(),
          cells.map((text) => text.trim()),
        );
      }),
      500,
    );
  });
});
