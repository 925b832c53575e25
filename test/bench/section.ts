/** What a section of the bench is made of: steps that are measured in turn, once in each run. */
import type { SectionName } from "../../deploy/generate/bench-results.js";
import type { Peers } from "./app.js";
import type { BenchKafka } from "./bench-kafka.js";

/** Figures by names that end in their unit. Those that a row has as members of its own bear the same names. */
export type Figures = Readonly<Record<string, number>>;

/** What one run of one case gave. */
export interface Point {
  readonly case: string;
  readonly series: number;
  /** Input records. */
  readonly records: number;
  readonly figures: Figures;
}

/** What steps have at hand. */
export interface Bench {
  readonly kafka: BenchKafka;
  /** Undefined where they are not there. */
  readonly peers: Peers | undefined;
  /** Whether scikit-learn is asked for as well. */
  readonly withPeers: boolean;
  /** Input records of a run of full size. */
  readonly records: number;
  /** A name that no run has had. */
  newRun(): string;
}

/** Something that is measured as a whole, and is not begun anew where it was measured already. */
export interface Step {
  /** Unique in its section. */
  readonly name: string;
  measure(bench: Bench): Promise<readonly Point[]>;
}

export interface Section {
  readonly name: SectionName;
  /** What it measures, in a line. */
  readonly doc: string;
  /** The steps of one run, in the order in which they are measured. */
  steps(plan: Pick<Bench, "records" | "peers" | "withPeers">): readonly Step[];
  /** Properties of its broker, beside the bench's own. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Before the first step on a new broker. */
  warmUp?(bench: Bench): Promise<void>;
  /** The case that another one is compared with, of the same series in the same run. */
  peerOf?(name: string): string | undefined;
  /** What is compared: how fast it was, in any unit, more is faster. */
  speedOf?(figures: Figures): number;
}

/** Fewer series where there are few records, so that each still has several; in the order given, none twice. */
export function seriesFor(records: number, series: readonly number[]): readonly number[] {
  return [...new Set(series.map((count) => Math.min(count, Math.max(1, Math.ceil(records / 4)))))];
}
