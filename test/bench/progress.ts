/** Tells on standard output what is measured, what it gave, and how long it will go on. */
import type { Point } from "./section.js";

/** Figures that are told as they come, with their units. */
const TOLD: readonly (readonly [name: string, unit: string])[] = [
  ["recordsPerSecond", "records/s"],
  ["cpuSecondsPerMillion", "CPU s a million"],
  ["peakMiB", "MiB"],
  ["firstResultSeconds", "s to the first result"],
  ["allResultsSeconds", "s to all results"],
  ["p50Ms", "ms p50"],
  ["p99Ms", "ms p99"],
  ["p999Ms", "ms p999"],
  ["changelogBytesPerRecord", "changelog bytes a record"],
  ["refitsPerCpuSecond", "refits per CPU s"],
  ["microsecondsPerRecord", "us a record"],
];

/** Of the many parts of a profile so many are told: the tables have them all. */
const PARTS_TOLD = 15;

export class Progress {
  readonly #section: string;
  readonly #total: number;
  #left: number;
  #measured = 0;
  #measuredMs = 0;
  #begunMs = 0;

  /** @param total steps of all runs */
  constructor(section: string, total: number) {
    this.#section = section;
    this.#total = total;
    this.#left = total;
  }

  begin(what: string): void {
    this.#begunMs = performance.now();
    const eta = this.#measured === 0 ? "" : `, about ${this.#minutesLeft} min left`;
    console.log(`[${this.#section} ${this.#total - this.#left + 1}/${this.#total}${eta}] ${what}`);
  }

  end(points: readonly Point[]): void {
    this.#left--;
    this.#measured++;
    this.#measuredMs += performance.now() - this.#begunMs;
    for (const { case: name, series, figures } of dearest(points)) {
      const told = TOLD.filter(([figure]) => figure in figures).map(
        ([figure, unit]) => `${Number(figures[figure].toPrecision(4)).toLocaleString("en")} ${unit}`,
      );
      const others = "otherShare" in figures ? ` (others took ${(100 * figures.otherShare).toFixed(0)} %)` : "";
      console.log(`    ${name}, ${series} series: ${told.join(", ")}${others}`);
    }
  }

  /** It was measured before. */
  skip(): void {
    this.#left--;
  }

  get #minutesLeft(): number {
    return Math.ceil((this.#left * this.#measuredMs) / this.#measured / 60_000);
  }
}

/** All points where they are few, else those that cost most. */
function dearest(points: readonly Point[]): readonly Point[] {
  if (points.length <= PARTS_TOLD) return points;
  const cost = ({ figures: { microsecondsPerRecord = 0 } }: Point) => microsecondsPerRecord;
  return [...points].sort((a, b) => cost(b) - cost(a)).slice(0, PARTS_TOLD);
}
