import assert from "node:assert/strict";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { rlsPredictionSchema } from "../../shared/schemas.js";
import { countingService } from "../support/counting-service.js";
import { observation, observationRecord, textRecord } from "../support/observations.js";
import { recompute } from "../support/offline-model.js";

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

  it("refuses records out of order, and services that are not in the direction of the flow", () => {
    const [first, second] = rawRecords(0, ["ax", "ay"]);
    assert.throws(() => recompute(chain, [second, first]), /raw\[0\]: expected an offset above 10, got 0/);
    assert.throws(() => recompute(chain, [first, first]), /expected an offset above 0, got 0/);
    assert.throws(() => recompute([...chain].reverse(), [first]), /first writes between/);
  });
});
