import assert from "node:assert/strict";
import { newRace, raceStep } from "../../../services/rls-racer/race.js";
import { raceCodec } from "../../../services/rls-racer/race-codec.js";
import { observation } from "../../support/data/observations.js";

describe("the bytes of a race", () => {
  const f64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes.toString("hex");
  };
  const zeros = (length: number) => "00".repeat(8 * length);

  it("lie as format 2 lays them, little endian", () => {
    const race = newRace([{ name: "é", nu: 0.5 }], 1);
    race.count = 3;
    race.rows[0] = 1.5;
    const [model] = race.models;
    model.mse = 2;
    model.n = 1;
    model.errors[9] = -0;
    model.refusals = 258;
    race.ranking = { order: ["é"], since: -7 };
    const head = `01000000${f64(3)}${f64(1.5)}${zeros(19)}`;
    const score = `02c3a9${f64(0.5)}${f64(2)}${f64(1)}${zeros(9)}${f64(-0)}`;
    const bytes = `${head}0100${score}0201${zeros(2)}${f64(10)}${f64(0)}${f64(10)}010002c3a9${f64(-7)}`;
    assert.equal(raceCodec.encode(race).toString("hex"), bytes);
    assert.equal(raceCodec.format, 2);
  });

  /** A race of format 1 with one model, β = (1, 2), of one feature; V is packed by rows. */
  const format1 = (V: readonly number[]) => {
    const score = `0161${f64(0.5)}${f64(2)}${f64(1)}${zeros(10)}`;
    const hex = `01000000${f64(3)}${zeros(20)}0100${score}${f64(1)}${f64(2)}${V.map(f64).join("")}0000`;
    return Buffer.from(hex, "hex");
  };

  it("of format 1 are read: V becomes its factors", () => {
    // By hand: (4 2; 2 3) = U diag(8/3, 3) Uᵀ with U = (1 2/3; 0 1).
    const race = raceCodec.older?.[1]?.(format1([4, 2, 3]));
    assert.ok(race !== undefined);
    const [{ rls, mse, n, refusals }] = race.models;
    assert.deepEqual([...rls], [0.5, 1, 2, 4 - (2 / 3) * 2, 2 / 3, 3]);
    assert.deepEqual([race.features, race.count, mse, n, refusals], [1, 3, 2, 1, 0]);
    assert.deepEqual(raceCodec.decode(raceCodec.encode(race)), race, "and written as format 2");
  });

  it("of format 1 whose V is not positive definite are a model that begins anew at the next observation", () => {
    for (const V of [
      [1, 2, 1],
      [1, 0, 0],
      [-1, 0, 1],
      [0, 0, 1],
    ]) {
      const race = raceCodec.older?.[1]?.(format1(V));
      assert.ok(race !== undefined);
      const { predictions, resets } = raceStep(race, observation({ i: 4, y: 3, x: [2] }));
      assert.deepEqual(resets, [{ model: "a", reason: "covariance-not-positive" }]);
      assert.deepEqual([predictions[0].yhat, predictions[0].error, predictions[0].n], [0, 3, 2]);
      assert.deepEqual(raceStep(race, observation({ i: 5, y: 3, x: [2] })).resets, [], "once");
    }
  });

  it("read back from the middle of a larger buffer are the same race", () => {
    const race = newRace([{ name: "rls1", nu: 1 }], 2);
    raceStep(race, observation({ i: 3, y: 1.25, x: [0.5, -3] }));
    const bytes = raceCodec.encode(race);
    const larger = Buffer.concat([Buffer.from([1, 2, 3]), bytes, Buffer.from([4])]);
    const decoded = raceCodec.decode(larger.subarray(3, 3 + bytes.length));
    assert.deepEqual(decoded, race);
    bytes.fill(0);
    larger.fill(0);
    assert.deepEqual(decoded, race, "the decoded race does not live in the bytes it came from");
  });

  it("are refused when they ask for more numbers than there are bytes, without allocating them", () => {
    const bytes = raceCodec.encode(newRace([{ name: "rls1", nu: 1 }], 2));
    bytes.writeUInt32LE(0xffffffff, 0);
    assert.throws(() => raceCodec.decode(bytes), RangeError);
  });

  it("are not written while a number is not finite, or an array does not fit the race", () => {
    const make = () => newRace([{ name: "rls1", nu: 1 }], 2);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const inV = make();
      inV.models[0].rls[9] = bad;
      assert.throws(() => raceCodec.encode(inV), RangeError);
      const inMse = make();
      inMse.models[0].mse = bad;
      assert.throws(() => raceCodec.encode(inMse), RangeError);
    }
    const race = make();
    assert.throws(() => raceCodec.encode({ ...race, rows: race.rows.subarray(1) }), RangeError);
  });

  it("show as JSON under the notebook's names, V as the full matrix, null where there is nothing yet", () => {
    const race = newRace([{ name: "rls2", nu: 0.99 }], 2);
    // U = (1 2 4; 0 1 5; 0 0 1), D = diag(1, 3, 6): U D Uᵀ by hand.
    race.models[0].rls.set([1, 2, 3, 4, 5, 6], 4);
    assert.deepEqual(raceCodec.toJson(race), {
      features: 2,
      N: 0,
      leader: null,
      since: null,
      order: [],
      rows: [],
      models: [
        {
          name: "rls2",
          nu: 0.99,
          N: 0,
          mse: null,
          beta: [0, 0, 0],
          V: [
            [109, 126, 24],
            [126, 153, 30],
            [24, 30, 6],
          ],
          errors: [],
        },
      ],
    });
  });
});
