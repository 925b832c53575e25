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
  const nan = f64(Number.NaN);
  const head = `02000000${f64(7)}32000000${f64(6)}0100`;
  const score = `03c3a962${f64(2.5)}${f64(4)}`;
  const tail = `010003c3a962${f64(-7)}`;
  const model = { name: "éb", mse: 2.5, n: 4, lateInRow: 0, state: new Float64Array(0) };
  /** Of one model: nothing is known but the widths 2.06 of its first interval and the mixture's. */
  const unjudged = (): number[] => {
    const judge = new Array<number>(19 + 27).fill(0);
    judge[1] = Number.NaN;
    judge[16] = 2.06;
    judge[24] = 2.06;
    return judge;
  };

  it("lie as format 4 lays them, little endian", () => {
    const race = newRace([{ name: "éb", kind: "lin", parameters: {} }], 2, newRing(50));
    race.count = 7;
    race.ring.count = 6;
    Object.assign(race.models[0], { mse: 2.5, n: 4, lateInRow: 258, state: Float64Array.of(0.75) });
    race.ranking = { order: ["éb"], since: -7 };
    race.time = -1;
    race.open = 3;
    race.judge[1] = 5;
    race.closed.limitTo(2).expire(8);
    race.closed.close({ i: 9, y: 0.5, asked: 1e12, forecasts: Float64Array.of(0.25, 1, 2, Number.NaN) });
    const given = `${f64(8)}${nan.repeat(6)}`;
    const answered = [9, 0.5, 1e12, 0.25, 1, 2, Number.NaN].map(f64).join("");
    const labels = `${f64(-1)}030000000e000000${given}${answered}`;
    const judge = unjudged().with(1, 5).map(f64).join("");
    const own = `01000000${f64(0.75)}`;
    assert.equal(raceCodec.encode(race).toString("hex"), `${head}${score}0201${own}${tail}${labels}${judge}`);
    assert.equal(raceCodec.format, 4);
    const decoded = raceCodec.decode(raceCodec.encode(race));
    assert.deepEqual(decoded.closed.entries[1], race.closed.entries[1]);
    assert.deepEqual([decoded.models, decoded.judge], [race.models, race.judge]);
  });

  it("of formats 1 and 2 are read: no i is closed, none of format 1 was late, nobody judged; they are written as format 4", () => {
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
      assert.deepEqual(Array.from(race.judge), unjudged());
      race.time = 5;
      const labels = `${f64(5)}0000000000000000`;
      const judge = unjudged().map(f64).join("");
      const written = `${head}${score}${late || "0000"}00000000${tail}${labels}${judge}`;
      assert.equal(raceCodec.encode(race).toString("hex"), written);
    }
  });

  it("of format 3 are read: scores and closed i's are there, nobody judged", () => {
    const answered = [9, 0.5, 1e12, 0.25].map(f64).join("");
    const labels = `${f64(-1)}0300000004000000${answered}`;
    const race = raceCodec.older?.[3](Buffer.from(`${head}${score}0500${tail}${labels}`, "hex")) as Race;
    assert.deepEqual(race.models, [{ ...model, lateInRow: 5 }]);
    assert.deepEqual([race.time, race.open], [-1, 3]);
    const forecasts = Float64Array.of(0.25, Number.NaN, Number.NaN, Number.NaN);
    assert.deepEqual(race.closed.entries, [{ i: 9, y: 0.5, asked: 1e12, forecasts }]);
    assert.deepEqual(Array.from(race.judge), unjudged());
  });

  it("of one format are refused by the other", () => {
    const bytes = Buffer.from(`${head}${score}0000${tail}`, "hex");
    assert.throws(() => raceCodec.decode(bytes), RangeError);
    assert.throws(() => raceCodec.older?.[1](bytes), RangeError);
  });
});
