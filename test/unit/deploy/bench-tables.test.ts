import assert from "node:assert/strict";
import { type BenchRow, benchRowsText, SECTION_NAMES } from "../../../deploy/generate/bench-results.js";
import { benchTables } from "../../../deploy/generate/bench-tables.js";

const row = (changes: Partial<BenchRow>): BenchRow => ({
  section: "throughput",
  case: "both",
  series: 100,
  recordsPerSecond: 130_000,
  cpuSecondsPerMillion: 9,
  peakMiB: 300,
  ratio: 1.3,
  figures: {},
  spread: { recordsPerSecond: [120_000, 140_000] },
  runs: 3,
  records: 1_000_000,
  otherShare: 0.01,
  machine: "2 x Processor",
  date: "2026-11-30",
  ...changes,
});
const streams = row({ case: "streams", recordsPerSecond: 100_000, cpuSecondsPerMillion: 18, peakMiB: 800, ratio: 1 });

describe("the tables of the bench", () => {
  it("set ours beside the peer's speed, time and memory", () => {
    const text = benchTables("throughput", [streams, row({})]);
    assert.match(
      text,
      /\| 100 \| \*\*deserializer and rls-racer\*\* \| 130,000 \| 120,000 to 140,000 \| 1.30 \| 9 \| 0.50 \| 300 \| 0.38 \|/,
    );
    assert.match(text, /Measured 2026-11-30: medians of 3 runs, up to 1,000,000 records each.\n2 x Processor/);
  });

  it("leave the peer's columns empty where it was not there", () => {
    const text = benchTables("throughput", [row({ ratio: null })]);
    assert.match(text, /\| 120,000 to 140,000 \| – \| 9 \| – \| 300 \| – \|/);
  });

  it("say that the machine was busy, and that a section was not measured", () => {
    const busy = benchTables("throughput", [row({ otherShare: 0.4, runs: 1 })]);
    assert.match(busy, /medians of one run/);
    assert.match(benchTables("throughput", [row({}), row({ runs: 1 })]), /medians of 1 to 3 runs/);
    assert.match(busy, /others took up to 40 % of it/);
    assert.match(benchTables("latency", [row({})]), /Not measured yet: `npm run bench -- latency`/);
  });

  it("hold restarts against the same restart of the peer, with as many series", () => {
    const restart = (of: string, series: number, seconds: number) =>
      row({
        section: "restart",
        case: of,
        series,
        ratio: of.startsWith("both") ? 2 : 1,
        figures: { firstResultSeconds: seconds, allResultsSeconds: 2 * seconds },
      });
    const text = benchTables("restart", [
      restart("streams-warm", 10, 9),
      restart("streams-warm", 100, 4),
      restart("both-warm", 100, 2),
    ]);
    assert.match(text, /\| 100 \| SIGTERM, state kept \| 2 \| 4 \| 4 \| 8 \| 2.00 \| 300 \| 300 \|/);
    assert.equal(text.split("\n").filter((line) => line.startsWith("| 10 ")).length, 0);
  });

  it("sum a service's profile over its parts, the dearest first", () => {
    const part = (name: string, microsecondsPerRecord: number) =>
      row({ section: "profile", case: `rls-racer: ${name}`, figures: { microsecondsPerRecord } });
    const small = [part("pino", 0.01), part("zod", 0.02)];
    const lines = benchTables("profile", [...small, part("shared/kafka", 1.25), part("WebAssembly", 2.5)]).split("\n");
    assert.deepEqual(lines.slice(2, 6), [
      "| **rls-racer** | **3.8** |",
      "| WebAssembly | 2.50 |",
      "| shared/kafka | 1.25 |",
      "| all else | 0.03 |",
    ]);
  });

  it("have a form for every section, from a file with a row on each line", () => {
    for (const section of SECTION_NAMES) assert.match(benchTables(section, [row({ section })]), /^\|/, section);
    assert.equal(benchRowsText([streams, row({})]).split("\n").length, 5);
    assert.deepEqual(JSON.parse(benchRowsText([])), []);
  });
});
