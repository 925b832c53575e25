import assert from "node:assert/strict";
import { tokenBucket } from "../../../services/producer/token-bucket.js";

/** How many pass when the bucket is asked at each of `times` and all that is due is taken. */
function passed(rate: number, times: readonly number[]): number[] {
  const bucket = tokenBucket(rate);
  return times.map((nowMs) => {
    const due = bucket.due(nowMs);
    bucket.take(due);
    return due;
  });
}

describe("token bucket", () => {
  it("lets nothing pass at first, then as many as the rate says", () => {
    assert.deepEqual(passed(10, [5000, 5100, 5150, 5200, 5700]), [0, 1, 0, 1, 5]);
  });

  it("adds up fractions of a token", () => {
    const times = Array.from({ length: 1001 }, (_, step) => step * 10);
    const total = passed(1.5, times).reduce((sum, due) => sum + due, 0);
    assert.equal(total, 15);
  });

  it("lets pass one second's worth after a pause, however long", () => {
    assert.deepEqual(passed(50, [0, 3_600_000, 3_600_020]), [0, 50, 1]);
  });

  it("holds one token where the rate is below one per second", () => {
    assert.deepEqual(passed(0.1, [0, 9999, 10_000, 60_000, 60_001]), [0, 0, 1, 1, 0]);
  });

  it("keeps what was due and not taken", () => {
    const bucket = tokenBucket(10);
    bucket.due(0);
    assert.equal(bucket.due(500), 5);
    bucket.take(2);
    assert.equal(bucket.due(500), 3);
  });

  it("lets nothing pass at rate 0, and nothing more when the clock stands or goes back", () => {
    assert.deepEqual(passed(0, [0, 1e9]), [0, 0]);
    assert.deepEqual(passed(10, [1000, 1100, 1100, 900]), [0, 1, 0, 0]);
  });
});
