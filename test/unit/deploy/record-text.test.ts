import assert from "node:assert/strict";
import fc from "fast-check";
import { fileLine, screenLine } from "../../../deploy/cli/record-text.js";
import { jsonOf } from "../../../deploy/local/json-value.js";
import { holds } from "../../support/property.js";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  fc.string({ unit: "binary", maxLength: 60 }).map((text) => Buffer.from(text)),
);
const screen = (value: string | Buffer | null, columns?: number) =>
  screenLine({ value: typeof value === "string" ? Buffer.from(value) : value }, columns);
const file = (value: string | Buffer) => fileLine(Buffer.from(value));

describe("a record on the screen", () => {
  it("shows text as it is, the notebook's too", () => {
    assert.equal(screen("[3, 0.5, 1.0, -2e-3]"), "[3, 0.5, 1.0, -2e-3]");
    assert.equal(screen("Stream counter : 3"), "Stream counter : 3");
    assert.equal(screen(""), "");
  });

  it("shows a JSON object without blanks, its strings and digits untouched", () => {
    assert.equal(
      screen('{ "a" : 1.0,\n  "b c": "d  \\" e", "big": 12345678901234567890 }'),
      '{"a":1.0,"b c":"d  \\" e","big":12345678901234567890}',
    );
  });

  it("leaves text alone that only looks like JSON", () => {
    assert.equal(screen("{ not json }"), "{ not json }");
  });

  it("puts the key before the value", () => {
    assert.equal(screenLine({ key: Buffer.from("s 1"), value: Buffer.from("v") }, undefined), "s 1: v");
    assert.equal(screenLine({ key: "s", value: null }, undefined), "s: (no value)");
    assert.equal(screenLine({ key: Buffer.alloc(0), value: Buffer.from("v") }, undefined), ": v");
    assert.equal(screenLine({ key: null, value: Buffer.from("v") }, undefined), "v");
  });

  it("shows bytes that are no text in hexadecimal", () => {
    assert.equal(screen(Buffer.from([0xff, 0x00, 0x1b])), "0xff001b");
    assert.equal(screen(Buffer.from([0x41, 0x00])), "0x4100");
    assert.equal(screenLine({ key: Buffer.from([0x80]), value: Buffer.from("v") }, undefined), "0x80: v");
  });

  it("shows JSON behind the id of its schema, and a key that only looks like that as it is", () => {
    const framed = Buffer.from("\0\0\0\0\u0007{}");
    assert.equal(screenLine({ key: framed, value: framed }, undefined), "0x00000000077b7d: {}");
    assert.equal(screen(Buffer.from("\0\0\0\0\u0007{\0")), "0x00000000077b00");
    assert.equal(screen(Buffer.from("\0\0\0\0{}")), "0x000000007b7d");
    assert.deepEqual(jsonOf(Buffer.from('\0\0\0\0\u0007{"a":1}')), { a: 1 });
    assert.equal(jsonOf(Buffer.from([0, 0, 0, 0, 7, 1])), undefined);
  });

  it("escapes what would colour, clear, move or turn round the terminal's text", () => {
    assert.equal(screen("a\u001b[2Jb\nc\td\re"), "a\\x1b[2Jb\\nc\\td\\re");
    assert.equal(screen("\u009b31m \u202eabc \u2028 \u007f"), "\\x9b31m \\u202eabc \\u2028 \\x7f");
    assert.equal(screen('{"a": "\u001b]0;x\u0007"}'), '{"a": "\\x1b]0;x\\x07"}');
  });

  it("is shown however long the strings in it are", () => {
    const long = "\u0007".repeat(3 * 2 ** 20);
    const text = JSON.stringify({ a: long, b: " \\" });
    assert.equal(screen(text.replace("{", "{ "), 12), '{"a":"\\u000…');
    assert.equal(screen(`{"a": "${"x".repeat(17 * 2 ** 20)}"}`).length, 17 * 2 ** 20 + 8);
    assert.equal(screen(long, 12), "\\x07\\x07\\x0…");
  });

  it("is cut to the width, the cut shown, a wide character taken for two columns", () => {
    assert.equal(screen("abcdef", 6), "abcdef");
    assert.equal(screen("abcdefg", 6), "abcde…");
    assert.equal(screen("数数数", 6), "数数数");
    assert.equal(screen("数数数数", 6), "数数…");
    assert.equal(screen("😀😀😀", 5), "😀😀…");
  });

  it("is one line without controls within the width, whatever its bytes are", () => {
    holds(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 40 }), (key, value, columns) => {
        const line = screenLine({ key, value }, columns);
        assert.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
        assert.ok([...line].length <= columns);
      }),
      500,
    );
  });
});

describe("a record in a file", () => {
  it("is its value, byte for byte", () => {
    for (const text of ["[1, 0.5]", "", " \t a\\nb ", '{"a": "\\n"}', "\ufeffβ 数"]) assert.equal(file(text), text);
  });

  it("is an empty line where there is no value", () => {
    assert.equal(fileLine(null), "");
  });

  it("keeps the meaning of JSON that has several lines", () => {
    const line = file('{\r\n  "a": "x\\ny",\n  "b": [1,\n2]\n}');
    assert.ok(!/[\r\n]/.test(line));
    assert.deepEqual(JSON.parse(line), { a: "x\ny", b: [1, 2] });
  });

  it("tells the line ends of other text by escapes", () => {
    assert.equal(file("a\nb\r\nc\n"), "a\\nb\\r\\nc\\n");
  });

  it("is hexadecimal where the value is no text", () => {
    assert.equal(file(Buffer.from([0xff, 0x0a])), "0xff0a");
  });

  it("is one line of text, whatever its bytes are", () => {
    holds(
      fc.property(bytes, (value) => {
        assert.doesNotMatch(fileLine(value), /[\r\n]/);
      }),
      500,
    );
  });
});
