import assert from "node:assert/strict";
import { intervalHeading, nextInterval, parseInterval } from "../../../deploy/cli/interval.js";

describe("a batch interval", () => {
  it("is a whole number and a unit, from 100 ms to a day", () => {
    const expected: [string, number][] = [
      ["100ms", 100],
      ["1s", 1000],
      ["10s", 10_000],
      ["2m", 120_000],
      ["24h", 86_400_000],
    ];
    for (const [text, ms] of expected) assert.equal(parseInterval(text), ms, text);
  });

  it("is nothing else", () => {
    for (const text of [
      "",
      "s",
      "10",
      "1.5s",
      "-1s",
      "99ms",
      "25h",
      "1 s",
      "1d",
      "0s",
      "1S",
      "9999999999h",
      "1toString",
    ])
      assert.equal(parseInterval(text), undefined, text);
  });

  it("bears the time of its end, a multiple of its length", () => {
    assert.deepEqual(nextInterval(12_345, 0, 10_000), { time: 20_000, waitMs: 7655 });
    assert.deepEqual(nextInterval(20_000, 0, 10_000), { time: 30_000, waitMs: 10_000 });
  });

  it("is the next one where its own was written before a restart", () => {
    assert.deepEqual(nextInterval(12_345, 20_000, 10_000), { time: 30_000, waitMs: 17_655 });
  });

  it("follows a batch of another length by a multiple of its own", () => {
    assert.deepEqual(nextInterval(12_345, 20_000, 3000), { time: 21_000, waitMs: 6000 });
  });

  it("goes on after a gap where the clock is", () => {
    assert.deepEqual(nextInterval(95_000, 20_000, 10_000), { time: 100_000, waitMs: 5000 });
  });

  it("does not wait for a clock that was set back by an hour, and its times still grow", () => {
    assert.deepEqual(nextInterval(1_000_000, 4_600_000, 10_000), { time: 4_610_000, waitMs: 20_000 });
  });

  it("is headed by its local time between two rules, as pprint does it", () => {
    const rule = "-------------------------------------------";
    const heading = intervalHeading(new Date(2026, 10, 2, 9, 5, 1).getTime());
    assert.equal(heading, `${rule}\nTime: 2026-11-02 09:05:01\n${rule}\n`);
  });

  it("shows milliseconds where it has some", () => {
    assert.match(intervalHeading(new Date(2026, 10, 22, 20, 50, 1, 50).getTime()), /Time: 2026-11-22 20:50:01\.050\n/);
  });
});
