import assert from "node:assert/strict";
import { newRace } from "../../../services/rls-racer/configured-race.js";
import { close, forecastsAt } from "../../../services/rls-racer/packed-closed.js";
import {
  CLOSED_MAX,
  COUNT,
  ERRORS,
  MSE,
  modelAt,
  N,
  RANKED,
  REFUSALS,
  RLS,
  ROWS,
  raceBytes,
  SINCE,
  STEPS,
} from "../../../services/rls-racer/packed-race.js";
import { raceCodec } from "../../../services/rls-racer/race-codec.js";
import { factorsAt } from "../../../shared/models/rls.js";
import { newPackedValue, packedValueOf } from "../../../shared/packed-value.js";
import { observation } from "../../support/data/observations.js";
import { raceConfiguration } from "../../support/data/race-configuration.js";
import { TestRace } from "../../support/data/test-race.js";
import { encodeRace } from "../../support/plain/race-codec.js";

describe("the bytes of a race", () => {
  const f64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes.toString("hex");
  };
  const zeros = (length: number) => "00".repeat(8 * length);

  /** A judge of one model who has seen nothing, by shared/race/judge/places.ts. */
  const newJudge = [
    0,
    Number.NaN,
    ...new Array<number>(14).fill(0),
    2.06,
    0,
    0,
    ...new Array<number>(5).fill(0),
    2.06,
    ...new Array<number>(21).fill(0),
  ];

  it("lie as format 6 lays them, little endian, doubles first", () => {
    const models = [{ name: "é", nu: 0.5 }];
    const race = newRace(newPackedValue(raceBytes(models, 1, 2)), raceConfiguration(models, 2), 1);
    const { doubles } = race;
    doubles[COUNT] = 3;
    doubles[STEPS] = 33;
    doubles[RANKED] = 1;
    doubles[SINCE] = -7;
    doubles[ROWS] = 1.5;
    const model = modelAt(race, 0);
    doubles[model + MSE] = 2;
    doubles[model + N] = 1;
    doubles[model + REFUSALS] = 8;
    doubles[model + ERRORS + 9] = -0;
    close(race, 6, 0.5, 1000);
    close(race, 7, Number.NaN, Number.NaN);
    close(race, 8, 0.25, Number.NaN);
    doubles[forecastsAt(race, 0)] = 0.75;
    const judge = 15 + 20 + 2 + 13 + 6;
    const first = [1, 1, 3, 33, 1, -7, -Infinity, 0, 2, 3, 0.05, 0.9, 0.99, 0.999, judge].map(f64).join("");
    const head = `${first}${f64(1.5)}${zeros(19)}${f64(0)}${f64(15 + 20 + 2)}`;
    const score = `${[2, 1, 8].map(f64).join("")}${zeros(9)}${f64(-0)}`;
    const rls = `${f64(0.5)}${zeros(2)}${f64(10)}${f64(0)}${f64(10)}`;
    const nan = f64(Number.NaN);
    const forecasts = `${f64(0.75)}${nan.repeat(3)}${nan.repeat(4)}`;
    const closed = `${f64(8)}${f64(7)}${f64(0.25)}${nan}${nan}${nan}${forecasts}`;
    const bytes = `${head}${score}${rls}${newJudge.map(f64).join("")}${closed}02c3a9`;
    const body = race.bytes.subarray(0, race.length);
    assert.equal(body.toString("hex"), bytes);
    raceCodec.check(body);
    assert.equal(raceCodec.format, 6);
  });

  it("of format 5 are read as they are: only stored values were always whole", () => {
    const models = [{ name: "a", nu: 0.5 }];
    const race = newRace(newPackedValue(raceBytes(models, 1, 2)), raceConfiguration(models, 2), 1);
    const body = race.bytes.subarray(0, race.length);
    const read = (...kind: readonly number[]) => raceCodec.older?.[5]?.(Buffer.concat([Buffer.from(kind), body]));
    assert.deepEqual(read(0, 0, 0), body);
    for (const kind of [1, 2]) assert.throws(() => read(kind, 0, 0), RangeError);
    assert.throws(() => read(0, 0), RangeError);
  });

  it("of format 2 are read", () => {
    const rls = { nu: 0.5, beta: Float64Array.of(1, 2), UD: Float64Array.of(4, 5, 6) };
    const errors = Float64Array.from({ length: 10 }, (_, k) => k + 0.5);
    const plain = {
      features: 1,
      count: 13,
      rows: Float64Array.from({ length: 20 }, (_, k) => -k),
      models: ["a", "é"].map((name) => ({ name, rls, mse: 2, n: 12, errors, refusals: 258 })),
      ranking: { order: ["é", "a"], since: 5 },
    };
    const body = raceCodec.older?.[2]?.(encodeRace(plain));
    assert.ok(body !== undefined);
    raceCodec.check(body);
    const judge = 15 + 20 + 4 + 2 * 19;
    const front = [1, 2, 13, 0, 2, 5, -Infinity, 0, 0, 0, 0, 0, 0, 0, judge, ...plain.rows, 1, 0, 39, 39 + 19];
    const head = front.map(f64).join("");
    const model = [2, 12, 258, ...errors, 0.5, 1, 2, 4, 5, 6].map(f64).join("");
    const judged = [...newJudge, ...newJudge.slice(19)].map(f64).join("");
    assert.equal(body.toString("hex"), `${head}${model}${model}${judged}016102c3a9`);
  });

  /** A race of format 4 of one model and one feature, with two closed i's of which one has its forecast. */
  const format4 = (closed: number) => {
    const head = [1, 1, 3, 33, 1, 2, 1000, 1, closed, closed].map(f64).join("");
    const model = [2, 1, 8, ...new Array<number>(10).fill(0.5), 0.5, 1, 2, 4, 5, 6].map(f64).join("");
    const places = [7, 8, 0.5, 0.25, Number.NaN, 900].slice(0, 3 * closed);
    const forecasts = [0.75, Number.NaN].slice(0, closed);
    const hex = `000000${head}${f64(1.5)}${zeros(19)}${f64(0)}${model}${[...places, ...forecasts].map(f64).join("")}02c3a9`;
    return Buffer.from(hex, "hex");
  };

  it("of format 4 are read: scores and the ledger go on, and the judge has seen nothing", () => {
    const body = raceCodec.older?.[4]?.(format4(2));
    assert.ok(body !== undefined);
    raceCodec.check(body);
    const head = [1, 1, 3, 33, 1, 2, 1000, 1, 2, 2, 0, 0, 0, 0, 56, 1.5, ...new Array<number>(19).fill(0), 0, 37];
    const model = [2, 1, 8, ...new Array<number>(10).fill(0.5), 0.5, 1, 2, 4, 5, 6];
    const nan = Number.NaN;
    const closed = [7, 8, 0.5, 0.25, nan, 900, 0.75, nan, nan, nan, nan, nan, nan, nan];
    assert.equal(body.toString("hex"), `${[...head, ...model, ...newJudge, ...closed].map(f64).join("")}02c3a9`);
  });

  it("of format 3 are read: as format 4, without the ledger", () => {
    const of4 = format4(0);
    const format3 = Buffer.concat([of4.subarray(0, 3 + 8 * 6), of4.subarray(3 + 8 * 10)]);
    const expected = Buffer.from(of4);
    expected.writeDoubleLE(Number.NEGATIVE_INFINITY, 3 + 8 * 6);
    expected.writeDoubleLE(0, 3 + 8 * 7);
    assert.deepEqual(raceCodec.older?.[3]?.(format3), raceCodec.older?.[4]?.(expected));
    for (const format of [3, 4]) {
      const sound = format === 3 ? format3 : of4;
      for (const spoiled of [sound.subarray(0, -1), sound.subarray(0, 40), Buffer.from([1, ...sound.subarray(1)])])
        assert.throws(() => raceCodec.older?.[format]?.(spoiled), RangeError, `${format}`);
    }
  });

  /** A race of format 1 with one model, β = (1, 2), of one feature; V is packed by rows. */
  const format1 = (V: readonly number[]) => {
    const score = `0161${f64(0.5)}${f64(2)}${f64(1)}${zeros(10)}`;
    const hex = `01000000${f64(3)}${zeros(20)}0100${score}${f64(1)}${f64(2)}${V.map(f64).join("")}0000`;
    return Buffer.from(hex, "hex");
  };

  it("of format 1 are read: V becomes its factors", () => {
    // By hand: (4 2; 2 3) = U diag(8/3, 3) Uᵀ with U = (1 2/3; 0 1).
    const body = raceCodec.older?.[1]?.(format1([4, 2, 3]));
    assert.ok(body !== undefined);
    raceCodec.check(body);
    const { doubles } = packedValueOf(body);
    const head = [1, 1, 3, 0, 0, 0, -Infinity, 0, 0, 0, 0, 0, 0, 0, 56, ...new Array<number>(21).fill(0), 37];
    const model = [2, 1, 0, ...new Array<number>(10).fill(0), 0.5, 1, 2, 4 - (2 / 3) * 2, 2 / 3, 3];
    assert.deepEqual([...doubles.subarray(0, head.length + model.length)], [...head, ...model]);
  });

  it("of format 1 whose V is not positive definite are a model that begins anew at the next observation", () => {
    for (const V of [
      [1, 2, 1],
      [1, 0, 0],
      [-1, 0, 1],
      [0, 0, 1],
    ]) {
      const body = raceCodec.older?.[1]?.(format1(V));
      assert.ok(body !== undefined);
      const race = TestRace.of(body, [{ name: "a", nu: 0.5 }]);
      const { predictions, resets } = race.step(observation({ i: 4, y: 3, x: [2] }));
      assert.deepEqual(resets, [{ model: "a", reason: "covariance-not-positive" }]);
      assert.deepEqual([predictions[0].yhat, predictions[0].error, predictions[0].n], [0, 3, 2]);
      assert.deepEqual(race.step(observation({ i: 5, y: 3, x: [2] })).resets, [], "once");
    }
  });

  it("are refused when they ask for more numbers than there are bytes, or for none at all", () => {
    const models = [{ name: "rls1", nu: 1 }];
    const race = newRace(newPackedValue(raceBytes(models, 2, 0)), raceConfiguration(models, 0), 2);
    const body = race.bytes.subarray(0, race.length);
    raceCodec.check(body);
    const spoiled: [place: number, value: number][] = [
      [0, 2 ** 32],
      [0, 0],
      [0, 1.5],
      [1, 2 ** 40],
      [1, 0],
      [1, Number.NaN],
      [RANKED, 2],
      [CLOSED_MAX, 1],
      [CLOSED_MAX, -1],
      [CLOSED_MAX, 0.5],
      [14, 0],
      [15 + 30 + 1, 0],
    ];
    for (const [place, value] of spoiled) {
      const bytes = Buffer.from(body);
      bytes.writeDoubleLE(value, 8 * place);
      assert.throws(() => raceCodec.check(bytes), RangeError, `${value} at ${place}`);
    }
    assert.throws(() => raceCodec.check(Buffer.alloc(0)), RangeError);
  });

  it("are refused when the order does not name each model once", () => {
    const race = new TestRace([
      { name: "a", nu: 1 },
      { name: "b", nu: 0.9 },
    ]);
    race.step(observation({ i: 1, y: 2, x: [1] }));
    const body = race.body();
    assert.ok(body !== undefined);
    raceCodec.check(body);
    body.writeDoubleLE(1, 8 * (ROWS + 20));
    assert.throws(() => raceCodec.check(body), RangeError);
  });

  it("show as JSON under the notebook's names, V as the full matrix, null where there is nothing yet", () => {
    const models = [{ name: "rls2", nu: 0.99 }];
    const race = newRace(newPackedValue(raceBytes(models, 2, 0)), raceConfiguration(models, 0), 2);
    // U = (1 2 4; 0 1 5; 0 0 1), D = diag(1, 3, 6): U D Uᵀ by hand.
    race.doubles.set([1, 2, 3, 4, 5, 6], factorsAt(modelAt(race, 0) + RLS, 3));
    assert.deepEqual(raceCodec.toJson(race), {
      features: 2,
      N: 0,
      leader: null,
      since: null,
      order: [],
      champion: null,
      championSince: null,
      rows: [],
      models: [
        {
          name: "rls2",
          nu: 0.99,
          N: 0,
          mse: null,
          fading: null,
          mae: null,
          r2: null,
          skill: null,
          coverage: null,
          evidence: null,
          beta: [0, 0, 0],
          V: [
            [109, 126, 24],
            [126, 153, 30],
            [24, 30, 6],
          ],
          errors: [],
        },
      ],
      done: [],
      mix: { n: 0, mse: null, fading: null, mae: null, r2: null, skill: null, coverage: null },
    });
  });
});
