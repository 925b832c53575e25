import assert from "node:assert/strict";
import fc from "fast-check";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import type { RlsPrediction } from "../../shared/contract/schemas.js";
import { packedValueOf } from "../../shared/packed-value.js";
import { observation } from "../support/data/observations.js";
import { forgettingFactors, races, type Stream, streams } from "../support/data/race-arbitraries.js";
import { TestRace } from "../support/data/test-race.js";
import type { Race } from "../support/plain/race.js";
import { encodeRace, raceToJson } from "../support/plain/race-codec.js";
import { holds } from "../support/property.js";

const modelLists = fc
  .array(forgettingFactors, { minLength: 2, maxLength: 4 })
  .map((nus) => nus.map((nu, m) => ({ name: `m${m}`, nu })));

describe("a race on any stream", () => {
  it("gives each model the same numbers wherever it stands in the list and whoever races with it", () => {
    const run = ({ rows }: Stream, models: { name: string; nu: number }[]) => {
      const race = new TestRace(models);
      const byModel = new Map<string, RlsPrediction[]>(models.map(({ name }) => [name, []]));
      for (const [i, row] of rows.entries()) {
        for (const prediction of race.step(observation({ i, ...row })).predictions) {
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
      fc.property(streams(25), modelLists, ({ rows }, models) => {
        const race = new TestRace(models);
        const stored = new TestRace(models, true);
        for (const [i, row] of rows.entries()) {
          const expected = race.step(observation({ i, ...row }));
          assert.deepEqual(stored.step(observation({ i, ...row })), expected);
          assert.deepEqual(stored.body(), race.body());
        }
      }),
    );
  });

  it("shows V as a symmetric matrix", () => {
    holds(
      fc.property(streams(20), modelLists, ({ features, rows }, models) => {
        const race = new TestRace(models);
        for (const [i, row] of rows.entries()) race.step(observation({ i, ...row }));
        const { models: shown } = race.json() as { models: { V: number[][] }[] };
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
  const noScores = { fading: null, mae: null, r2: null, skill: null, coverage: null };
  /** What was shown before there was a judge, and what a judge shows who has seen nothing. */
  const unjudged = (shown: ReturnType<typeof raceToJson>) => ({
    ...shown,
    champion: null,
    championSince: null,
    models: shown.models.map((model, m) => ({ ...model, ...noScores, evidence: m === 0 ? null : 1 })),
    mix: { n: 0, mse: null, ...noScores },
  });
  const bodyOf = (race: Race) => raceCodec.older?.[2]?.(encodeRace(race)) ?? Buffer.alloc(0);

  it("hold all that those of format 2 held, and show the same", () => {
    holds(
      fc.property(races(), (race) => {
        const body = bodyOf(race);
        raceCodec.check(body);
        assert.deepEqual(raceCodec.toJson(packedValueOf(body)), { ...unjudged(raceToJson(race)), done: [] });
      }),
    );
  });

  it("are refused when some are missing at the end, however many", () => {
    holds(
      fc.property(races(), (race) => {
        const body = bodyOf(race);
        for (let length = 0; length < body.length; length++) {
          assert.throws(
            () => raceCodec.check(body.subarray(0, length)),
            /RangeError: .*cut short/,
            `${length} of ${body.length}`,
          );
        }
      }),
      20,
    );
  });

  it("are refused when something stands behind them", () => {
    holds(
      fc.property(races(), fc.uint8Array({ minLength: 1, maxLength: 9 }), (race, rest) => {
        assert.throws(() => raceCodec.check(Buffer.concat([bodyOf(race), rest])), RangeError);
      }),
    );
  });
});
