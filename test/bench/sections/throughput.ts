/** Section `throughput`: records/s, processor time and memory, beside Kafka Streams in turn. */
import type { ServiceName } from "../../../services/names.js";
import { type App, RegattaApp, StreamsApp } from "../app.js";
import type { Input } from "../input.js";
import { throughputOf } from "../measure.js";
import type { Bench, Section, Step } from "../section.js";
import { seriesFor } from "../section.js";

/** The small heap of Kafka Streams, with a record cache that fits. */
const SMALL_HEAP = { java: "-Xms256m -Xmx256m -XX:+UseSerialGC", options: ["--cache-mb=32"] } as const;
const SERIES = [100, 1, 100_000] as const;
/** Series that the further cases are measured with. */
const MAIN_SERIES = SERIES[0];
/** A bench of fewer records is no measurement, and goes without. */
const WARM_UP_RECORDS = 300_000;

export const BOTH: readonly ServiceName[] = ["deserializer", "rls-racer"];
const EXACTLY_ONCE = "--guarantee=exactly_once_v2";
/** The same job as that of Kafka Streams, one result for each model: without the third, which is the best forecast. */
const BEST_OFF = { BEST: "off" } as const;
const AT_LEAST_ONCE = { PROCESSING_GUARANTEE: "at_least_once" } as const;
const READY_MADE = { NODE_OPTIONS: `--import=${new URL("../ready-made-client.js", import.meta.url).href}` } as const;

/** The raw topic of so many series; with observations it names another one, since the deserializer writes those of this. */
export function linearInput(series: number, form: Input["form"] = "raw"): Input {
  return { raw: form === "raw" ? `bench-${series}` : `bench-given-${series}`, form, series };
}

interface Case {
  readonly name: string;
  readonly form: Input["form"];
  /** Whether it is measured with the main number of series alone. */
  readonly mainOnly?: boolean;
  /** @returns undefined where it cannot be measured here */
  app(bench: Bench, run: string, raw: string): App;
}

const ours = (name: string, services: readonly ServiceName[], environment = {}, mainOnly = false): Case => ({
  name,
  form: services.includes("deserializer") ? "raw" : "observations",
  mainOnly,
  app: ({ kafka }, run, raw) => new RegattaApp({ kafka, run, services, raw, environment }),
});

const theirs = (name: string, options: readonly string[], java?: string, mainOnly = false): Case => ({
  name,
  form: "raw",
  mainOnly,
  app({ kafka, peers }, run, raw) {
    if (peers === undefined) throw new Error("expected peers");
    return new StreamsApp(kafka, peers, run, raw, options, java);
  },
});

/** In the order in which they take turns. */
const OURS: readonly Case[] = [
  ours("both", BOTH),
  ours("rls", ["rls-racer"]),
  ours("both-best-off", BOTH, BEST_OFF),
  ours("rls-best-off", ["rls-racer"], BEST_OFF),
  ours("both-ready-made", BOTH, READY_MADE, true),
  ours("both-at-least-once", BOTH, AT_LEAST_ONCE, true),
  ours("rls-at-least-once", ["rls-racer"], AT_LEAST_ONCE, true),
];
const THEIRS: readonly Case[] = [
  theirs("streams", [EXACTLY_ONCE]),
  theirs("streams-small-heap", [EXACTLY_ONCE, ...SMALL_HEAP.options], SMALL_HEAP.java),
  theirs("streams-at-least-once", ["--guarantee=at_least_once"], undefined, true),
];

/** One of theirs, one of ours, and so on: both meet the same machine. */
function inTurns(theirs: readonly Case[], ours: readonly Case[]): readonly Case[] {
  const most = Math.max(theirs.length, ours.length);
  return Array.from({ length: most }, (_, at) => [...theirs.slice(at, at + 1), ...ours.slice(at, at + 1)]).flat();
}

export const throughput: Section = {
  name: "throughput",
  doc: "records/s, processor time and memory from one series to 100,000, beside Kafka Streams",
  steps({ records, peers }) {
    const counts = seriesFor(records, SERIES);
    return counts.flatMap((series) =>
      inTurns(peers === undefined ? [] : THEIRS, OURS)
        .filter(({ mainOnly }) => mainOnly !== true || series === Math.min(MAIN_SERIES, counts[0]))
        .map((of) => stepOf(of, series)),
    );
  },
  async warmUp(bench) {
    if (bench.records < WARM_UP_RECORDS) return;
    const records = WARM_UP_RECORDS;
    const [series] = SERIES;
    for (const { app } of [OURS[0], ...(bench.peers === undefined ? [] : [THEIRS[0]])]) {
      const input = linearInput(series);
      await bench.kafka.fill(input, records);
      await throughputOf(bench.kafka, app(bench, bench.newRun(), input.raw), records);
      await bench.kafka.deleteOutputs();
    }
  },
  peerOf: (name) => (name.endsWith("-at-least-once") ? "streams-at-least-once" : "streams"),
  speedOf: ({ recordsPerSecond }) => recordsPerSecond,
};

function stepOf({ name, form, app }: Case, series: number): Step {
  return {
    name: `${name}, ${series} series`,
    async measure(bench) {
      const input = linearInput(series, form);
      await bench.kafka.fill(input, bench.records);
      const figures = await throughputOf(bench.kafka, app(bench, bench.newRun(), input.raw), bench.records);
      return [{ case: name, series, records: bench.records, figures }];
    },
  };
}
