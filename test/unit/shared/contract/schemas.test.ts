import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeObservation,
  encodeEstimate,
  encodeObservation,
  encodePrediction,
  encodeRlsPrediction,
  encodeStandings,
} from "../../../../shared/contract/schemas.js";
import { observation } from "../../../support/data/observations.js";
import { holds } from "../../../support/property.js";

/** The text of a feature in an observation. */
function textOf(value: number): string {
  return /"x":\[(.*)\]/.exec(encodeObservation(observation({ x: [value] })).toString())?.[1] ?? "";
}

describe("questions and labels", () => {
  const head = '{"topic":"t","series":"s","i":1';
  const observations = [
    { text: `${head},"y":null,"x":[2,3]}`, of: { topic: "t", series: "s", i: 1, y: null, x: [2, 3] } },
    { text: `${head},"y":0.5}`, of: { topic: "t", series: "s", i: 1, y: 0.5 } },
  ];
  for (const { text, of } of observations) {
    it(`are ${text}, and read back`, () => {
      assert.equal(encodeObservation(of).toString(), text);
      assert.deepEqual(decodeObservation(Buffer.from(text)), of);
    });
  }

  it("are read where another writer leaves y out, or writes null for x", () => {
    assert.deepEqual(decodeObservation(Buffer.from(`${head},"x":[2,3]}`)), observations[0].of);
    assert.deepEqual(decodeObservation(Buffer.from(`${head},"y":0.5,"x":null}`)), observations[1].of);
  });

  for (const rest of [
    "",
    ',"y":null',
    ',"x":null',
    ',"y":null,"x":[]',
    ',"y":"1"',
    ',"y":1,"x":[null]',
    ',"y":1,"x":[]',
  ]) {
    it(`are not ${head}${rest}}`, () => {
      assert.throws(() => decodeObservation(Buffer.from(`${head}${rest}}`)), RangeError);
    });
  }

  it("have predictions that say what they lack, when the question was asked, and that y was corrected", () => {
    const of = { topic: "t", series: "s", model: "m", i: 1, n: 2 };
    const unscored = { ...of, y: null, yhat: 3, error: null, mse: null };
    assert.equal(
      encodeRlsPrediction({ ...unscored, nu: 1, beta: null }).toString(),
      '{"topic":"t","series":"s","model":"m","i":1,"n":2,"y":null,"yhat":3,"error":null,"mse":null,"nu":1,"beta":null}',
    );
    assert.equal(
      encodePrediction({ ...of, y: 4, yhat: 3, error: 1, mse: 1, asked: 77, corrected: true }).toString(),
      '{"topic":"t","series":"s","model":"m","i":1,"n":2,"y":4,"yhat":3,"error":1,"mse":1,"asked":77,"corrected":true}',
    );
  });
});

describe("numbers in results", () => {
  // The digits are those of Python's repr of the same doubles.
  for (const [value, text] of [
    [1, "1"],
    [-0, "-0"],
    [1.5, "1.5"],
    [5e-324, "5e-324"],
    [2 ** 53 - 1, "9007199254740991"],
    [2 ** 53, "9.007199254740992e+15"],
    [-(2 ** 53), "-9.007199254740992e+15"],
    [2 ** 64, "1.8446744073709552e+19"],
    [1.2345678901234568e20, "1.2345678901234568e+20"],
    [1e21, "1e+21"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
  ] as const) {
    it(`are ${text} for that double`, () => {
      assert.equal(textOf(value), text);
    });
  }

  it("read back as the same double, and are an integer's text only below 2^53", () => {
    const doubles = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -80, max: 80 }).map((power) => Math.sign(power) * 2 ** Math.abs(power) + 1),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(Number),
    );
    holds(
      fc.property(doubles, (value) => {
        const text = textOf(value);
        assert.ok(Object.is(JSON.parse(text), value));
        if (/^-?\d+$/.test(text)) assert.ok(Math.abs(value) < 2 ** 53, text);
      }),
      2000,
    );
  });

  it("are written alike in every result", () => {
    const large = 2 ** 60;
    const prediction = {
      topic: "t",
      series: "s",
      model: "m",
      i: 1,
      n: 2,
      y: large,
      yhat: large,
      error: large,
      mse: large,
    };
    const row = { abs: [large], absSum: [large], mu: [large], variance: [large] };
    for (const bytes of [
      encodePrediction(prediction),
      encodeRlsPrediction({ ...prediction, nu: 1, beta: [large] }),
      encodeStandings({
        topic: "t",
        series: "s",
        i: 1,
        n: 2,
        leader: "m",
        since: 1,
        models: [{ model: "m", mse: large }],
      }),
      encodeEstimate({ topic: "t", series: "s", i: 1, n: 2, max: large, mean: large, text: "", count: 1, ...row }),
    ]) {
      assert.doesNotMatch(bytes.toString(), /[:[,]\d{16}/);
    }
  });
});
