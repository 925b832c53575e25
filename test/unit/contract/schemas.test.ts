import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { TOPICS } from "../../../deploy/generate/contract-topics.js";
import { type JsonSchema, withoutNull } from "../../../shared/contract/json-schema.js";
import { RECORDS } from "../../../shared/contract/records.js";
import { CONTRACT_VERSION } from "../../../shared/contract-version.js";
import { breaksOf, mayBreak } from "../../support/contract/compatibility.js";
import { exampleRecords, releasedSchemas, todaysSchemas } from "../../support/contract/schema-files.js";
import { root } from "../../support/structure/imports.js";

/** Every schema in a schema, itself included, with the name of its member. */
function partsOf(schema: JsonSchema, name = ""): { readonly name: string; readonly part: JsonSchema }[] {
  const { properties = {}, items, anyOf = [] } = schema;
  return [
    { name, part: schema },
    ...Object.entries(properties).flatMap(([member, of]) => partsOf(of, `${name}.${member}`)),
    ...(items === undefined ? [] : partsOf(items, `${name}[]`)),
    ...anyOf.flatMap((of) => partsOf(of, name)),
  ];
}

type Members = NonNullable<JsonSchema["properties"]>;

/** Every schema that differs from this one by a change of one member, at any depth, which breaks a reader. */
function brokenSchemas(schema: JsonSchema): JsonSchema[] {
  const { properties = {}, items, anyOf = [] } = schema;
  const own = Object.entries(properties).flatMap(([name, member]) => {
    const { [name]: _, ...others } = properties;
    const put = (of: JsonSchema): Members => ({ ...properties, [name]: of });
    return [
      others,
      { ...others, renamed: member },
      put({ type: "boolean" }),
      put({ ...member, minimum: 17 } as JsonSchema),
      put(nullSwitched(member)),
      ...brokenSchemas(member).map(put),
    ];
  });
  return [
    ...own.map((members) => ({ ...schema, properties: members })),
    ...(items === undefined ? [] : brokenSchemas(items).map((of) => ({ ...schema, items: of }))),
    ...anyOf.flatMap((shape, k) => brokenSchemas(shape).map((of) => ({ ...schema, anyOf: anyOf.with(k, of) }))),
  ];
}

/** Null where there was none, and none where it was. */
function nullSwitched(member: JsonSchema): JsonSchema {
  const {
    isNullable,
    shapes: [shape],
  } = withoutNull(member);
  return isNullable ? shape : { anyOf: [shape, { type: "null" }] };
}

describe("the JSON Schemas of the records", () => {
  const today = todaysSchemas();
  const ajv = new Ajv2020({ allErrors: true });

  it("are valid schemas of their draft, one for each shape, with names that lead to one another's folder", () => {
    assert.deepEqual([...today.keys()].sort(), RECORDS.map(({ file }) => `${file}.json`).sort());
    for (const [name, schema] of today) {
      assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
      assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
      assert.equal(schema.$id, name);
    }
  });

  it("have a title, and words for each member", () => {
    for (const [file, schema] of today) {
      assert.ok(schema.title !== undefined && schema.description !== undefined, file);
      for (const { name, part } of partsOf(schema)) {
        const lacking = Object.entries(part.properties ?? {}).filter(([, { description = "" }]) => description === "");
        assert.deepEqual(
          lacking.map(([member]) => `${file}: ${name}.${member}`),
          [],
        );
      }
    }
  });

  it("take the records of a run that stand beside them, which are of topics that have this shape", () => {
    const examples = exampleRecords();
    assert.deepEqual([...examples.keys()].sort(), [...today.keys()].sort());
    for (const [name, text] of examples) {
      assert.ok(ajv.validate(today.get(name) ?? false, JSON.parse(text)), `${name}: ${ajv.errorsText()}`);
      // The page shows them in lines, made of the parsed record: no number's spelling may get lost on the way.
      assert.equal(JSON.stringify(JSON.parse(text)), text, name);
    }
    for (const { file } of RECORDS)
      assert.ok(
        TOPICS.some(({ record }) => record.file === file),
        file,
      );
  });

  it("break nothing that the last released ones promised, unless the version says so", () => {
    const { version, schemas } = releasedSchemas();
    const own: string = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
    if (mayBreak(version, own)) return;
    const breaks = [...schemas].flatMap(([name, before]) => {
      const after = today.get(name);
      return after === undefined ? [`${name} is gone`] : breaksOf(before, after, name);
    });
    assert.deepEqual(breaks, [], `against ${version}: see Versions in docs/topics.md`);
  });

  it("are of the version that each record says", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.ok(!mayBreak(`${CONTRACT_VERSION}.0`, version), `${CONTRACT_VERSION} in a record of ${version}`);
    assert.ok(mayBreak("0.2.0", "0.1.0") && mayBreak("1.0.0", "0.1.0"));
  });

  it("would not pass that rule with any member removed, renamed, bounded, of another type or null where it is not", () => {
    for (const [file, schema] of today) {
      const broken = brokenSchemas(schema);
      assert.ok(broken.length >= 25, file);
      for (const after of broken) assert.notDeepEqual(breaksOf(schema, after), [], `${file}: ${JSON.stringify(after)}`);
    }
  });
});
