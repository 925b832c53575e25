/**
 * `npm run bench`: measures our services on a real broker, and beside them in turn what else does the same job. What it measures is
 * in sections/, how in measure.ts; docs/performance.md tells the results.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { type BenchRow, benchRowsText, RESULTS_FILE, readBenchRows } from "../../deploy/generate/bench-results.js";
import { root } from "../support/structure/imports.js";
import { findPeers, killAll, type Peers } from "./app.js";
import { BenchKafka } from "./bench-kafka.js";
import { Journal } from "./journal.js";
import { type BenchOptions, parseBenchOptions, USAGE } from "./options.js";
import { Progress } from "./progress.js";
import { comparable, fallen, type Measured, rowsOf } from "./rows.js";
import type { Bench, Section } from "./section.js";
import { growth } from "./sections/growth.js";
import { latency } from "./sections/latency.js";
import { limits } from "./sections/limits.js";
import { models } from "./sections/models.js";
import { profile } from "./sections/profile.js";
import { restart } from "./sections/restart.js";
import { throughput } from "./sections/throughput.js";

const SECTIONS: readonly Section[] = [throughput, latency, restart, models, limits, growth, profile];
const FOLDER = join(root, ".local", "bench");

/** The broker that runs. */
let openKafka: BenchKafka | undefined;
let runs = 0;
/** Names of runs never come again, on this machine. */
const newRun = () => `bench-${Date.now().toString(36)}-${runs++}`;

/** Measures what is not in the journal yet, run by run. */
async function measure(
  section: Section,
  options: BenchOptions,
  peers: Peers | undefined,
  journal: Journal,
): Promise<Measured[]> {
  const { records, withPeers } = options;
  const steps = section.steps({ records, peers, withPeers }).filter(({ name }) => options.step.test(name));
  const progress = new Progress(section.name, steps.length * options.runs);
  const measured: Measured[] = [];
  let kafka: BenchKafka | undefined;
  try {
    for (let run = 1; run <= options.runs; run++) {
      for (const step of steps) {
        let points = journal.find(section.name, step.name, run, records);
        if (points === undefined) {
          const isNew = kafka === undefined;
          kafka ??= await BenchKafka.start(section.properties);
          openKafka = kafka;
          const bench: Bench = { kafka, peers, withPeers, records, newRun };
          if (isNew) await section.warmUp?.(bench);
          progress.begin(`run ${run} of ${options.runs}: ${step.name}`);
          points = await step.measure(bench);
          await kafka.deleteOutputs();
          journal.add({ section: section.name, step: step.name, run, records, points });
          progress.end(points);
        } else progress.skip();
        measured.push(...points.map((point) => ({ ...point, run })));
      }
    }
  } finally {
    openKafka = undefined;
    await kafka?.close();
  }
  return measured;
}

/** A signal ends everything that was started, and takes the broker's folder along: it may have gigabytes. */
function endOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      killAll();
      openKafka?.kill().finally(() => process.exit(1));
      if (openKafka === undefined) process.exit(1);
    });
  }
}

/** The machine in words, as a row has it. */
function machine(): string {
  const [{ model = "unknown" } = {}] = cpus();
  return `${availableParallelism()} x ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`;
}

function outputOf({ out, compare, full }: BenchOptions): string {
  return out ?? (compare || !full ? join(FOLDER, "results.json") : RESULTS_FILE);
}

async function main(options: BenchOptions): Promise<number> {
  const found = options.withPeers ? findPeers(process.env.PEERS_DIR, process.env.PEERS_OUT) : "left out as asked";
  const peers = typeof found === "string" ? undefined : found;
  if (typeof found === "string") console.log(`Kafka Streams is not measured beside: ${found}.`);
  endOnSignals();
  const former = readBenchRows();
  const output = outputOf(options);
  const journal = new Journal(
    options.out === undefined ? join(FOLDER, "measured.jsonl") : `${options.out}.measured.jsonl`,
  );
  const where = { machine: machine(), date: new Date().toISOString().slice(0, "2026-01-01".length) };
  let rows: readonly BenchRow[] = readBenchRows(output);
  const now: BenchRow[] = [];
  for (const section of SECTIONS.filter(({ name }) => options.sections.includes(name))) {
    if (!options.resume) journal.forget(section.name, options.records);
    console.log(`\n${section.name}: ${section.doc}`);
    const measured = await measure(section, options, peers, journal);
    const added = rowsOf(section, measured, where);
    now.push(...added);
    const all = [...rows.filter((row) => row.section !== section.name), ...added];
    rows = SECTIONS.flatMap(({ name }) => all.filter((row) => row.section === name));
    writeFileSync(output, benchRowsText(rows));
  }
  console.log(`\nResults are in ${output}.`);
  return options.compare ? tellFallen(former, now) : 0;
}

/** @returns the exit code */
function tellFallen(former: readonly BenchRow[], now: readonly BenchRow[]): number {
  const compared = comparable(former, now);
  if (compared === 0) {
    console.log(
      "No ratio could be compared: without peers, or without committed results of these sections, nothing is held.",
    );
    return 1;
  }
  const slower = fallen(former, now);
  for (const line of slower) console.log(`Slower by more than a quarter: ${line}`);
  console.log(`${compared} ratios were compared with the committed ones, ${slower.length} have fallen.`);
  return slower.length === 0 ? 0 : 1;
}

if (process.argv.includes("--help")) console.log(USAGE);
else process.exitCode = await main(parseBenchOptions(process.argv.slice(2)));
