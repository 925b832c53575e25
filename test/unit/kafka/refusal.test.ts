import assert from "node:assert/strict";
import { KafkaCode, KafkaError } from "../../../shared/kafka/kafka-error.js";
import { isForBatch, refusalOf } from "../../../shared/kafka/refusal.js";

/** As the client words it, version 2.15.1 of librdkafka. */
const WORDS =
  "ProduceRequest for case.observations [3] with 11 message(s) failed: Broker: Message size too large " +
  "(broker 1 PID{Id:1,Epoch:0}, base seq 11): current transaction must be aborted";

describe("a refusal", () => {
  it("of a transaction tells topic, number of records and the broker's words", () => {
    const cause = Object.assign(new Error(WORDS), { code: KafkaCode.MSG_SIZE_TOO_LARGE, isTxnRequiresAbort: true });
    const refusal = refusalOf(new KafkaError("commitTransaction", cause));
    const words = "Broker: Message size too large";
    assert.deepEqual(refusal, { code: 10, topic: "case.observations", records: 11, words });
    assert.equal(refusal && isForBatch(refusal), true);
  });

  it("of a delivery tells the same, and of one record alone is for no batch", () => {
    const cause = Object.assign(new Error("Broker: Message size too large"), { code: 10, topic: "raw", records: 1 });
    const refusal = refusalOf(new KafkaError("delivery", cause));
    assert.deepEqual(refusal, { code: 10, topic: "raw", records: 1, words: "Broker: Message size too large" });
    assert.equal(refusal && isForBatch(refusal), false);
  });

  it("is what the record is at fault for, and nothing else", () => {
    const isRefusal = (code: number) => new KafkaError("any", { code, message: "no" }).isRefusal;
    const refusals = [10, 18, 32, 43, 44, 87, -138];
    assert.deepEqual(refusals.filter(isRefusal), refusals);
    // Kafka is away, the state is wrong, the queue is full, rights are missing, the producer is fenced.
    for (const code of [-192, -185, -172, -184, 29, 30, 53, 47, 90, 3, 6, 7, 19, 2, -1])
      assert.equal(isRefusal(code), false, `${code}`);
  });
});
