import assert from "node:assert/strict";
import { philox4x32, standardNormals } from "../../../services/producer/philox.js";

describe("philox", () => {
  // The three lines "philox4x32 10" of tests/kat_vectors in Random123: counter, key, result.
  const knownAnswers = [
    "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
  ];
  for (const line of knownAnswers) {
    it(`gives the published answer for counter and key ${line.slice(0, 53)}`, () => {
      const [c0, c1, c2, c3, word0, word1, ...answer] = line.split(" ").map((word) => Number.parseInt(word, 16));
      const counter = Uint32Array.of(c0, c1, c2, c3);
      philox4x32(counter, { word0, word1 });
      assert.deepEqual([...counter], answer);
    });
  }
});

describe("standard normal numbers", () => {
  // Expected values: Philox4x32-10 and Box-Muller written in Python from the paper, checked with the vectors above.
  it("are those of an independent implementation, at step 0 and beyond 2^32 steps", () => {
    const first = new Float64Array(4);
    standardNormals({ word0: 0, word1: 0 }, 0, first);
    assertClose(first, [-0.09047304870320473, -1.0051318183691345, 1.124003475491597, 0.4367669618606514]);
    const late = new Float64Array(3);
    standardNormals({ word0: 0xdeadbeef, word1: 1 }, 2 ** 40 + 123456789, late);
    assertClose(late, [-0.7796004697671028, -1.3721025114690062, 0.3629144189127424]);
  });

  it("do not change when more of them are asked for", () => {
    const key = { word0: 1, word1: 2 };
    const few = new Float64Array(3);
    const many = new Float64Array(8);
    standardNormals(key, 5, few);
    standardNormals(key, 5, many);
    assert.deepEqual(few, many.subarray(0, 3));
  });
});

/** Logarithm, cosine and sine of two languages may differ in the last digit. */
function assertClose(actual: Float64Array, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [j, value] of expected.entries())
    assert.ok(Math.abs(actual[j] - value) < 1e-14, `number ${j}: ${actual[j]}`);
}
