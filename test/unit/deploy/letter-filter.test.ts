import assert from "node:assert/strict";
import { InvalidArgumentError } from "commander";
import { sinceOf } from "../../../deploy/cli/letter-filter.js";

describe("--since of the commands for dead letters", () => {
  const nowMs = Date.UTC(2026, 10, 30, 12);

  it("is an ISO 8601 time, in UTC unless it names a zone, or a duration before now", () => {
    const expected = [
      ["2026-11-30", Date.UTC(2026, 10, 30)],
      ["2026-11-30T05:00", Date.UTC(2026, 10, 30, 5)],
      ["2026-11-30T05:00:01.5+02:00", Date.UTC(2026, 10, 30, 3, 0, 1, 500)],
      ["90s", nowMs - 90_000],
      ["7d", Date.UTC(2026, 10, 23, 12)],
    ] as const;
    for (const [text, time] of expected) assert.equal(sinceOf(text, nowMs), time, text);
  });

  it("is nothing else", () => {
    for (const text of ["", "yesterday", "5", "1w", "-1h", "2026-13-01", "2026-11-30T25:00", "30.11.2026"])
      assert.throws(() => sinceOf(text, nowMs), InvalidArgumentError, text);
  });
});
