/** The tables of docs/performance.md, made from the rows of test/bench/results.json. */
import type { BenchRow, SectionName } from "./bench-results.js";

/** More of the machine than this went elsewhere while something was measured: it was busy. */
const BUSY_SHARE = 0.06;
/** Parts of a profile that are less than this everywhere are told together. */
const SMALL_PART = 0.01;
const NONE = "–";

type Cell = string | number | undefined;

/** What cases are called in the tables. */
const TITLES: Readonly<Record<string, string>> = {
  streams: "Kafka Streams, heap of 1 GB",
  "streams-small-heap": "Kafka Streams, heap of 256 MB",
  "streams-at-least-once": "Kafka Streams, at least once",
  both: "**deserializer and rls-racer**",
  rls: "**rls-racer**, from observations",
  "both-best-off": "both, two results a record (`BEST=off`)",
  "rls-best-off": "rls-racer, two results a record (`BEST=off`)",
  "both-ready-made": "both, the ready-made client's calls",
  "both-at-least-once": "both, at least once",
  "rls-at-least-once": "rls-racer, at least once",
};

/** The text of a section's part of the page: its tables, and when and where they were measured. */
export function benchTables(section: SectionName, rows: readonly BenchRow[]): string {
  const own = rows.filter((row) => row.section === section);
  if (own.length === 0) return `Not measured yet: \`npm run bench -- ${section}\` does it.`;
  return `${TABLES[section](own)}\n\n${provenance(own)}`;
}

