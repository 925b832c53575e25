import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import {
  type ObservationRules,
  type ParsedObservation,
  parseObservation,
} from "../../services/deserializer/observation-text.js";
import { randomKey, recordText, targets } from "../../services/producer/generator.js";
import { RAW_SHAPES } from "../../shared/contract/raw-schemas.js";
import { decodeObservation, encodeObservation } from "../../shared/contract/schemas.js";
import { RecordError } from "../../shared/errors.js";
import { POISON } from "../support/data/poison.js";
import { holds } from "../support/property.js";
import { root } from "../support/structure/imports.js";

const FEATURES_MAX = 20;

/** The observation, or undefined where a RecordError refused it; any other error is thrown. */
function parse(bytes: Buffer, rules?: ObservationRules): ParsedObservation | undefined {
  try {
    return parseObservation(bytes, FEATURES_MAX, rules);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

/** What JSON.parse and the documented shape make of a text: the observation, or undefined. */
function expected(text: string): ParsedObservation | undefined {
  // JSON takes line ends between tokens; an observation is one line.
  if (/[\r\n]/.test(text.replace(/\r?\n?$/, ""))) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(value)) return shaped(value[0], value[1], value.slice(2));
  if (typeof value !== "object" || value === null) return undefined;
  // Of two members of one name JSON.parse keeps the last; so that no name comes twice is read from the text.
  const names = [...text.matchAll(/"([^"]*)"\s*:/g)].map(([, name]) => name);
  if (!["i,x,y", "i,x", "i,y"].includes(names.sort().join())) return undefined;
  const { i, y, x } = value as Record<string, unknown>;
  if (names.includes("x")) return Array.isArray(x) ? shaped(i, y ?? null, x) : undefined;
  const label = y === null ? undefined : shaped(i, y, [0]);
  return label && { ...label, x: undefined };
}

/** JSON at the edges of what is taken. */
const NEAR_OBSERVATIONS = [
  ...[
    '{"i":1,"x":[2]}',
    '{"i":1,"y":2}',
    '{"i":1,"y":null}',
    '{"i":1}',
    "[1,2]",
    "[1,null]",
    "7",
    "null",
    "1.5",
    "{}",
    "[]",
  ],
  ...["[1,2,null]", "[1,null,null,3]", "[null,1,2]", '{"i":1,"y":1,"x":[null]}', '{"i":1,"y":1,"x":[]}', "[1]", "true"],
  ...['{"i":1,"y":1,"x":null}', '{"i":null,"y":1,"x":[1]}', '"7"', '{"i":1,"y":"2","x":[1]}', '[1,2,"3"]'],
];

/** Undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function featuresOf(value: unknown): number {
  if (Array.isArray(value)) return value.length - 2;
  const x = (value as { x?: unknown } | null)?.x;
  return Array.isArray(x) ? x.length : 0;
}

function isOneLineOfMembersOnce(text: string): boolean {
  const names = [...text.matchAll(/"([^"]*)"\s*:/g)].map(([, name]) => name);
  return !/[\r\n]/.test(text.replace(/\r?\n?$/, "")) && new Set(names).size === names.length;
}

function shaped(i: unknown, y: unknown, x: readonly unknown[]): ParsedObservation | undefined {
  const numbers = x.filter((value): value is number => Number.isFinite(value));
  if (numbers.length !== x.length || x.length < 1 || x.length > FEATURES_MAX) return undefined;
  if (typeof i !== "number" || !Number.isSafeInteger(i)) return undefined;
  if (y !== null && (typeof y !== "number" || !Number.isFinite(y))) return undefined;
  return { i: i === 0 ? 0 : i, y, x: numbers };
}

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
/** Texts of JSON numbers of every form, some beyond a double. */
const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc.maxSafeInteger().map(String),
  fc
    .tuple(
      fc.constantFrom("", "-"),
      digits(1, 25),
      fc.option(digits(1, 40)),
      fc.option(fc.integer({ min: -400, max: 400 })),
    )
    .map(([sign, whole, fraction, exponent]) => {
      const integer = whole.replace(/^0+(?=.)/, "");
      return `${sign}${integer}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`;
    }),
);
const blank = fc.constantFrom("", "", "", " ", "\t", "  ");
const stepText = fc.oneof({ weight: 4, arbitrary: fc.maxSafeInteger().map(String) }, numberText);
const listText = (first: fc.Arbitrary<string>) =>
  fc
    .tuple(first, targetText, fc.array(numberText, { maxLength: 22 }), blank, blank)
    .map(
      ([head, second, numbers, before, after]) =>
        `[${before}${[head, second, ...numbers].join(`${after},${before}`)}${after}]`,
    );
const targetText = fc.oneof({ weight: 5, arbitrary: numberText }, fc.constant("null"));
const objectText = fc
  .tuple(stepText, targetText, fc.oneof(listText(numberText), fc.constant("[]")), blank)
  .chain(([i, y, x, space]) => {
    const members = [`"i"${space}:${i}`, `"y":${space}${y}${space}`, `${space}"x":${x}`];
    const permuted = fc.shuffledSubarray(members, { minLength: 2, maxLength: 3 });
    return fc
      .tuple(permuted, fc.constantFrom("", "", "", ',"i":1', ',"y":1', ',"z":1', ","))
      .map(([list, more]) => `{${list.join(",")}${more}}`);
  });
