import assert from "node:assert/strict";
import { comparable, fallen, type Measured, rowsOf } from "../../bench/rows.js";
import type { Section } from "../../bench/section.js";

const section: Section = {
  name: "throughput",
  doc: "",
  steps: () => [],
  peerOf: () => "streams",
  speedOf: ({ recordsPerSecond }) => recordsPerSecond,
};
const where = { machine: "a machine", date: "2026-11-30" };
const point = (of: string, run: number, recordsPerSecond: number, series = 100): Measured => ({
  case: of,
  series,
  run,
  records: 1000,
  figures: { recordsPerSecond, otherShare: run / 100, totalSeconds: 3 },
});
/** Three runs: theirs 100, 200 and 50 records/s, ours 150, 100 and 100. */
const measured = [
  ...[point("streams", 1, 100), point("both", 1, 150)],
  ...[point("streams", 2, 200), point("both", 2, 100)],
  ...[point("streams", 3, 50), point("both", 3, 100)],
];

describe("the rows of the bench", () => {
  it("have medians, spreads, and the ratio to the peer of the same run", () => {
    const both = rowsOf(section, measured, where).find((row) => row.case === "both");
    assert.ok(both);
    assert.equal(both.recordsPerSecond, 100);
    // 1.5, 0.5 and 2 times as fast.
    assert.equal(both.ratio, 1.5);
    assert.deepEqual(both.spread.ratio, [0.5, 2]);
    assert.deepEqual(both.spread.recordsPerSecond, [100, 150]);
    assert.equal(both.runs, 3);
    assert.equal(both.otherShare, 0.03);
    assert.deepEqual(both.figures, { totalSeconds: 3 });
    assert.equal(both.peakMiB, null);
  });

  it("have no ratio where the peer was not there, or had another number of series", () => {
    const alone = [point("both", 1, 100), point("streams", 1, 100, 1)];
    assert.equal(rowsOf(section, alone, where)[0].ratio, null);
  });

  it("count as slower where a ratio is less than three quarters of the former one", () => {
    const rows = (speed: number) => rowsOf(section, [point("streams", 1, 100), point("both", 1, speed)], where);
    assert.deepEqual(fallen(rows(200), rows(150)), []);
    assert.deepEqual(fallen(rows(200), rows(149)), ["throughput, both, 100 series: 1.49 times its peer, 2 before"]);
    assert.equal(comparable(rows(200), rows(150)), 1);
  });

  it("are those of ours where they are compared: a peer that falls behind another peer is nothing of ours", () => {
    const rows = (speed: number) =>
      rowsOf(section, [point("streams", 1, 100), point("streams-small-heap", 1, speed)], where);
    assert.deepEqual(fallen(rows(90), rows(50)), []);
    assert.equal(comparable(rows(90), rows(50)), 0);
  });

  it("are not compared where one of both has no such row, or no ratio", () => {
    const rows = rowsOf(section, measured, where);
    const alone = rowsOf(section, [point("both", 1, 1)], where);
    assert.deepEqual(fallen(rows, alone), []);
    assert.deepEqual(fallen(alone, rows), []);
    assert.deepEqual(fallen([], rows), []);
    assert.equal(comparable(rows, alone), 0);
  });
});
