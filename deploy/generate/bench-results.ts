/** What `npm run bench` has measured: test/bench/results.json, from which the tables of docs/performance.md are made. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The sections of the bench, in the order in which they are measured and told. */
export const SECTION_NAMES = ["throughput", "latency", "restart", "models", "limits", "growth", "profile"] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** The file that is committed. */
export const RESULTS_FILE = fileURLToPath(new URL("../../../test/bench/results.json", import.meta.url));

const figure = z.number().nullable();

const rowSchema = z.strictObject({
  section: z.enum(SECTION_NAMES),
  /** What was measured: `both` is deserializer and rls-racer from raw text, `rls` rls-racer from observations, and so on. */
  case: z.string(),
  series: z.number(),
  /** Input records, between a tenth and nine tenths of the results. */
  recordsPerSecond: figure,
  /** User and system time of all processes and threads, the start included, for a million input records. */
  cpuSecondsPerMillion: figure,
  /** Most resident memory of all processes together. */
  peakMiB: figure,
  /** Times as fast as the peer that it was measured beside, Kafka Streams or scikit-learn: the median over the runs. */
  ratio: figure,
  /** Further medians, by names that end in their unit. */
  figures: z.record(z.string(), z.number()),
  /** Least and greatest of each figure over the runs. */
  spread: z.record(z.string(), z.tuple([z.number(), z.number()])),
  runs: z.number(),
  /** Input records of a run. */
  records: z.number(),
  /** The most that the rest of the machine took of its processors in a run: above 0.06 the figures are of a busy machine. */
  otherShare: figure,
  /** Where and when. */
  machine: z.string(),
  date: z.iso.date(),
});

/** Medians of the runs of one case. */
export type BenchRow = z.infer<typeof rowSchema>;

/**
 * The rows of a file of results; none where there is no such file.
 * @throws {Error} it holds something else
 */
export function readBenchRows(file: string = RESULTS_FILE): readonly BenchRow[] {
  return existsSync(file) ? z.array(rowSchema).parse(JSON.parse(readFileSync(file, "utf8"))) : [];
}

/** Rows as a file: one on each line, so that a change of one shows as such. */
export function benchRowsText(rows: readonly BenchRow[]): string {
  return `[${rows.map((row) => `\n${JSON.stringify(row)}`).join(",")}\n]\n`;
}
