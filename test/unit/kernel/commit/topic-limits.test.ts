import assert from "node:assert/strict";
import { KafkaCode } from "../../../../shared/kafka/kafka-error.js";
import type { Refusal } from "../../../../shared/kafka/refusal.js";
import { TopicLimits } from "../../../../shared/kernel/commit/topic-limits.js";

const HOUR_MS = 3_600_000;

function refusal(code: number): Refusal {
  return { code, topic: "results", records: 1, words: "no" };
}

describe("what a topic was seen to refuse", () => {
  let nowMs: number;
  let limits: TopicLimits;
  const isRefused = (bytes: number, timestamp?: number, topic = "results") =>
    limits.refusal(topic, bytes, timestamp) !== undefined;

  beforeEach(() => {
    nowMs = 1_800_000_000_000;
    limits = new TopicLimits(() => nowMs);
  });

  it("for its size is refused where it is as large or larger, on that topic alone", () => {
    limits.learn(refusal(KafkaCode.MSG_SIZE_TOO_LARGE), 5000, nowMs);
    assert.deepEqual(
      [4999, 5000, 9000].map((bytes) => isRefused(bytes)),
      [false, true, true],
    );
    assert.equal(isRefused(9000, nowMs, "others"), false);
    limits.learn(refusal(KafkaCode.MSG_SIZE_TOO_LARGE), 8000, nowMs);
    assert.equal(isRefused(5000), true);
    limits.learn(refusal(KafkaCode.RECORD_LIST_TOO_LARGE), 100, nowMs);
    assert.equal(isRefused(100), true);
  });

  it("for its timestamp is refused where it lies as far in the past, or in the future", () => {
    limits.learn(refusal(KafkaCode.INVALID_TIMESTAMP), 1, nowMs - HOUR_MS);
    assert.equal(isRefused(1, nowMs - HOUR_MS), true);
    assert.equal(isRefused(1, nowMs - HOUR_MS + 1), false);
    assert.equal(isRefused(1, nowMs + HOUR_MS), false);
    assert.equal(isRefused(1), false);
    limits.learn(refusal(KafkaCode.INVALID_TIMESTAMP), 1, nowMs + 60_000);
    assert.equal(isRefused(1, nowMs + 60_000), true);
    assert.equal(isRefused(1, nowMs + 59_999), false);
  });

  it("for another cause teaches nothing", () => {
    limits.learn(refusal(KafkaCode.INVALID_RECORD), 1, nowMs);
    limits.learn({ ...refusal(KafkaCode.MSG_SIZE_TOO_LARGE), topic: undefined }, 1, nowMs);
    assert.equal(isRefused(1_000_000, 0), false);
  });

  it("is tried again after a minute, since the topic may have another configuration", () => {
    limits.learn(refusal(KafkaCode.MSG_SIZE_TOO_LARGE), 5000, nowMs);
    nowMs += 59_999;
    assert.equal(isRefused(5000), true);
    nowMs += 1;
    assert.equal(isRefused(5000), false);
  });
});
