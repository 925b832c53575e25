import assert from "node:assert/strict";
import fc from "fast-check";
import { bodyOfShort, shortForm } from "../../shared/kernel/store/short-value.js";
import { holds } from "../support/property.js";

const HEAD_BYTES = 8;

/** Words that doubles would confuse: zeros of both signs, NaNs of several bits, halves that are equal. */
const words = fc.oneof(
  fc.constantFrom(
    "0000000000000000",
    "0000000000000080",
    "000000000000f87f",
    "010000000000f87f",
    "000000000000f8ff",
    "0100000000000000",
    "0000000001000000",
    "ffffffffffffffff",
  ),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("hex")),
);
const runs = fc.array(fc.tuple(words, fc.integer({ min: 1, max: 70 })), { maxLength: 12 });
const rests = fc.uint8Array({ maxLength: 7 });
const bodies = fc
  .tuple(runs, rests)
  .map(([runs, rest]) => Buffer.concat([Buffer.from(runs.map(([word, n]) => word.repeat(n)).join(""), "hex"), rest]));
/** Bodies that are certainly short. */
const longRuns = fc
  .tuple(words, fc.integer({ min: 4, max: 200 }), rests)
  .map(([word, n, rest]) => Buffer.concat([Buffer.from(word.repeat(n), "hex"), rest]));

/** What stands behind the head of a short value: written as the format says it, a word at a time. */
function plainForm(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  const count = Math.floor(body.length / 8);
  const bits = Buffer.alloc(4 * Math.ceil(count / 32));
  const parts: Buffer[] = [length, bits];
  for (let word = 0; word < count; word++) {
    const before = word === 0 ? Buffer.alloc(8) : body.subarray(8 * word - 8, 8 * word);
    const own = body.subarray(8 * word, 8 * word + 8);
    if (own.equals(before)) continue;
    bits[word >> 3] |= 1 << (word & 7);
    parts.push(own);
  }
  return Buffer.concat([...parts, body.subarray(8 * count)]);
}

/** The form of a body that lies anywhere. */
function formOf(body: Buffer, at = 0): Buffer | undefined {
  const memory = Buffer.alloc(at + body.length + 3, 0xaa);
  body.copy(memory, at);
  return shortForm(memory, at, body.length);
}

/** As {@link formOf}, of a body that is certainly short. */
function madeOf(body: Buffer): Buffer {
  const form = formOf(body);
  assert.ok(form !== undefined);
  return form;
}

describe("the short form of a value", () => {
  it("is what the format says, where that saves a quarter of the bytes; none else", () => {
    holds(
      fc.property(bodies, fc.nat(9), (body, at) => {
        const plain = plainForm(body);
        const form = formOf(body, at);
        if (HEAD_BYTES + plain.length > 0.75 * (HEAD_BYTES + body.length)) assert.equal(form, undefined);
        else assert.deepEqual(form?.subarray(HEAD_BYTES), plain);
      }),
      500,
    );
  });

  it("gives the body back, bit for bit, wherever it lies, and whatever was read or written before", () => {
    holds(
      fc.property(bodies, bodies, fc.nat(9), (body, other, at) => {
        formOf(other);
        const stored = Buffer.concat([Buffer.alloc(at + HEAD_BYTES), plainForm(body)]).subarray(at);
        assert.deepEqual(bodyOfShort(stored), body);
      }),
      500,
    );
  });

  it("has memory of its own: another one that is made or read changes nothing", () => {
    holds(
      fc.property(longRuns, longRuns, (body, other) => {
        const form = madeOf(body);
        const before = Buffer.from(form.subarray(HEAD_BYTES));
        bodyOfShort(madeOf(other));
        assert.deepEqual(form.subarray(HEAD_BYTES), before);
      }),
    );
  });

  it("is refused when some of it is missing or too much, and when its bits are of other words", () => {
    holds(
      fc.property(longRuns, fc.uint8Array({ minLength: 1, maxLength: 17 }), fc.nat(), (body, more, at) => {
        const form = madeOf(body);
        assert.throws(() => bodyOfShort(Buffer.concat([form, more])), RangeError);
        assert.throws(() => bodyOfShort(form.subarray(0, at % form.length)), RangeError);
        const flipped = Buffer.from(form);
        const bit = at % (32 * Math.ceil(Math.floor(body.length / 8) / 32));
        flipped[HEAD_BYTES + 4 + (bit >> 3)] ^= 1 << (bit & 7);
        assert.throws(() => bodyOfShort(flipped), RangeError, `bit ${bit}`);
      }),
    );
  });

  it("is refused when its body would be longer than its bits can say, and no memory is taken for it", () => {
    const form = madeOf(Buffer.alloc(4096));
    const before = process.memoryUsage().arrayBuffers;
    for (const length of [2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1, 2 ** 24]) {
      form.writeUInt32LE(length, HEAD_BYTES);
      assert.throws(() => bodyOfShort(form), RangeError, `${length}`);
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
  });

  it("may take 64 times the memory of what is stored", () => {
    const body = Buffer.alloc(2 ** 20);
    const form = madeOf(body);
    assert.equal(form.length, HEAD_BYTES + 4 + 2 ** 20 / 64);
    assert.deepEqual(bodyOfShort(form), body);
  });
});
