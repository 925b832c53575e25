import assert from "node:assert/strict";
import { encodeObservation } from "../../../../shared/contract/schemas.js";
import { codec } from "../../../../shared/numbers/codec.js";
import { layout, render, resultBytesMax, text } from "../../../../shared/numbers/layout.js";
import { codecBytes, numbers, placeOf, regions, STAGED_BYTES_MAX } from "../../../../shared/numbers/memory.js";
import type { NumberCodec } from "../../../../shared/numbers/number-codec.js";
import { plainCodec } from "../../../../shared/numbers/plain-codec.js";

const [{ at: AT, length: LENGTH }] = regions.inputs;
const OUT = regions.results.at;

/** Lays bytes at the very end of a region, with `after` behind them, and reads them there. */
function read(count: (at: number, end: number) => number, bytes: string, after: string): readonly number[] | undefined {
  const end = AT + LENGTH;
  const at = end - Buffer.byteLength(bytes);
  codecBytes.write(bytes, at);
  codecBytes.write(after, end);
  const read = count(at, end);
  assert.equal(codecBytes.toString("utf8", end, end + after.length), after);
  return read === 0 ? undefined : Array.from(numbers.subarray(0, read));
}

const list = (one: NumberCodec, bytes: string, after = "") =>
  read((at, end) => one.readNumbers(at, end, 1000), bytes, after);
const observation = (one: NumberCodec, bytes: string, after = "") =>
  read((at, end) => one.readObservation(at, end), bytes, after);

function namesOf({ names }: NumberCodec): readonly string[] {
  return [codecBytes.toString("latin1", names[0], names[1]), codecBytes.toString("latin1", names[2], names[3])];
}

