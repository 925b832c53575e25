import assert from "node:assert/strict";
import fc from "fast-check";
import { newRace, raceStep } from "../../services/rls-racer/race.js";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import type { RlsPrediction } from "../../shared/contract/schemas.js";
import { observation } from "../support/data/observations.js";
import { forgettingFactors, races, type Stream, streams } from "../support/data/race-arbitraries.js";
import { holds } from "../support/property.js";

const modelLists = fc
  .array(forgettingFactors, { minLength: 2, maxLength: 4 })
  .map((nus) => nus.map((nu, m) => ({ name: `m${m}`, nu })));

describe("a race on any stream", () => {
  it("gives each model the same numbers wherever it stands in the list and whoever races with it", () => {
    const run = ({ features, rows }: Stream, models: { name: string; nu: number }[]) => {
      const race = newRace(models, features);
      const byModel = new Map<string, RlsPrediction[]>(models.map(({ name }) => [name, []]));
      for (const [i, row] of rows.entries()) {
        for (const prediction of raceStep(race, observation({ i, ...row })).predictions) {
          byModel.get(prediction.model)?.push(prediction);
        }
      }
      return byModel;
    };
    const lists = modelLists.chain((models) =>
      fc.record({ models: fc.constant(models), others: fc.shuffledSubarray(models, { minLength: 1 }) }),
    );
    holds(
      fc.property(streams(20), lists, (stream, { models, others }) => {
        const all = run(stream, models);
        for (const [name, predictions] of run(stream, others)) {
          assert.equal(predictions.length, stream.rows.length);
          assert.deepEqual(predictions, all.get(name));
        }
      }),
    );
  });

  it("goes on from its bytes as if it had never been away", () => {
    holds(
      fc.property(streams(25), modelLists, ({ features, rows }, models) => {
        const race = newRace(models, features);
        let stored = newRace(models, features);
        for (const [i, row] of rows.entries()) {
          const expected = raceStep(race, observation({ i, ...row }));
          assert.deepEqual(raceStep(stored, observation({ i, ...row })), expected);
          stored = raceCodec.decode(raceCodec.encode(stored));
        }
      }),
    );
  });

  it("shows V as a symmetric matrix", () => {
    holds(
      fc.property(streams(20), modelLists, ({ features, rows }, models) => {
        const race = newRace(models, features);
        for (const [i, row] of rows.entries()) raceStep(race, observation({ i, ...row }));
        const { models: shown } = raceCodec.toJson(race) as { models: { V: number[][] }[] };
        for (const { V } of shown) {
          assert.equal(V.length, features + 1);
          assert.deepEqual(
            V[0].map((_, j) => V.map((row) => row[j])),
            V,
          );
        }
      }),
    );
  });
});

describe("the bytes of any race", () => {
  it("give back the same race, bit for bit", () => {
    holds(
      fc.property(races(), (race) => {
        const bytes = raceCodec.encode(race);
        const decoded = raceCodec.decode(bytes);
        assert.deepEqual(decoded, race);
        assert.deepEqual(raceCodec.encode(decoded), bytes);
      }),
    );
  });

  it("are refused when some are missing at the end, however many", () => {
    holds(
      fc.property(races(), (race) => {
        const bytes = raceCodec.encode(race);
        for (let length = 0; length < bytes.length; length++) {
          assert.throws(
            () => raceCodec.decode(bytes.subarray(0, length)),
            /RangeError: .*cut short/,
            `${length} of ${bytes.length}`,
          );
        }
      }),
      20,
    );
  });

  it("are refused when something stands behind them", () => {
    holds(
      fc.property(races(), fc.uint8Array({ minLength: 1, maxLength: 9 }), (race, rest) => {
        assert.throws(() => raceCodec.decode(Buffer.concat([raceCodec.encode(race), rest])), RangeError);
      }),
    );
  });
});
