import assert from "node:assert/strict";
import { parseObservation } from "../../../services/deserializer/observation-text.js";
import { RecordError } from "../../../shared/errors.js";
import { OVERSIZE_POISON, POISON } from "../../support/data/poison.js";
import { PYTHON_LITERALS } from "../../support/data/poison-literals.js";

const FEATURES_MAX = 1000;
const poisons = [...POISON, ...OVERSIZE_POISON];
const parseAny = (text: string) => parseObservation(Buffer.from(text), FEATURES_MAX);

/** Of a text that has y and x. */
function parse(text: string): { i: number; y: number; x: number[] } {
  const { i, y, x } = parseAny(text);
  assert.ok(i !== undefined && y !== null && x !== undefined, text);
  return { i, y, x };
}

describe("observation text", () => {
  it("takes a list and an object for the same observation", () => {
    const expected = { i: 7, y: -1.5, x: [0.25, 3] };
    const texts = [
      "[7, -1.5, 0.25, 3]",
      "[7,-1.5,0.25,3]",
      " \t[ 7\t, -1.5 ,0.25 , 3 ] \t",
      "[7, -1.5, 0.25, 3]\n",
      "[7, -1.5, 0.25, 3]\r\n",
      "[7.0, -15e-1, 2.5E-1, 0.3e+1]",
      '{"i": 7, "y": -1.5, "x": [0.25, 3]}',
      '{"i":7,"y":-1.5,"x":[0.25,3]}\n',
      ' { "x" : [ 0.25 , 3 ] , "y" : -1.5 , "i" : 7 } ',
    ];
    for (const text of texts) assert.deepEqual(parse(text), expected, text);
  });

  it("takes a question, whose y is null or left out, and a label, whose x is left out", () => {
    const question = { i: 7, y: null, x: [0.25, 3] };
    for (const text of [
      "[7, null, 0.25, 3]",
      "[7,null,0.25,3]",
      "[ 7 ,\tnull\t, 0.25, 3]",
      '{"i": 7, "y": null, "x": [0.25, 3]}',
      '{"i": 7, "x": [0.25, 3], "y": null}',
      '{"x": [0.25, 3], "i": 7}',
    ])
      assert.deepEqual(parseAny(text), question, text);
    for (const text of ['{"i": 7, "y": -1.5}', '{"y":-1.5,"i":7}'])
      assert.deepEqual(parseAny(text), { i: 7, y: -1.5, x: undefined }, text);
  });

  it("takes null for a feature where that is asked for, and nowhere else", () => {
    const parseNulls = (text: string) =>
      parseObservation(Buffer.from(text), FEATURES_MAX, { featuresMin: 1, takesNulls: true });
    for (const text of ["[7, -1.5, null, 3]", '{"i": 7, "y": -1.5, "x": [null, 3]}']) {
      assert.deepEqual(parseNulls(text), { i: 7, y: -1.5, x: [Number.NaN, 3] }, text);
      assert.throws(() => parseAny(text), { reason: "not-a-number" }, text);
    }
    assert.deepEqual(parseNulls("[7, null, null]"), { i: 7, y: null, x: [Number.NaN] });
    for (const text of ["[null, 1, 2]", '{"i": null, "y": 1, "x": [2]}', "[7, 1, nul]", "[7, 1, NaN]"])
      assert.throws(() => parseNulls(text), { name: "RecordError" }, text);
  });

  it("takes y without features where none are asked for, and then y alone, without i", () => {
    const parseLagged = (text: string) =>
      parseObservation(Buffer.from(text), FEATURES_MAX, { featuresMin: 0, takesNulls: false });
    for (const text of ["[7, -1.5]", '{"i": 7, "y": -1.5}'])
      assert.deepEqual(parseLagged(text), { i: 7, y: -1.5, x: undefined }, text);
    for (const text of ["[7, null]", '{"i": 7, "y": null}', '{"i": 7}'])
      assert.deepEqual(parseLagged(text), { i: 7, y: null, x: undefined }, text);
    for (const text of ["-1.5", " -1.5\t\r\n", "-15e-1"])
      assert.deepEqual(parseLagged(text), { i: undefined, y: -1.5, x: undefined }, text);
    for (const text of ["1.5.2", "1,5", "-", "null", "1 2"])
      assert.throws(() => parseLagged(text), { name: "RecordError" }, text);
    for (const text of ["5.3", "null"]) assert.throws(() => parseAny(text), { reason: "not-an-observation" }, text);
    for (const text of ["[7, 1]", "[7, null]"]) assert.throws(() => parseAny(text), { reason: "arity" }, text);
  });

  // Doubles as IEEE 754 gives them, written in hexadecimal; computed by Python's float and struct.
  for (const [text, bits] of [
    ["0", "0000000000000000"],
    ["-0", "8000000000000000"],
    ["-0.0e5", "8000000000000000"],
    ["1", "3ff0000000000000"],
    ["0.1", "3fb999999999999a"],
    ["123456789012345", "42dc12218377de40"],
    ["9007199254740993", "4340000000000000"],
    ["9007199254740992.999999999999999999999999999999", "4340000000000000"],
    ["1.7976931348623157e308", "7fefffffffffffff"],
    ["2.2250738585072014e-308", "0010000000000000"],
    ["2.2250738585072011e-308", "000fffffffffffff"],
    ["5e-324", "0000000000000001"],
    ["-3e-324", "8000000000000001"],
    ["2e-324", "0000000000000000"],
    ["1e-999", "0000000000000000"],
    ["1e23", "44b52d02c7e14af6"],
    ["8.5e-17", "3c987fe49aab41e0"],
  ] as const) {
    it(`reads ${text} as the double ${bits}`, () => {
      const { y, x } = parse(`[0, ${text}, ${text}]`);
      for (const value of [y, x[0]]) {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleBE(value);
        assert.equal(bytes.toString("hex"), bits);
      }
    });
  }

  it("reads the longest exact value of a double, 1,077 characters", () => {
    // 2^-1074 = 5^1074 / 10^1074
    const text = `-0.${(5n ** 1074n).toString().padStart(1074, "0")}`;
    assert.equal(text.length, 1077);
    assert.equal(parse(`[0, 1, ${text}]`).x[0], -Number.MIN_VALUE);
  });

  it("takes whole numbers of 300 digits, which a double holds", () => {
    assert.equal(parse(`[0, 1, 1${"0".repeat(300)}]`).x[0], 1e300);
  });

  it("takes i as far as doubles count exactly, by value and with either sign", () => {
    for (const [text, i] of [
      ["9007199254740991", 9007199254740991],
      ["-9007199254740991", -9007199254740991],
      ["-3", -3],
      ["12.0", 12],
      ["1e3", 1000],
    ] as const) {
      assert.equal(parse(`[${text}, 1, 2]`).i, i);
    }
    assert.ok(Object.is(parse("[-0, 1, 2]").i, 0), "-0 counts as 0");
  });

  it("takes as many features as it is told, and a text of 1 MiB", () => {
    assert.equal(parse(`[0, 1${", 2".repeat(FEATURES_MAX)}]`).x.length, FEATURES_MAX);
    assert.equal(parse(`{"i":0,"y":1,"x":[2${",2".repeat(FEATURES_MAX - 1)}]}`).x.length, FEATURES_MAX);
    assert.equal(parseObservation(Buffer.from("[0, 1, 2]"), 1).x?.length, 1);
    assert.throws(() => parseObservation(Buffer.from("[0, 1, 2, 3]"), 1), { reason: "arity" });
    assert.deepEqual(parse(`[0, 1, 2${" ".repeat(2 ** 20 - 9)}]`).x, [2]);
  });

  it("tells where a text is refused and what kind of sign stands there, and nothing of the text", () => {
    assert.throws(() => parse("[0, 1, secret]"), {
      message: "expected a JSON number at byte 7, got a letter",
      reason: "not-a-number",
    });
  });
});