function provenance(rows: readonly BenchRow[]): string {
  const [{ machine, date }] = rows;
  const counts = rows.map((row) => row.runs);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const runs = most === 1 ? "one run" : `${least === most ? "" : `${least} to `}${most} runs`;
  const busy = Math.max(...rows.map(({ otherShare }) => otherShare ?? 0));
  const records = Math.max(...rows.map((row) => row.records)).toLocaleString("en");
  return [
    `Measured ${date}: medians of ${runs}, up to ${records} records each.`,
    busy > BUSY_SHARE ? `The machine was busy: others took up to ${(100 * busy).toFixed(0)} % of it.` : "",
    machine,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

const TABLES: Readonly<Record<SectionName, (rows: readonly BenchRow[]) => string>> = {
  throughput: throughputTable,
  latency: latencyTable,
  restart: restartTable,
  models: modelsTable,
  limits: limitsTable,
  growth: growthTable,
  profile: profileTable,
};

function throughputTable(rows: readonly BenchRow[]): string {
  const head = ["series", "", "records/s", "least to most", "× Streams", "CPU s a million", "×", "peak MiB", "×"];
  return table(
    head,
    rows.map((row) => {
      const peer = rows.find((other) => other.case === "streams" && other.series === row.series);
      return [
        count(row.series),
        TITLES[row.case] ?? row.case,
        count(row.recordsPerSecond),
        spread(row, "recordsPerSecond"),
        factor(row.ratio),
        number(row.cpuSecondsPerMillion),
        part(row.cpuSecondsPerMillion, peer?.cpuSecondsPerMillion),
        count(row.peakMiB),
        part(row.peakMiB, peer?.peakMiB),
      ];
    }),
  );
}

function latencyTable(rows: readonly BenchRow[]): string {
  return table(
    ["records/s", "", "p50 ms", "p99 ms", "least to most", "p99.9 ms", "peak MiB"],
    rows.map((row) => {
      const [, of, rate] = /^(.*)-(\d+)$/.exec(row.case) ?? [];
      return [
        count(Number(rate)),
        { topology: "**the linear race**", streams: "producer and Kafka Streams", ml: "the race of ml-racer" }[
          of ?? ""
        ],
        count(row.figures.p50Ms),
        count(row.figures.p99Ms),
        spread(row, "p99Ms"),
        count(row.figures.p999Ms),
        count(row.peakMiB),
      ];
    }),
  );
}

const RESTARTS: Readonly<Record<string, string>> = {
  warm: "SIGTERM, state kept",
  wiped: "SIGTERM, state gone",
  killed: "SIGKILL, from the kill on",
  standby: "SIGKILL of one of two hosts with standbys",
};

function restartTable(rows: readonly BenchRow[]): string {
  const ours = rows.filter((row) => row.case.startsWith("both-"));
  return table(
    [
      "series",
      "after",
      "first result s",
      "all results s",
      "Streams: first",
      "all",
      "times as fast",
      "peak MiB",
      "Streams",
    ],
    ours.map((row) => {
      const peer = rows.find(
        (other) => other.case === row.case.replace("both", "streams") && other.series === row.series,
      );
      return [
        count(row.series),
        RESTARTS[row.case.slice("both-".length)],
        number(row.figures.firstResultSeconds),
        number(row.figures.allResultsSeconds),
        number(peer?.figures.firstResultSeconds),
        number(peer?.figures.allResultsSeconds),
        factor(row.ratio),
        count(row.peakMiB),
        count(peer?.peakMiB),
      ];
    }),
  );
}

function modelsTable(rows: readonly BenchRow[]): string {
  const refits = rows.filter((row) => row.case !== "ml" && !row.case.startsWith("scikit-learn"));
  const ml = rows.find((row) => row.case === "ml");
  const refitTable = table(
    ["model, stream", "refits per CPU s", "scikit-learn's", "times as fast", "least to most"],
    refits.map((row) => {
      const peer = rows.find((other) => other.case === `scikit-learn ${row.case}`);
      return [
        row.case,
        count(row.figures.refitsPerCpuSecond),
        count(peer?.figures.refitsPerCpuSecond),
        factor(row.ratio),
        spread(row, "ratio"),
      ];
    }),
  );
  if (ml === undefined) return refitTable;
  return `${refitTable}

ml-racer from observations of ${ml.series} series, all three models refitted at every record: ${count(ml.recordsPerSecond)}
records/s, ${number(ml.cpuSecondsPerMillion)} CPU s a million, ${count(ml.peakMiB)} MiB.`;
}

const LIMITS: Readonly<Record<string, string>> = {
  consume: "consume raw records",
  produce: "produce results of 350 bytes",
  transactions: "produce results, a transaction every 100 ms",
  relay: "consume a record and produce two results, in transactions",
  commits: "transactions of one record, one after the other",
  rls: "**rls-racer**, the same records with models and state",
};

function limitsTable(rows: readonly BenchRow[]): string {
  const relay = rows.find((row) => row.case === "relay")?.recordsPerSecond;
  return table(
    ["", "records/s", "of the relay", "CPU s a million", "peak MiB"],
    rows.map((row) => [
      LIMITS[row.case],
      count(row.recordsPerSecond),
      row.case === "rls" ? part(row.recordsPerSecond, relay) : NONE,
      number(row.cpuSecondsPerMillion),
      count(row.peakMiB),
    ]),
  );
}

function growthTable(rows: readonly BenchRow[]): string {
  const head = [
    "",
    "series",
    "records/s",
    "CPU s a million",
    "peak MiB",
    "changelog bytes a record",
    "p50 ms",
    "p99 ms",
  ];
  return table(
    head,
    rows.map((row) => [
      row.case,
      count(row.series),
      count(row.recordsPerSecond),
      number(row.cpuSecondsPerMillion),
      count(row.peakMiB),
      count(row.figures.changelogBytesPerRecord),
      count(row.figures.p50Ms),
      count(row.figures.p99Ms),
    ]),
  );
}

/** A row for each part of each service, a column for each number of series, the dearest part first. */
function profileTable(rows: readonly BenchRow[]): string {
  const series = [...new Set(rows.map((row) => row.series))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const services = [...new Set(cases.map((name) => name.split(": ")[0]))];
  const cost = (name: string, of: number) =>
    rows.find((row) => row.case === name && row.series === of)?.figures.microsecondsPerRecord ?? 0;
  const lines = services.flatMap((service) => {
    const parts = cases.filter((name) => name.startsWith(`${service}: `));
    const sum = (of: number) => parts.reduce((total, name) => total + cost(name, of), 0);
    const [told, small] = [true, false].map((large) =>
      parts.filter((name) => series.some((of) => cost(name, of) >= SMALL_PART * sum(of)) === large),
    );
    told.sort((a, b) => cost(b, series[0]) - cost(a, series[0]));
    const rest = (of: number) => small.reduce((total, name) => total + cost(name, of), 0);
    return [
      [`**${service}**`, ...series.map((of) => `**${sum(of).toFixed(1)}**`)],
      ...told.map((name) => [name.slice(service.length + 2), ...series.map((of) => cost(name, of).toFixed(2))]),
      ...(small.length === 0 ? [] : [["all else", ...series.map((of) => rest(of).toFixed(2))]]),
    ];
  });
  return table(["µs of a record", ...series.map((of) => `${count(of)} series`)], lines);
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map((cell) => cell ?? NONE).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : Math.round(value).toLocaleString("en");
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : String(Number(value.toPrecision(3)));
}

function factor(value: number | null): string {
  return value === null ? NONE : value.toFixed(2);
}

function part(value: number | null, of: number | null | undefined): string {
  return value === null || of === null || of === undefined ? NONE : (value / of).toFixed(2);
}

function spread(row: BenchRow, figure: string): string {
  const found = row.spread[figure];
  if (found === undefined || row.runs === 1) return NONE;
  const text = figure === "ratio" ? (value: number) => value.toFixed(1) : count;
  return `${text(found[0])} to ${text(found[1])}`;
}