for (const [title, one] of [
  ["module", codec],
  ["plain twin", plainCodec()],
] as const) {
  describe(`the number codec's ${title}`, () => {
    it("reads lists of numbers, with at most one blank after a comma", () => {
      assert.deepEqual(list(one, "[1]"), [1]);
      assert.deepEqual(list(one, "[0, -0,1.5, 2e3,1E-2,-1.25e+2]"), [0, -0, 1.5, 2000, 0.01, -125]);
      assert.deepEqual(list(one, "[9007199254740993,0.1,123456789012345678]"), [2 ** 53, 0.1, 123456789012345680]);
      assert.deepEqual(list(one, "[1.7976931348623157e308,5e-324,2.2250738585072014e-308]"), [
        Number.MAX_VALUE,
        Number.MIN_VALUE,
        2.2250738585072014e-308,
      ]);
      assert.deepEqual(list(one, `[0.${"0".repeat(300)}1]`), [1e-301]);
    });

    it("rounds to even where a number lies halfway between two doubles", () => {
      assert.deepEqual(list(one, "[9007199254740993,9007199254740995,4503599627370496.5,4503599627370497.5]"), [
        2 ** 53,
        2 ** 53 + 4,
        2 ** 52,
        2 ** 52 + 2,
      ]);
      assert.deepEqual(
        list(one, "[9007199254740993e0,90071992547409930e-1,900719925474099500e-2]"),
        [9007199254740992, 9007199254740992, 9007199254740996],
      );
    });

    for (const odd of [
      ...[
        "",
        "[",
        "[]",
        "]",
        "[1",
        "1]",
        "[1,",
        "[1,]",
        "[,1]",
        "[1,,2]",
        "[1 ,2]",
        "[1,  2]",
        "[ 1]",
        "[1 ]",
        "[1]\n",
      ],
      ...[
        "[01]",
        "[-01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[1.e1]",
        "[1e]",
        "[1e+]",
        "[--1]",
        "[-]",
        "[-,1]",
        "[1-2]",
        "[1.2.3]",
      ],
      ...[
        "[1e400]",
        "[-1e400]",
        "[1.8e308]",
        "[NaN]",
        "[Infinity]",
        "[null]",
        '["1"]',
        "[[1]]",
        "[0x1]",
        "[1_0]",
        "[1,\t2]",
      ],
      ...["[1]]", "[1] ", " [1]", "[1],[2]", "[\u0001]", "[1\u0000]", "[٣]", "[1e1e1]", "[1e1.5]", "{}"],
    ]) {
      it(`takes ${JSON.stringify(odd)} for no list`, () => {
        assert.equal(list(one, odd), undefined);
      });
    }

    it("does not take what follows in memory for a part of the record", () => {
      assert.equal(list(one, "[1,2", "3]"), undefined);
      assert.equal(list(one, "[1,2", "]"), undefined);
      assert.equal(list(one, "[1,", "2]"), undefined);
      assert.equal(list(one, "[1.", "5]"), undefined);
      assert.equal(list(one, "[1e", "5]"), undefined);
      assert.equal(list(one, "", "[1]"), undefined);
      assert.deepEqual(list(one, "[1,2]", "]3,4]"), [1, 2]);
      assert.deepEqual(list(one, "[1,0.12345678]", "9".repeat(60)), [1, 0.12345678]);
      const whole = `{"topic":"t","series":"s","i":1,"y":2,"x":[3,4]}`;
      for (let cut = 0; cut < whole.length; cut++)
        assert.equal(observation(one, whole.slice(0, cut), whole.slice(cut)), undefined);
      assert.deepEqual(observation(one, whole, "}"), [1, 2, 3, 4]);
    });

    it("reads no more numbers than it is asked for", () => {
      codecBytes.write("[1,2,3]", AT);
      assert.equal(one.readNumbers(AT, AT + 7, 3), 3);
      assert.equal(one.readNumbers(AT, AT + 7, 2), 0);
    });

    it("leaves numbers of more than 1,100 bytes to the plain way, which refuses them", () => {
      const zeros = (count: number) => `0.${"0".repeat(count)}`;
      assert.deepEqual(list(one, `[1, ${zeros(1098)}]`), [1, 0]);
      assert.equal(list(one, `[1, ${zeros(1099)}]`), undefined);
      assert.equal(list(one, `[1,-${zeros(1098)}]`), undefined);
    });

    it("leaves records of millions of numbers to the plain way", () => {
      const numbers = "1,".repeat(LENGTH / 2 - 50);
      assert.equal(list(one, `[${numbers}1]`), undefined);
      assert.equal(observation(one, `{"topic":"t","series":"s","i":1,"y":2,"x":[${numbers}1]}`), undefined);
    });

    it("reads observations as the deserializer writes them, and where their names lie", () => {
      const given = { topic: "raw.a_b-1", series: "s 1/~#", i: -5, y: -0, x: [1.5, 2e-300, 3e22] };
      assert.deepEqual(observation(one, encodeObservation(given).toString()), [-5, -0, 1.5, 2e-300, 3e22]);
      assert.deepEqual(namesOf(one), ["raw.a_b-1", "s 1/~#"]);
      assert.deepEqual(observation(one, '{"topic":"","series":"","i":1,"y":2,"x":[3]}'), [1, 2, 3]);
      assert.deepEqual(namesOf(one), ["", ""]);
    });

    for (const odd of [
      '{"topic":"t","series":"s","i":1,"y":2,"x":[]}',
      '{"topic":"t","series":"s","i":1,"y":2,"x":3}',
      '{"topic":"t","series":"s","i":1,"y":2,"x":[3]}}',
      '{"topic":"t","series":"s","i":1,"y":2,"x":[3]} ',
      '{"topic":"t","series":"s","i":1,"y":2,"x":[3],"z":1}',
      '{"topic":"t","series":"s","i":1,"y":2,"x":[3, 4]}',
      '{"topic":"t","series":"s","y":2,"i":1,"x":[3]}',
      '{"topic": "t","series":"s","i":1,"y":2,"x":[3]}',
      '{"topic":"t","series":"s\\n","i":1,"y":2,"x":[3]}',
      '{"topic":"t","series":"é","i":1,"y":2,"x":[3]}',
      '{"topic":"t/u","series":"s","i":1,"y":2,"x":[3]}',
      '{"topic":"t","series":"a\tb","i":1,"y":2,"x":[3]}',
      '{"topic":"t","series":"\u007f","i":1,"y":2,"x":[3]}',
      '{"topic":"t","series":"s","i":1,"y":null,"x":[3]}',
      '{"topic":"t","series":"s","i":1,"y":2,"x":[1e999]}',
    ]) {
      it(`takes ${JSON.stringify(odd)} for no observation of ours`, () => {
        assert.equal(observation(one, odd), undefined);
      });
    }

    it("knows plain text", () => {
      const isPlain = (bytes: string, after = "") => read((at, end) => Number(one.isPlain(at, end)), bytes, after);
      for (const plain of ["", "a", " !#~[]", "0123456789".repeat(9)]) assert.ok(isPlain(plain, "\n") || plain === "");
      for (const odd of ['"', "\\", "a\nb", "\u007f", "é", "a\u0000"]) assert.equal(isPlain(odd, "a"), undefined);
    });

    it("numbers keys in the order in which they came, and forgets them all at once", () => {
      const number = (topic: string, series: string) => {
        codecBytes.write(topic + series, AT);
        return one.keyNumber(AT, topic.length, AT + topic.length, series.length);
      };
      const text = () => codecBytes.toString("latin1", one.key[0], one.key[0] + one.key[1]);
      one.forgetKeys();
      const names = ["", "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijklmnopq", "0/1"];
      const keys = names.flatMap((topic) => names.map((series) => [topic, series] as const));
      for (const [k, [topic, series]] of keys.filter(([topic]) => !topic.includes("/")).entries()) {
        assert.equal(number(topic, series), k);
        assert.equal(text(), `${topic}/${series}`);
      }
      assert.equal(number("ab", "abcdefgh"), 2 * names.length + 4);
      assert.equal(text(), "ab/abcdefgh");
      one.forgetKeys();
      assert.equal(number("ab", "abcdefgh"), 0);
    });

    it("has room for a bounded number of keys", () => {
      one.forgetKeys();
      let last = 0;
      let count = 0;
      for (; last !== -1; count++) {
        codecBytes.writeUInt32LE(count, AT);
        last = one.keyNumber(AT, 0, AT, 4);
        assert.ok(last === count || last === -1);
      }
      assert.ok(count > 1000);
      codecBytes.writeUInt32LE(7, AT);
      assert.equal(one.keyNumber(AT, 0, AT, 4), 7);
      one.forgetKeys();
    });

    it("lays out a key, texts, given bytes, numbers, lists and choices", () => {
      const parts = layout([
        text('{"é":'),
        "given",
        text(","),
        "number",
        text(","),
        "list",
        { choices: ["a", "", "ccc"] },
        "list",
      ]);
      assert.ok(parts);
      codecBytes.write("the key and what is given", AT);
      numbers.set([9, 2 ** 53, 1, -0, 2, 3, 1e-7]);
      const end = one.render(parts.steps, 1, 2, AT + 8, 17, AT, 7, OUT);
      assert.equal(
        codecBytes.toString("utf8", OUT, end),
        'the key{"é":and what is given,9.007199254740992e+15,1,-0ccc3,1e-7',
      );
    });

    it("lays out no number that is not finite", () => {
      const parts = layout([text("["), "list", text("]")]);
      assert.ok(parts);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        numbers.set([1, bad, 2]);
        assert.equal(one.render(parts.steps, 0, 3, 0, 0, 0, 0, OUT), 0);
      }
    });
  });
}

