import assert from "node:assert/strict";
import { newRace, type Race } from "../../../services/ml-racer/race.js";
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
  const model = { name: "éb", mse: 2.5, n: 4, lateInRow: 0 };

  it("lie as format 3 lays them, little endian", () => {
    const race = newRace([{ name: "éb", kind: "lin", parameters: {} }], 2, newRing(50));
    race.count = 7;
    race.ring.count = 6;
    Object.assign(race.models[0], { mse: 2.5, n: 4, lateInRow: 258 });
    race.ranking = { order: ["éb"], since: -7 };
    race.time = -1;
    race.open = 3;
    race.closed.limitTo(2).expire(8);
    race.closed.close({ i: 9, y: 0.5, asked: 1e12, forecasts: Float64Array.of(0.25) });
    const given = [8, Number.NaN, Number.NaN, Number.NaN].map(f64).join("");
    const labels = `${f64(-1)}0300000008000000${given}${[9, 0.5, 1e12, 0.25].map(f64).join("")}`;
    assert.equal(raceCodec.encode(race).toString("hex"), `${head}${score}0201${tail}${labels}`);
    assert.equal(raceCodec.format, 3);
    assert.deepEqual(
      race.closed.entries,
      raceCodec.decode(raceCodec.encode(race)).closed.entries.with(0, race.closed.entries[0]),
    );
  });

  it("of formats 1 and 2 are read: no i is closed, and none of format 1 was late; they are written as format 3", () => {
    for (const [format, late] of [
      [1, ""],
      [2, "0500"],
    ] as const) {
      const race = raceCodec.older?.[format](Buffer.from(`${head}${score}${late}${tail}`, "hex")) as Race;
      assert.deepEqual(race.models, [{ ...model, lateInRow: late === "" ? 0 : 5 }]);
      assert.deepEqual(
        [race.features, race.count, race.ring, race.ranking],
        [2, 7, { length: 50, count: 6 }, { order: ["éb"], since: -7 }],
      );
      assert.deepEqual([race.time, race.open, race.closed.entries], [Number.NEGATIVE_INFINITY, 0, []]);
      race.time = 5;
      const labels = `${f64(5)}0000000000000000`;
      assert.equal(raceCodec.encode(race).toString("hex"), `${head}${score}${late || "0000"}${tail}${labels}`);
    }
  });

  it("of one format are refused by the other", () => {
    const bytes = Buffer.from(`${head}${score}0000${tail}`, "hex");
    assert.throws(() => raceCodec.decode(bytes), RangeError);
    assert.throws(() => raceCodec.older?.[1](bytes), RangeError);
  });
});
