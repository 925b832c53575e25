/** From what each run gave to the rows of results.json, and the comparison of two such files. */
import type { BenchRow } from "../../deploy/generate/bench-results.js";
import { median } from "../support/statistics.js";
import type { Figures, Point, Section } from "./section.js";

/** What one run of one step gave. */
export interface Measured extends Point {
  /** From 1 on. */
  readonly run: number;
}

/** A ratio that is less than this part of the former one has fallen. */
const RATIO_MIN = 0.75;
const DIGITS = 4;
/** Figures that a row has as members. */
const MEMBERS = ["recordsPerSecond", "cpuSecondsPerMillion", "peakMiB", "otherShare"] as const;

/**
 * The rows of a section, in the order in which their cases were first measured.
 * @param where the machine and the day
 */
export function rowsOf(
  section: Section,
  measured: readonly Measured[],
  where: Pick<BenchRow, "machine" | "date">,
): BenchRow[] {
  const names = [...new Set(measured.map(caseOf))];
  return names.map((name) =>
    rowOf(
      section,
      measured.filter((point) => caseOf(point) === name),
      measured,
      where,
    ),
  );
}

const caseOf = (point: Measured) => `${point.case}/${point.series}`;

/** @param points the runs of one case */
function rowOf(
  section: Section,
  points: readonly Measured[],
  measured: readonly Measured[],
  where: Pick<BenchRow, "machine" | "date">,
): BenchRow {
  const names = [...new Set(points.flatMap(({ figures }) => Object.keys(figures)))];
  const valuesOf = (name: string) => points.flatMap(({ figures }) => (name in figures ? [figures[name]] : []));
  const rest = names.filter((name) => !MEMBERS.some((member) => member === name));
  const orNull = (name: string) => (names.includes(name) ? rounded(median(valuesOf(name))) : null);
  const ratios = points.flatMap((point) => ratioOf(section, point, measured));
  return {
    section: section.name,
    case: points[0].case,
    series: points[0].series,
    recordsPerSecond: orNull("recordsPerSecond"),
    cpuSecondsPerMillion: orNull("cpuSecondsPerMillion"),
    peakMiB: orNull("peakMiB"),
    ratio: ratios.length === 0 ? null : rounded(median(ratios)),
    figures: Object.fromEntries(rest.map((name) => [name, rounded(median(valuesOf(name)))])),
    spread: Object.fromEntries([
      ...names.map((name) => [name, spreadOf(valuesOf(name))]),
      ...(ratios.length === 0 ? [] : [["ratio", spreadOf(ratios)]]),
    ]),
    runs: points.length,
    records: points[0].records,
    otherShare: names.includes("otherShare") ? rounded(Math.max(...valuesOf("otherShare"))) : null,
    ...where,
  };
}

/** How many times as fast as its peer of the same run; empty where it has none. */
function ratioOf(section: Section, point: Measured, measured: readonly Measured[]): number[] {
  const peerName = section.peerOf?.(point.case);
  if (peerName === undefined || section.speedOf === undefined) return [];
  const peer = measured.find(
    (other) => other.case === peerName && other.series === point.series && other.run === point.run,
  );
  if (peer === undefined) return [];
  const speed = (figures: Figures) => section.speedOf?.(figures) ?? Number.NaN;
  return [speed(point.figures) / speed(peer.figures)];
}

function spreadOf(values: readonly number[]): [number, number] {
  return [rounded(Math.min(...values)), rounded(Math.max(...values))];
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Whether a row can have fallen: those of peers tell of them alone, also where they are held against one another. */
const isOurs = (row: BenchRow) => !/^(streams|scikit-learn)\b/.test(row.case);

/**
 * What has become slower: our rows whose ratio is less than three quarters of the former one, in words. Rows that one of the two
 * lacks, or whose peer was not there, are not compared.
 */
export function fallen(former: readonly BenchRow[], now: readonly BenchRow[]): string[] {
  return now.filter(isOurs).flatMap((row) => {
    const before = former.find((other) => nameOf(other) === nameOf(row));
    if (row.ratio === null || before === undefined || before.ratio === null) return [];
    if (row.ratio >= RATIO_MIN * before.ratio) return [];
    return [`${nameOf(row)}: ${row.ratio} times its peer, ${before.ratio} before`];
  });
}

/** How many rows were compared by {@link fallen}. */
export function comparable(former: readonly BenchRow[], now: readonly BenchRow[]): number {
  const known = new Set(former.filter(({ ratio }) => ratio !== null).map(nameOf));
  return now.filter((row) => isOurs(row) && row.ratio !== null && known.has(nameOf(row))).length;
}

function nameOf({ section, case: of, series }: BenchRow): string {
  return `${section}, ${of}, ${series} series`;
}
