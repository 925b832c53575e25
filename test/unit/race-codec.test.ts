import assert from "node:assert/strict";
import { newRace, raceStep } from "../../services/rls-racer/race.js";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { observation } from "../support/observations.js";

describe("the bytes of a race", () => {
  it("lie as format 1 lays them, little endian", () => {
    const race = newRace([{ name: "é", nu: 0.5 }], 1);
    race.count = 3;
    race.rows[0] = 1.5;
    race.models[0].mse = 2;
    race.models[0].n = 1;
    race.models[0].errors[9] = -0;
    race.ranking = { order: ["é"], since: -7 };
    const f64 = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value);
      return bytes.toString("hex");
    };
    const zeros = (length: number) => "00".repeat(8 * length);
    const head = `01000000${f64(3)}${f64(1.5)}${zeros(19)}`;
    const model = `02c3a9${f64(0.5)}${f64(2)}${f64(1)}${zeros(9)}${f64(-0)}${zeros(2)}${f64(10)}${f64(0)}${f64(10)}`;
    assert.equal(raceCodec.encode(race).toString("hex"), `${head}0100${model}010002c3a9${f64(-7)}`);
    assert.equal(raceCodec.format, 1);
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
      inV.models[0].rls.V[5] = bad;
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
    race.models[0].rls.V.set([1, 2, 3, 4, 5, 6]);
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
            [1, 2, 3],
            [2, 4, 5],
            [3, 5, 6],
          ],
          errors: [],
        },
      ],
    });
  });
});