const nearlyObservation = fc
  .tuple(blank, fc.oneof(listText(stepText), objectText), blank, fc.constantFrom("", "\n", "\r\n", "\n\n"))
  .map((parts) => parts.join(""));
/** A text with a few characters replaced, taken out or put in. */
const disturbed = fc
  .tuple(
    nearlyObservation,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...'0123456789+-.eE,:[]{}"ixy \t\n_NaNxj\\')), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([text, changes]) => {
    let result = text;
    for (const [position, removed, inserted] of changes) {
      const at = position % (result.length + 1);
      result = result.slice(0, at) + inserted + result.slice(at + removed);
    }
    return result;
  });

describe("observation text, for any input", () => {
  it("takes exactly what JSON.parse and the documented shape take, with the same numbers", () => {
    let taken = 0;
    holds(
      fc.property(fc.oneof(nearlyObservation, disturbed), (text) => {
        const actual = parse(Buffer.from(text));
        if (actual !== undefined) taken += 1;
        assert.deepEqual(actual, expected(text));
      }),
      10_000,
    );
    assert.ok(taken > 1000, `only ${taken} texts were observations`);
  });

  for (const [file, { needsNoFeatures, takesNulls }] of Object.entries(RAW_SHAPES))
    it(`takes of what is JSON exactly what contract/raw/${file}.json takes, but for members that stand twice and many lines`, () => {
      const schema = JSON.parse(readFileSync(join(root, "contract", "raw", `${file}.json`), "utf8"));
      const takes = new Ajv2020({ strict: false, strictNumbers: true }).compile(schema);
      const rules = { featuresMin: needsNoFeatures ? 0 : 1, takesNulls } as const;
      let both = 0;
      let neither = 0;
      const tell = (text: string) => {
        const value = jsonOf(text);
        if (value === undefined || featuresOf(value) > FEATURES_MAX || !isOneLineOfMembersOnce(text)) return;
        const taken = parse(Buffer.from(text), rules) !== undefined;
        if (taken) both += 1;
        else neither += 1;
        assert.equal(takes(value), taken, text);
      };
      holds(fc.property(fc.oneof(nearlyObservation, disturbed), tell), 10_000);
      for (const text of NEAR_OBSERVATIONS) tell(text);
      assert.ok(both > 1000 && neither > 1000, `${both} were taken, ${neither} refused`);
    });

  it("reads every number as Number() does", () => {
    holds(
      fc.property(numberText, (text) => {
        const value = Number(text);
        const observation = parse(Buffer.from(`[0, ${text}, 1]`));
        assert.ok(Object.is(observation?.y, Number.isFinite(value) ? value : undefined), text);
      }),
      10_000,
    );
  });

  it("throws nothing but a RecordError, whatever the bytes are", () => {
    const short = POISON.flatMap(({ bytes }) =>
      bytes !== null && bytes.length < 1000 ? [bytes.toString("latin1")] : [],
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .tuple(fc.constantFrom(...short), fc.constantFrom(...short))
        .map(([a, b]) => Buffer.from(`[0, ${a}, ${b}]`, "latin1")),
      disturbed.map((text) => Buffer.from(text)),
    );
    holds(
      fc.property(bytes, (value) => {
        parse(value);
      }),
      10_000,
    );
  });

  it("gives back every observation that it wrote as JSON, and refuses none", () => {
    const observation = fc.record({
      i: fc.maxSafeInteger(),
      y: fc.double({ noNaN: true, noDefaultInfinity: true }),
      x: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: FEATURES_MAX }),
    });
    holds(
      fc.property(observation, fc.string(), ({ i, y, x }, series) => {
        assert.deepEqual(decodeObservation(encodeObservation({ topic: "t", series, i, y, x })), {
          topic: "t",
          series,
          i,
          y,
          x,
        });
        const numbers = [i, y, ...x].map((value) => (Object.is(value, -0) ? "-0" : String(value)));
        assert.deepEqual(parse(Buffer.from(`[${numbers.join(", ")}]`)), { i, y, x });
      }),
      5000,
    );
  });

  it("reads every record that the generator writes, without losing a digit", () => {
    const seeds = fc.maxSafeNat();
    holds(
      fc.property(
        seeds,
        fc.constantFrom(...targets),
        fc.maxSafeNat(),
        fc.integer({ min: 1, max: FEATURES_MAX }),
        (seed, target, i, n) => {
          const normals = new Float64Array(n + 1);
          const text = recordText(randomKey(seed, "topic", "s0"), target, i, normals);
          const observation = parse(Buffer.from(text));
          assert.equal(observation?.i, i);
          assert.deepEqual(observation?.x, [...normals.subarray(1)]);
          assert.equal(text, `[${[i, observation?.y, ...(observation?.x ?? [])].join(", ")}]`);
        },
      ),
      5000,
    );
  });
});