describe("poison", () => {
  it("is a list of at least 300 payloads, no two alike", () => {
    assert.ok(poisons.length >= 300);
    assert.equal(new Set(poisons.map(({ name }) => name)).size, poisons.length, "names");
    assert.equal(new Set(poisons.map(({ bytes }) => bytes?.toString("latin1"))).size, poisons.length, "payloads");
  });

  it("fits into a record of a Kafka with default limits, but for what is kept apart", () => {
    assert.ok(POISON.every(({ bytes }) => bytes === null || bytes.length <= 1_000_000));
    assert.ok(OVERSIZE_POISON.every(({ bytes }) => bytes !== null && bytes.length > 1_000_000));
  });

  for (const { name, bytes, reason } of poisons) {
    it(`is refused as ${reason}: ${name}`, () => {
      const error = refusal(bytes);
      assert.equal(error.reason, reason);
      assert.match(error.message, /^expected [ -~]+, got [ -~]+$/);
      assert.ok(error.message.length < 120, error.message);
    });
  }

  for (const { name, text } of PYTHON_LITERALS.filter(({ fate }) => fate === "accepted")) {
    it(`is not what Python writes as ${name}: ${text}`, () => {
      const [i, y, ...x]: number[] = JSON.parse(text);
      assert.deepEqual(parseObservation(Buffer.from(text), FEATURES_MAX), { i, y, x });
    });
  }

  it("leaves prototypes and globals as they were", () => {
    for (const { bytes } of poisons) refusal(bytes);
    assert.equal(Reflect.get({}, "polluted"), undefined);
    assert.equal(Reflect.get(globalThis, "polluted"), undefined);
  });
});

function refusal(bytes: Buffer | null): RecordError {
  try {
    parseObservation(bytes, FEATURES_MAX);
  } catch (error) {
    assert.ok(error instanceof RecordError, String(error));
    return error;
  }
  return assert.fail("it was taken for an observation");
}
