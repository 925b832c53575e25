import assert from "node:assert/strict";
import type { ZodType } from "zod";
import { decimalNumber, optional, topicList, wholeNumber } from "../../../shared/setting-kinds.js";

/** The value of `text`, or the message of its fault. */
function read<T>(schema: ZodType<T, string>, text: string): T | string {
  const result = schema.safeParse(text);
  return result.success ? result.data : result.error.issues.map((issue) => issue.message).join("; ");
}

describe("setting texts", () => {
  it("read whole numbers within their bounds", () => {
    const schema = wholeNumber(0, 20);
    assert.equal(read(schema, "0"), 0);
    assert.equal(read(schema, "007"), 7);
    assert.equal(read(schema, "20"), 20);
    for (const text of ["-1", "21", "1.0", "1e1", "0x10", " 1", "", "NaN", "1_0"]) {
      assert.equal(read(schema, text), "expected a whole number from 0 to 20", text);
    }
  });

  it("read an empty text as nothing where that is allowed, and refuse the rest with the same words", () => {
    const schema = optional(wholeNumber(1, 20));
    assert.equal(read(schema, ""), undefined);
    assert.equal(read(schema, "7"), 7);
    assert.equal(read(schema, "0"), "expected a whole number from 1 to 20");
  });

  it("refuse a whole number that a double cannot hold", () => {
    const schema = wholeNumber(0, Number.MAX_SAFE_INTEGER);
    assert.equal(read(schema, "9007199254740991"), 9007199254740991);
    assert.equal(read(schema, "9007199254740993"), "expected a whole number from 0 to 9007199254740991");
  });

  it("read decimal numbers within their bounds", () => {
    const schema = decimalNumber(0.001, 100);
    assert.equal(read(schema, "0.001"), 0.001);
    assert.equal(read(schema, ".5"), 0.5);
    assert.equal(read(schema, "2."), 2);
    for (const text of ["0", "100.01", "-1", "1e1", ".", "", "Infinity", "ten"]) {
      assert.equal(read(schema, text), "expected a number from 0.001 to 100", text);
    }
  });

  it("read lists of topic names", () => {
    const schema = topicList(10);
    assert.deepEqual(read(schema, "a"), ["a"]);
    assert.deepEqual(read(schema, "a, B.c ,d_e-9"), ["a", "B.c", "d_e-9"]);
    for (const text of ["", "a,", "a,a", "a b", "a/b", ".", "..", "abcdefghijk", "é"]) {
      assert.match(String(read(schema, text)), /^expected different topic names .* 1 to 10 /, text);
    }
  });
});
