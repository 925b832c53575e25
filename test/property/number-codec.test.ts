import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeObservation } from "../../shared/contract/schemas.js";
import { codec } from "../../shared/numbers/codec.js";
import { layout, render, text } from "../../shared/numbers/layout.js";
import { codecBytes, numbers, regions } from "../../shared/numbers/memory.js";
import { finite } from "../../shared/numbers/number-text.js";
import { plainCodec } from "../../shared/numbers/plain-codec.js";
import { doubleKinds } from "../support/data/doubles.js";
import { holds } from "../support/property.js";
import { seededRandom } from "../support/seed.js";

const COUNT = Number(process.env.REGATTA_TEST_DOUBLES ?? 1_000_000);
const CHUNK = 20_000;
const AT = regions.results.at;
const given = { at: 0, length: 0, keyAt: 0, keyLength: 0, from: 0, listLength: 0 };
const list = layout([text("["), "list", text("]")]);

function write(values: Float64Array): string {
  assert.ok(list);
  numbers.set(values);
  const end = render(list, { ...given, listLength: values.length }, AT);
  return codecBytes.toString("latin1", AT, end);
}

/** Reads the text from `at` to `end`; what is left to the plain way is found by halving. @returns how many that were */
function check(values: Float64Array, texts: readonly string[], first: number, count: number): number {
  const bytes = Buffer.from(`[${texts.slice(first, first + count).join(",")}]`);
  codecBytes.set(bytes, AT);
  const read = codec.readNumbers(AT, AT + bytes.length, count);
  if (read === 0 && count === 1) return 1;
  if (read === 0) {
    const half = count >> 1;
    return check(values, texts, first, half) + check(values, texts, first + half, count - half);
  }
  assert.equal(read, count);
  for (let k = 0; k < count; k++)
    if (!Object.is(numbers[k], values[first + k])) assert.equal(numbers[k], values[first + k], texts[first + k]);
  return 0;
}

describe("the number codec, beside the engine's own conversions", () => {
  const { seed, random } = seededRandom();
  for (const [kind, next] of Object.entries(doubleKinds(random))) {
    it(`writes and reads ${kind} to the bit: ${COUNT}, seed ${seed}`, function () {
      this.timeout(120_000);
      let left = 0;
      for (let done = 0; done < COUNT; done += CHUNK) {
        const values = Float64Array.from({ length: CHUNK }, next);
        const texts = write(values).slice(1, -1).split(",");
        for (let k = 0; k < CHUNK; k++) if (texts[k] !== finite(values[k])) assert.equal(texts[k], finite(values[k]));
        left += check(values, texts, 0, CHUNK);
      }
      assert.ok(left <= COUNT / 1000, `${left} were left to the plain way`);
    });
  }
});

/** Texts that are records, or nearly. */
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });
const name = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 20 }),
  fc.string({ maxLength: 8 }),
  fc.constant("s1"),
);
const observations = fc
  .record({ topic: name, series: name, i: fc.maxSafeInteger(), y: anyNumber, x: fc.array(anyNumber, { minLength: 1 }) })
  .map((observation) => encodeObservation(observation).toString("latin1"));
const lists = fc
  .tuple(fc.array(fc.oneof(anyNumber, fc.integer()), { minLength: 1 }), fc.constantFrom(",", ", ", " ,"))
  .map(([values, comma]) => `[${values.map(String).join(comma)}]`);
const pieces = fc.constantFrom(...'[]{},:"\\-+.eE0159 \n\u0000é', "00", "1e", "1.5", '"x":[', "null");

/** One or a few edits: a piece put in, or some characters left out or written twice. */
const edited = (texts: fc.Arbitrary<string>) =>
  fc.tuple(texts, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.option(pieces)), { maxLength: 3 })).map(([whole, edits]) =>
    edits.reduce((now, [place, left, piece]) => {
      const at = place % (now.length + 1);
      return now.slice(0, at) + (piece ?? now.slice(at, at + 2)) + now.slice(at + left);
    }, whole),
  );

describe("the number codec, beside its plain twin", () => {
  const plain = plainCodec();
  const { at: begin, length } = regions.inputs[0];
  const end = begin + length;

  /** Lays a record at the end of its region, others around it. */
  function lay(record: string, before: string, after: string): number {
    const at = end - record.length;
    codecBytes.write(before + record, at - before.length, "latin1");
    codecBytes.write(after, end, "latin1");
    return at;
  }

  const around = fc.string({ unit: fc.constantFrom(...'[]{},:"0123456789.e- '), maxLength: 40 });

  it("reads a list as the twin does, or leaves it to the plain way", () => {
    holds(
      fc.property(edited(lists), around, around, fc.nat(12), (record, before, after, countMax) => {
        const at = lay(record, before, after);
        const count = codec.readNumbers(at, end, countMax);
        const values = numbers.slice(0, count);
        assert.equal(codecBytes.toString("latin1", end, end + after.length), after);
        if (count === 0) return;
        assert.equal(plain.readNumbers(at, end, countMax), count);
        assert.deepEqual(numbers.slice(0, count), values);
      }),
      20_000,
    );
  });

  it("reads an observation as the twin does, or leaves it to the plain way", () => {
    holds(
      fc.property(edited(observations), around, around, (record, before, after) => {
        const at = lay(record, before, after);
        const count = codec.readObservation(at, end);
        const values = numbers.slice(0, count);
        if (count === 0) return;
        assert.equal(plain.readObservation(at, end), count);
        assert.deepEqual(numbers.slice(0, count), values);
        assert.deepEqual(codec.names, plain.names);
      }),
      20_000,
    );
  });

  it("reads every list and every observation that has the usual form", () => {
    const ascii = fc.string({ unit: fc.constantFrom(..."abc 0!#[]~/"), maxLength: 30 });
    holds(
      fc.property(
        ascii.map((name) => name.replaceAll("/", "-")),
        ascii,
        fc.maxSafeInteger(),
        fc.array(anyNumber, { minLength: 2 }),
        (topic, series, i, [y, ...x]) => {
          const record = encodeObservation({ topic, series, i, y, x }).toString("latin1");
          const expected = Float64Array.of(i, y, ...x);
          assert.equal(codec.readObservation(lay(record, "", ""), end), expected.length);
          assert.deepEqual(numbers.slice(0, expected.length), expected);
          const raw = `[${[i, y, ...x].map(finite).join(", ")}]`;
          assert.equal(codec.readNumbers(lay(raw, "", ""), end, 1000), expected.length);
          assert.deepEqual(numbers.slice(0, expected.length), expected);
        },
      ),
      2000,
    );
  });
});
