/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { SECTION_NAMES, type SectionName } from "../../deploy/generate/bench-results.js";

/** Input records of a run of full size. */
const RECORDS = 1_000_000;
const RUNS = 3;
const RECORDS_MIN = 100;

export interface BenchOptions {
  readonly sections: readonly SectionName[];
  readonly records: number;
  readonly runs: number;
  /** Continues what was stopped, in place of a new beginning. */
  readonly resume: boolean;
  /** Compares with the committed results, and writes none in their place. */
  readonly compare: boolean;
  readonly withPeers: boolean;
  /** Steps that are measured, by their names. */
  readonly step: RegExp;
  /** File of results in place of the usual one. */
  readonly out: string | undefined;
  /** Whether the results are worth committing: all steps, of full size. */
  readonly full: boolean;
}

export const USAGE = `npm run bench -- [section...] [options]
  sections          ${SECTION_NAMES.join(" ")}; all of them by default
  --records 1000000 input records of a run; results of fewer, or of some steps, go to .local/bench
  --runs 3          of which the medians are taken
  --resume          continues a bench that was stopped: what it has measured already is not measured again
  --compare         fails where a ratio against Kafka Streams or scikit-learn has fallen by more than a quarter
  --without-peers   measures ours alone
  --step <pattern>  measures only the steps whose name, as it is told, matches this regular expression
  --out <file>      where the results go
PEERS_DIR is the folder of the peers, PEERS_OUT the one that they were built into (PEERS_DIR/.out by default).`;

/** @throws {Error} an option or a section is unknown, or a number is none; the message says which */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      records: { type: "string", default: String(RECORDS) },
      runs: { type: "string", default: String(RUNS) },
      resume: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      "without-peers": { type: "boolean", default: false },
      step: { type: "string", default: "" },
      out: { type: "string" },
    },
  });
  const records = wholeNumber("--records", values.records, RECORDS_MIN);
  const unknown = positionals.filter((name) => !SECTION_NAMES.some((known) => known === name));
  if (unknown.length > 0)
    throw new Error(`expected sections of ${SECTION_NAMES.join(", ")}, got ${unknown.join(", ")}`);
  return {
    sections: SECTION_NAMES.filter((name) => positionals.length === 0 || positionals.includes(name)),
    records,
    runs: wholeNumber("--runs", values.runs, 1),
    resume: values.resume,
    compare: values.compare,
    withPeers: !values["without-peers"],
    step: new RegExp(values.step),
    out: values.out,
    full: records >= RECORDS && values.step === "",
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`expected ${name} of ${least} or more, got ${text}`);
  return value;
}
