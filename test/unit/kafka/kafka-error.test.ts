import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { callKafka, KafkaError } from "../../../shared/kafka/kafka-error.js";

describe("a call of the Kafka client", () => {
  it("that does not come back in its time is told of once, by its name", async () => {
    const told = new Promise<Error>((resolve) => {
      void callKafka("commitTransaction", () => {}, { seconds: 1, onExceeded: resolve });
    });
    assert.equal((await told).message, "commitTransaction: the Kafka client has not come back from it for 1 s");
  });

  it("that comes back is not told of, whether it succeeds, fails or throws", async () => {
    const told: Error[] = [];
    const limit = { seconds: 1, onExceeded: (error: Error) => told.push(error) };
    const refusal = Object.assign(new Error("no"), { code: -172 });
    assert.equal(await callKafka<number>("a", (done) => done(undefined, 5), limit), 5);
    await assert.rejects(
      callKafka("b", (done) => done(refusal), limit),
      new KafkaError("b", refusal),
    );
    await assert.rejects(
      callKafka(
        "c",
        () => {
          throw refusal;
        },
        limit,
      ),
      new KafkaError("c", refusal),
    );
    await delay(1200);
    assert.deepEqual(told, []);
  });
});
