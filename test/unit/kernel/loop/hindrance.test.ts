import assert from "node:assert/strict";
import { AwayError } from "../../../../shared/errors.js";
import { KafkaError } from "../../../../shared/kafka/kafka-error.js";
import { Hindrance } from "../../../../shared/kernel/loop/hindrance.js";

const refusal = new KafkaError("commit", { code: 29, message: "Topic authorization failed" });

describe("a right that is missing", () => {
  it("is named with the call and with what to give", () => {
    const rights = new Hindrance();
    rights.failed(refusal, 0);
    assert.match(
      rights.reason(0) ?? "",
      /^Kafka does not allow it: commit: Topic authorization failed \(29\)\. Give the service's user Read on/,
    );
    assert.equal(refusal.isForbidden, true);
  });

  it("is tried with pauses that double up to 10 s, however often one try is refused", () => {
    const rights = new Hindrance();
    const pauses: number[] = [];
    let nowMs = 0;
    for (let time = 0; time < 6; time++) {
      const beganMs = nowMs;
      rights.tried(nowMs);
      rights.failed(refusal, nowMs);
      rights.failed(refusal, nowMs);
      while (!rights.mayTry(nowMs)) nowMs += 500;
      pauses.push(nowMs - beganMs);
    }
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it("is there once work was taken, or a try was not refused for 5 s, and the next pause is short again", () => {
    const rights = new Hindrance();
    rights.failed(refusal, 0);
    rights.granted();
    assert.equal(rights.reason(0), undefined);
    rights.failed(refusal, 2000);
    rights.tried(3000);
    assert.notEqual(rights.reason(8000), undefined);
    assert.equal(rights.reason(8001), undefined);
    rights.failed(refusal, 10_000);
    assert.equal(rights.mayTry(11_000), true);
  });

  it("is tried as what is away is, which says itself what it is", () => {
    const hindrance = new Hindrance();
    hindrance.failed(new AwayError("waiting for the schema registry: gone"), 0);
    assert.equal(hindrance.reason(0), "waiting for the schema registry: gone");
    assert.deepEqual([hindrance.mayTry(999), hindrance.mayTry(1000)], [false, true]);
    // It may take long until the last of several addresses has not answered.
    hindrance.tried(1000);
    assert.notEqual(hindrance.reason(31_000), undefined);
    assert.equal(hindrance.reason(61_001), undefined);
  });

  it("is not what other failures are for", () => {
    const rights = new Hindrance();
    rights.failed(new KafkaError("commit", { code: -185, message: "timed out" }), 0);
    rights.failed(undefined, 0);
    assert.equal(rights.reason(0), undefined);
    assert.equal(rights.mayTry(0), true);
  });
});
