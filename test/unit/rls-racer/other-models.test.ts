import assert from "node:assert/strict";
import { modelList } from "../../../services/rls-racer/model-list.js";
import { raceCodec } from "../../../services/rls-racer/race-codec.js";
import { recursiveKinds } from "../../../shared/models/recursive-kinds.js";
import { observation } from "../../support/data/observations.js";
import { TestRace } from "../../support/data/test-race.js";

const raceOf = (text: string) => new TestRace(modelList.parse(text), true);
const step = (race: TestRace, i: number, y: number, x = 1) => race.step(observation({ i, y, x: [x] }));

describe("kinds of models beside recursive least squares in rls-racer", () => {
  it("are listed by their kind and hyper-parameters, which is their name", () => {
    const models = modelList.parse("last, last:lag=7 ,mean,holt: alpha=0.5,sgd,rls:nu=0.9");
    assert.deepEqual(
      models.map(({ name }) => name),
      ["last", "last:lag=7", "mean", "holt:alpha=0.5", "sgd", "rls:nu=0.9"],
    );
    assert.deepEqual(models[3].parameters, { alpha: 0.5, beta: 0.1 });
    assert.deepEqual(models[5], { name: "rls:nu=0.9", nu: 0.9 });
  });

  it("are all kinds that there are", () => {
    const names = [...recursiveKinds.keys()];
    assert.deepEqual(
      modelList.parse(names.join(",")).map(({ name }) => name),
      names,
    );
  });

  it("leave their names to models of recursive least squares that a factor follows", () => {
    assert.deepEqual(modelList.parse("last:0.9,mean:1"), [
      { name: "last", nu: 0.9 },
      { name: "mean", nu: 1 },
    ]);
    assert.throws(() => modelList.parse("last,last:1"), /two models are called/);
    assert.throws(() => modelList.parse("last:lag=0"), /last: expected lag to be an integer from 1 to 2000, got/);
  });

  it("forecast, then learn, and have neither a factor nor coefficients", () => {
    const race = raceOf("last:lag=2,mean,rls1:1");
    const yhat = [4, 8, 6, 2].map((y, i) => step(race, i, y).predictions.map((prediction) => prediction.yhat));
    assert.deepEqual(
      yhat.map(([last, mean]) => [last, mean]),
      [
        [0, 0],
        [0, 4],
        [4, 6],
        [8, 6],
      ],
    );
    const [last, , rls1] = step(race, 4, 1).predictions;
    assert.deepEqual([last.nu, last.beta, last.error, last.n], [null, null, -5, 5]);
    assert.equal(rls1.beta?.length, 2);
    const { models } = race.json() as { models: Record<string, unknown>[] };
    const { name, kind, lag, N, mse } = models[0];
    assert.deepEqual(
      { name, kind, lag, N, mse },
      { name: "last:lag=2", kind: "last", lag: 2, N: 5, mse: (16 + 64 + 4 + 36 + 25) / 5 },
    );
  });

  it("keep what they have learned through another list, and start from nothing where their name was another model's", () => {
    const race = raceOf("mean,sgd,last:lag=3,holt:0.9");
    for (const [i, y] of [3, 5, 10].entries()) step(race, i, y);
    race.models = modelList.parse("last:lag=3,holt,rls1:1,mean");
    const yhat = step(race, 3, 0).predictions.map((prediction) => prediction.yhat);
    assert.deepEqual(yhat, [3, 0, 0, 6]);
  });

  it("start from nothing after ten refusals in a row that are their own fault", () => {
    const race = raceOf("sgd,last");
    step(race, 0, 1, 1e200);
    // The scale of 10^200 has no square: what a new model would learn is refused.
    for (let i = 1; i <= 9; i++) {
      const { predictions, resets } = step(race, i, 1, i);
      assert.deepEqual([predictions[0].reason, predictions[1].reason, resets], ["update-not-finite", undefined, []]);
    }
    assert.deepEqual(step(race, 10, 1, 10).resets, [{ model: "sgd", reason: "refusals-in-a-row" }]);
    assert.equal(step(race, 11, 1, 11).predictions[0].yhat, 0);
  });

  it("are refused in bytes whose mark, hyper-parameter or place is none", () => {
    const race = raceOf("last:lag=2,mean");
    step(race, 0, 1);
    const body = race.body() ?? Buffer.alloc(0);
    raceCodec.check(body);
    const doubles = body.length >> 3;
    const at = Array.from({ length: doubles }, (_, k) => body.readDoubleLE(8 * k)).indexOf(-1, 15);
    for (const [place, value] of [
      [at, -99],
      [at + 1, 3],
      [at + 1, 0.5],
    ]) {
      const damaged = Buffer.from(body);
      damaged.writeDoubleLE(value, 8 * place);
      assert.throws(() => raceCodec.check(damaged), RangeError);
    }
  });
});
