/**
 * Section `latency`: from the moment in which the producer makes a raw record to that in which a reader gets its prediction. On the way
 * of our topology stand three commits (producer, deserializer, racer), on that of Kafka Streams two.
 */
import type { ServiceName } from "../../../services/names.js";
import { ORIGIN } from "../../../shared/kafka/topic-partition.js";
import { partitionsFrom, TopicReader } from "../../../shared/kafka/topic-reader.js";
import { clientOptions } from "../../support/kafka/kafka-topics.js";
import { type App, RegattaApp, StreamsApp } from "../app.js";
import { PARTITIONS } from "../bench-kafka.js";
import { OtherWatch } from "../measure.js";
import { cpuSecondsOf, ProcessWatch } from "../process-watch.js";
import type { Bench, Figures, Section, Step } from "../section.js";

const SERIES = 100;
/** Records per second of the linear race. */
const RATES = [1000, 10_000] as const;
/** Of the race of scikit-learn's models, each of which is trained again at every record. */
const ML_RATE = 100;
/** What comes before is not measured: programs warm up, groups are joined. */
const WARM_UP_MS = 8000;
const MEASURED_MS = 15_000;
/** A bench of fewer records is over sooner. */
const WARM_UP_MS_MIN = 3000;
const MEASURED_MS_MIN = 2000;

/** Everything between a raw record and its prediction, and the estimator beside it. */
const LINEAR: readonly ServiceName[] = ["deserializer", "stateful-estimator", "rls-racer"];
const NON_LINEAR: readonly ServiceName[] = ["deserializer", "ml-racer"];

export const latency: Section = {
  name: "latency",
  doc: "time from a raw record to its prediction, at a steady rate through the whole topology",
  steps: ({ peers }) => [
    ...RATES.flatMap((rate) => [
      ...(peers === undefined ? [] : [stepOf(`streams-${rate}`, rate, "linear", streams)]),
      stepOf(`topology-${rate}`, rate, "linear", (bench, run, raw) => ours(bench, run, raw, LINEAR)),
    ]),
    stepOf(`ml-${ML_RATE}`, ML_RATE, "nonlinear", (bench, run, raw) => ours(bench, run, raw, NON_LINEAR)),
  ],
  peerOf: (name) => (name.startsWith("topology-") ? name.replace("topology", "streams") : undefined),
  speedOf: ({ p99Ms }) => 1 / p99Ms,
};

type Make = (bench: Bench, run: string, raw: string) => App;

function ours({ kafka }: Bench, run: string, raw: string, services: readonly ServiceName[]): App {
  return new RegattaApp({ kafka, run, services, raw });
}

function streams({ kafka, peers }: Bench, run: string, raw: string): App {
  if (peers === undefined) throw new Error("expected peers");
  return new StreamsApp(kafka, peers, run, raw, ["--guarantee=exactly_once_v2"]);
}

function stepOf(name: string, rate: number, target: string, make: Make): Step {
  return {
    name,
    async measure(bench) {
      const run = bench.newRun();
      const raw = `${run}-raw`;
      const app = make(bench, run, raw);
      const source = new RegattaApp({
        kafka: bench.kafka,
        run: `${run}-source`,
        services: ["producer"],
        raw,
        environment: { PRODUCER_TOPICS: `${raw}:${target}`, RATE: String(rate), SERIES: String(SERIES) },
      });
      await bench.kafka.makeTopic(raw);
      await bench.kafka.makeTopic(app.output);
      const measuredMs = Math.max(MEASURED_MS_MIN, MEASURED_MS * Math.min(1, bench.records / 1_000_000));
      try {
        app.start();
        source.start();
        const figures = await measureLatency(bench, app, source, measuredMs);
        const records = Math.round((figures.recordsPerSecond * measuredMs) / 1000);
        return [{ case: name, series: SERIES, records, figures }];
      } finally {
        await source.kill();
        await app.kill();
        source.wipe();
        app.wipe();
      }
    },
  };
}

/** Reads the results as they come; the time of a result is that of its raw record, which every service hands on. */
async function measureLatency({ kafka }: Bench, app: App, source: App, measuredMs: number): Promise<Figures> {
  const reader = await TopicReader.connect(clientOptions(kafka.brokers), `bench-latency-${process.pid}`);
  const watch = new ProcessWatch(() => app.pids);
  try {
    reader.add(partitionsFrom(app.output, PARTITIONS).map((partition) => ({ ...partition, position: ORIGIN })));
    await firstResult(reader, app);
    await latenciesFor(reader, Math.max(WARM_UP_MS_MIN, (WARM_UP_MS * measuredMs) / MEASURED_MS));
    const others = new OtherWatch(kafka);
    // The producer is none of the others.
    const sourceSeconds = () => source.pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
    const sourceBefore = sourceSeconds();
    const begunMs = performance.now();
    watch.sample();
    const before = watch.cpuSecondsAt(Number.POSITIVE_INFINITY);
    const latencies = await latenciesFor(reader, measuredMs);
    const seconds = (performance.now() - begunMs) / 1000;
    watch.sample();
    const cpuSeconds = watch.cpuSecondsAt(Number.POSITIVE_INFINITY) - before;
    app.mustRun();
    latencies.sort((a, b) => a - b);
    const records = latencies.length / app.resultsPerRecord;
    const percentile = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))];
    return {
      recordsPerSecond: records / seconds,
      cpuSecondsPerMillion: (cpuSeconds / records) * 1e6,
      peakMiB: watch.peakMiB,
      p50Ms: percentile(0.5),
      p99Ms: percentile(0.99),
      p999Ms: percentile(0.999),
      otherShare: others.share(cpuSeconds + sourceSeconds() - sourceBefore),
    };
  } finally {
    watch.stop();
    await reader.close();
  }
}

async function firstResult(reader: TopicReader, app: App): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while ((await reader.read(1, 100)).length === 0) {
    app.mustRun();
    if (performance.now() > deadlineMs) throw new Error(`${app.output} has no result within 60 s`);
  }
}

/** Ages, in ms, of the results that come within so long. */
async function latenciesFor(reader: TopicReader, ms: number): Promise<number[]> {
  const latencies: number[] = [];
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    const records = await reader.read(5000, 10);
    const now = Date.now();
    for (const { timestamp = now } of records) latencies.push(now - timestamp);
  }
  return latencies;
}
