import assert from "node:assert/strict";
import { newRace } from "../../../services/ml-racer/race.js";
import { raceCodec } from "../../../services/ml-racer/race-codec.js";
import { newRing } from "../../../shared/state/row-ring.js";

describe("the bytes of an ml-racer race", () => {
  const f64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes.toString("hex");
  };
  const head = `02000000${f64(7)}32000000${f64(6)}0100`;
  const score = `03c3a962${f64(2.5)}${f64(4)}`;
  const tail = `010003c3a962${f64(-7)}`;

  it("lie as format 2 lays them, little endian", () => {
    const race = newRace([{ name: "éb", kind: "lin", parameters: {} }], 2, newRing(50));
    race.count = 7;
    race.ring.count = 6;
    Object.assign(race.models[0], { mse: 2.5, n: 4, lateInRow: 258 });
    race.ranking = { order: ["éb"], since: -7 };
    assert.equal(raceCodec.encode(race).toString("hex"), `${head}${score}0201${tail}`);
    assert.equal(raceCodec.format, 2);
  });

  it("of format 1 are read: no model was late, and are written as format 2", () => {
    const race = raceCodec.older?.[1]?.(Buffer.from(`${head}${score}${tail}`, "hex"));
    assert.ok(race !== undefined);
    assert.deepEqual(race.models, [{ name: "éb", mse: 2.5, n: 4, lateInRow: 0 }]);
    assert.deepEqual(
      [race.features, race.count, race.ring, race.ranking],
      [2, 7, { length: 50, count: 6 }, { order: ["éb"], since: -7 }],
    );
    assert.equal(raceCodec.encode(race).toString("hex"), `${head}${score}0000${tail}`);
  });

  it("of one format are refused by the other", () => {
    const bytes = Buffer.from(`${head}${score}${tail}`, "hex");
    assert.throws(() => raceCodec.decode(bytes), RangeError);
  });
});