describe("the number codec", () => {
  it("stages records that lie elsewhere, two at a time, and finds those that lie in its memory", () => {
    const [first, second] = [Buffer.from("[1,2]"), Buffer.from("[3]")];
    const places = [placeOf(first), placeOf(second)];
    assert.deepEqual(
      places.map((at, k) => codecBytes.toString("latin1", at, at + [5, 3][k])),
      ["[1,2]", "[3]"],
    );
    assert.equal(placeOf(codecBytes.subarray(AT + 5, AT + 9)), AT + 5);
    assert.equal(placeOf(Buffer.alloc(STAGED_BYTES_MAX + 1)), 0);
    assert.notEqual(placeOf(Buffer.alloc(STAGED_BYTES_MAX)), 0);
  });

  it("gives the same layout for the same parts, and none where its memory has no more room", () => {
    assert.equal(layout([text("a"), "number"]), layout([text("a"), "number"]));
    const large = text("x".repeat(regions.layouts.length));
    assert.equal(layout([large]), undefined);
    const small = layout([text("after")]);
    assert.ok(small);
    assert.equal(
      resultBytesMax(small, { at: 0, length: 3, keyAt: 0, keyLength: 2, from: 0, listLength: 9 }),
      5 + 3 + 2 + 64,
    );
    const given = { at: 0, length: 0, keyAt: 0, keyLength: 0, from: 0, listLength: 0 };
    assert.equal(codecBytes.toString("latin1", OUT, render(small, given, OUT)), "after");
  });

  it("says which number is not finite", () => {
    const one = layout(["number"]);
    assert.ok(one);
    numbers.set([1, Number.NaN]);
    const given = { at: 0, length: 0, keyAt: 0, keyLength: 0, from: 1, listLength: 0 };
    assert.throws(() => render(one, given, OUT), new RangeError("expected a finite number, got NaN"));
  });
});
