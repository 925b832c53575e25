import assert from "node:assert/strict";
import { newLedger } from "../../../../../shared/race/ledger/ledger.js";
import { ledgerCodec, questionCodec } from "../../../../../shared/race/ledger/ledger-codecs.js";

describe("the bytes of a ledger", () => {
  it("hold its counts and its open questions in order of arrival", () => {
    const ledger = newLedger();
    ledger.counts.question = 7;
    ledger.counts["no-question"] = 9;
    ledger.open.set(5, 1000);
    ledger.open.set(-3, 1000.5);
    const bytes = ledgerCodec.encode(ledger);
    assert.equal(bytes.length, 8 * (9 + 4));
    assert.equal(bytes.readDoubleLE(0), 7);
    assert.deepEqual(
      [9, 10, 11, 12].map((place) => bytes.readDoubleLE(8 * place)),
      [5, 1000, -3, 1000.5],
    );
    const read = ledgerCodec.decode(bytes);
    assert.deepEqual(read, ledger);
    assert.deepEqual([...read.open.keys()], [5, -3]);
    assert.deepEqual(ledgerCodec.toJson(read), {
      open: [
        { i: 5, asked: 1000 },
        { i: -3, asked: 1000.5 },
      ],
      counts: ledger.counts,
    });
    for (const cut of [8, 1, bytes.length]) assert.throws(() => ledgerCodec.decode(bytes.subarray(cut)), RangeError);
  });

  it("of a question hold its features, its forecasts, also one that was refused, and what was judged", () => {
    const forecasts = Float64Array.of(3, Number.NaN);
    const question = { asked: 77, x: Float64Array.of(1.5, -0), forecasts, judged: Float64Array.of(0.25, Number.NaN) };
    const bytes = questionCodec.encode(question);
    assert.equal(bytes.length, 8 * 9);
    assert.deepEqual(questionCodec.decode(bytes), question);
    assert.deepEqual(questionCodec.toJson(question), { asked: 77, x: [1.5, -0], forecasts: [3, null] });
    for (const length of [0, 8, 16, 24, 55, 71])
      assert.throws(() => questionCodec.decode(bytes.subarray(0, length)), RangeError);
  });

  it("of a question of format 1 are read as of one that nobody judged", () => {
    const bytes = Buffer.from(Float64Array.of(77, 2, 1.5, -0, 3, Number.NaN).buffer);
    const read = questionCodec.older?.[1](bytes);
    const forecasts = Float64Array.of(3, Number.NaN);
    assert.deepEqual(read, { asked: 77, x: Float64Array.of(1.5, -0), forecasts, judged: new Float64Array(0) });
    for (const length of [0, 8, 24, 47]) assert.throws(() => questionCodec.older?.[1](bytes.subarray(0, length)));
  });
});
