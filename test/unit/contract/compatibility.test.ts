import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonSchema } from "../../../shared/contract/json-schema.js";
import { breaksOf, mayBreak } from "../../support/contract/compatibility.js";

const text = { type: "string" };
const number = { type: "number" };
const decision = { type: "string", enum: ["keep", "switch"] };
const BASE: JsonSchema = {
  type: "object",
  properties: {
    name: text,
    y: { anyOf: [number, { type: "null" }] },
    n: { type: "integer", minimum: 0 } as JsonSchema,
    decision,
    later: text,
    list: { type: "array", items: { type: "object", properties: { mse: number }, required: ["mse"] } },
  },
  required: ["name", "y", "n", "decision", "list"],
};
const RECORD = { name: "a", y: 1, n: 2, decision: "keep", list: [{ mse: 1 }] };

interface Change {
  readonly what: string;
  readonly members?: Readonly<Record<string, JsonSchema>>;
  readonly without?: string;
  readonly required?: readonly string[];
  readonly breaks: readonly string[];
  /** What makes of the record one that either schema takes and the other refuses. */
  readonly witness?: Readonly<Record<string, unknown>>;
}

const always = BASE.required ?? [];
const CHANGES: readonly Change[] = [
  { what: "a new member that may be left out", members: { more: number }, breaks: [] },
  { what: "other words", members: { name: { ...text, title: "Name", description: "who it is" } }, breaks: [] },
  {
    what: "a new member that is always there",
    members: { more: number },
    required: [...always, "more"],
    breaks: ["more of record is new, and records that are there lack it"],
    witness: {},
  },
  {
    what: "a member that is gone",
    without: "name",
    required: always.filter((name) => name !== "name"),
    breaks: ["name of record is gone"],
    witness: { name: undefined },
  },
  {
    what: "a member that has another name",
    without: "name",
    members: { title: text },
    required: [...always.filter((name) => name !== "name"), "title"],
    breaks: ["name of record is gone", "title of record is new, and records that are there lack it"],
    witness: {},
  },
  {
    what: "another type",
    members: { name: number },
    breaks: ["name of record was of type string and is of type number"],
    witness: {},
  },
  {
    what: "a double in place of an integer",
    members: { n: { type: "number", minimum: 0 } as JsonSchema },
    breaks: ["n of record was of type integer and is of type number"],
    witness: { n: 1.5 },
  },
  {
    what: "null where there was none",
    members: { n: { anyOf: [{ type: "integer", minimum: 0 } as JsonSchema, { type: "null" }] } },
    breaks: ["n of record may be null now"],
    witness: { n: null },
  },
  { what: "no null any more", members: { y: number }, breaks: ["y of record is never null now"], witness: { y: null } },
  {
    what: "a value more in a closed list",
    members: { decision: { ...decision, enum: ["keep", "switch", "start"] } },
    breaks: ["decision of record may be start now"],
    witness: { decision: "start" },
  },
  {
    what: "a value less in a closed list",
    members: { decision: { ...decision, enum: ["keep"] } },
    breaks: ["decision of record is never switch now"],
    witness: { decision: "switch" },
  },
  {
    what: "a closed list in place of any text",
    members: { name: { ...text, enum: ["b"] } },
    breaks: ["name of record may be b now"],
    witness: {},
  },
  {
    what: "a member that may be left out now",
    required: always.filter((name) => name !== "n"),
    breaks: ["n of record may be left out now"],
    witness: { n: undefined },
  },
  {
    what: "a member that may not be left out now",
    required: [...always, "later"],
    breaks: ["later of record may not be left out now"],
    witness: {},
  },
  {
    what: "another bound",
    members: { n: { type: "integer", minimum: 3 } as JsonSchema },
    breaks: ["minimum of n of record was 0 and is 3"],
    witness: {},
  },
  {
    what: "another type in the objects of a list",
    members: { list: { type: "array", items: { type: "object", properties: { mse: text }, required: ["mse"] } } },
    breaks: ["mse of each of list of record was of type number and is of type string"],
    witness: {},
  },
];

function changed({ members = {}, without = "", required = always }: Change): JsonSchema {
  const { [without]: _, ...rest } = BASE.properties ?? {};
  return { ...BASE, properties: { ...rest, ...members }, required };
}

describe("the rule of what a newer schema may do", () => {
  const ajv = new Ajv2020({ strict: false });
  const takes = (schema: JsonSchema, value: object) => ajv.validate(schema, value);

  for (const change of CHANGES) {
    const { what, breaks, witness } = change;
    it(`${breaks.length === 0 ? "lets pass" : "refuses"} ${what}${breaks.length === 0 ? "" : ", of which a record is the proof"}`, () => {
      const after = changed(change);
      assert.deepEqual(breaksOf(BASE, after), breaks);
      // Without members that are undefined.
      const record = JSON.parse(JSON.stringify({ ...RECORD, ...witness }));
      const [before, now] = [takes(BASE, record), takes(after, record)];
      assert.equal(before === now, breaks.length === 0, JSON.stringify(record));
      if (breaks.length === 0) assert.ok(now);
    });
  }

  it("lets a version break what others promised, and not its own", () => {
    assert.ok(mayBreak("0.1.0", "0.2.0"));
    assert.ok(mayBreak("0.9.3", "1.0.0"));
    assert.ok(mayBreak("1.4.0", "2.0.0"));
    assert.ok(!mayBreak("0.1.0", "0.1.7"));
    assert.ok(!mayBreak("1.4.0", "1.5.2"));
  });
});
