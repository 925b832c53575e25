import assert from "node:assert/strict";
import { notAhead } from "../../../../shared/kernel/commit/timestamps.js";

/** Rows of a batch hold these at least and at most, see client-batch.cc. */
const ROW_MS = 9e15;

describe("the timestamp of what comes of a record", () => {
  it("is the record's own, if that is a time", () => {
    for (const timestamp of [Date.now(), Date.now() + 60_000, 1, -1, -1e12])
      assert.equal(notAhead(timestamp), timestamp);
  });

  it("is a millisecond after 1970 began where the record's is that moment, which the client takes for none", () => {
    assert.equal(notAhead(0), 1);
  });

  it("is the present where the record's is none, however it came about", () => {
    for (const timestamp of [-(2 ** 63), -9.1e15, Date.now() + 86_400_000, 1.7e18, 2 ** 63]) {
      const beganMs = Date.now();
      const stamp = notAhead(timestamp);
      assert.ok(stamp >= beganMs && stamp <= Date.now() && stamp < ROW_MS, `${timestamp} ${stamp}`);
    }
  });
});
