import assert from "node:assert/strict";
import { deserializer } from "../../../services/deserializer/service.js";
import { rlsRacer } from "../../../services/rls-racer/service.js";
import { rlsPredictionSchema } from "../../../shared/contract/schemas.js";
import { observation, observationRecord, textRecord } from "../../support/data/observations.js";
import { recompute } from "../../support/judge/offline-model.js";
import { countingService } from "../../support/services/counting-service.js";

const chain = [countingService("first", "raw", "between"), countingService("second", "between", "end")];

/** One record per text, each `<key><anything>`, in one partition of topic raw. */
function rawRecords(partition: number, texts: readonly string[]) {
  return texts.map((text, k) =>
    textRecord("raw", text.slice(1), { partition, offset: 10 * k, key: Buffer.from(text.slice(0, 1)), timestamp: k }),
  );
}

describe("the offline model", () => {
  it("passes what one service forwards on to the next, and gathers the outputs of both", () => {
    const { outputs, deadLetters } = recompute(chain, rawRecords(0, ["ax", "by", "az"]));
    const texts = (topic: string) =>
      outputs.get(topic)?.map(({ key, value, timestamp }) => [key, `${value}`, timestamp]);
    assert.deepEqual(texts("between"), [
      ["a", "x#1", 0],
      ["b", "y#1", 1],
      ["a", "z#2", 2],
    ]);
    assert.deepEqual(texts("end"), [
      ["a", "x#1#1", 0],
      ["b", "y#1#1", 1],
      ["a", "z#2#2", 2],
    ]);
    assert.deepEqual(deadLetters, []);
  });

  it("gives each partition its own state, as tasks have", () => {
    const records = [...rawRecords(0, ["ax", "ay"]), ...rawRecords(3, ["ax"])];
    const { outputs, states } = recompute(chain.slice(0, 1), records);
    assert.deepEqual(
      outputs.get("between")?.map(({ value }) => `${value}`),
      ["x#1", "y#2", "x#1"],
    );
    assert.deepEqual(
      states.map(({ service, store, partition, key, bytes }) => [service, store, partition, key, `${bytes}`]),
      [
        ["first", "counter", 0, "a", "2"],
        ["first", "counter", 3, "a", "1"],
      ],
    );
  });

  it("gives the same per key whatever the number of partitions between services, and whether values pass their codec", () => {
    const records = rawRecords(0, ["ax", "by", "cz", "ax", "cy", "bz"]);
    const ends = [{}, { partitions: 3 }, { partitions: 2, roundTrip: true }].map((options) => {
      const byKey = new Map<string, string[]>();
      for (const { key, value } of recompute(chain, records, options).outputs.get("end") ?? []) {
        byKey.set(key, [...(byKey.get(key) ?? []), `${value}`]);
      }
      return byKey;
    });
    assert.deepEqual(ends[0].get("a"), ["x#1#1", "x#2#2"]);
    assert.equal(ends[0].size, 3);
    assert.deepEqual(ends[1], ends[0]);
    assert.deepEqual(ends[2], ends[0]);
  });

  it("names the service and the record of each dead letter, in order", () => {
    const records = [...rawRecords(1, ["ax", "abad"]), ...rawRecords(0, ["bbad", "bx", "bbad"])];
    const { outputs, deadLetters } = recompute(chain, records);
    assert.deepEqual(
      deadLetters.map(({ service, reason, record }) => [
        service,
        reason,
        record.topic,
        record.partition,
        record.offset,
      ]),
      [
        ["first", "bad-text", "raw", 0, 0],
        ["first", "bad-text", "raw", 0, 20],
        ["first", "bad-text", "raw", 1, 10],
      ],
    );
    assert.deepEqual(
      outputs.get("end")?.map(({ value }) => `${value}`),
      ["x#1#1", "x#1#1"],
    );
  });

  it("takes settings for each service by its name", () => {
    const records = [observationRecord(observation({ y: 1, x: [1] }))];
    const { outputs } = recompute([rlsRacer], records, { environments: { "rls-racer": { RLS_MODELS: "only:0.9" } } });
    const predictions = (outputs.get("rls-predictions") ?? []).map(({ value }) =>
      rlsPredictionSchema.parse(JSON.parse(`${value}`)),
    );
    assert.deepEqual(
      predictions.map(({ model, nu }) => [model, nu]),
      [["only", 0.9]],
    );
  });

  it("recomputes the linear path from raw text: bad text is dead-lettered where it stands, the rest is raced", () => {
    const texts = ["[1, 3.0, 2.0]", "[2, 3.0", '{"i":3,"y":3,"x":[2]}', "[4, 3.0, 2.0, 1.0]"];
    const key = Buffer.from("s1");
    const records = texts.map((text, offset) =>
      textRecord("dataLinearModel", text, { offset, key, timestamp: offset }),
    );
    const { outputs, deadLetters } = recompute([deserializer, rlsRacer], records, { roundTrip: true });
    const predictions = (outputs.get("rls-predictions") ?? []).map(({ value }) =>
      rlsPredictionSchema.parse(JSON.parse(`${value}`)),
    );
    // By hand at i = 3: after y = 3 at x = (1, 2), β = (30, 60)/(51 ν), so ŷ = 150/(51 ν).
    const expected = [1, 3].flatMap((i) => [1, 0.99].map((nu) => ({ i, nu, yhat: i === 1 ? 0 : 150 / 51 / nu })));
    assert.equal(predictions.length, expected.length);
    for (const [k, { i, nu, yhat }] of expected.entries()) {
      assert.deepEqual([predictions[k].i, predictions[k].nu, predictions[k].series], [i, nu, "s1"]);
      assert.ok(Math.abs((predictions[k].yhat ?? Number.NaN) - yhat) < 1e-14);
    }
    assert.deepEqual(
      deadLetters.map(({ service, record }) => [service, record.topic, record.offset]),
      [
        ["deserializer", "dataLinearModel", 1],
        ["deserializer", "dataLinearModel", 3],
      ],
    );
  });

  it("refuses records out of order, and services that are not in the direction of the flow", () => {
    const [first, second] = rawRecords(0, ["ax", "ay"]);
    assert.throws(() => recompute(chain, [second, first]), /raw\[0\]: expected an offset above 10, got 0/);
    assert.throws(() => recompute(chain, [first, first]), /expected an offset above 0, got 0/);
    assert.throws(() => recompute([...chain].reverse(), [first]), /first writes between/);
  });
});
