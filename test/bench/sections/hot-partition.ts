/** Latency of series in a cold partition while another partition of the same instance has a long backlog. */
import { setTimeout as delay } from "node:timers/promises";
import { randomKey, recordText } from "../../../services/producer/generator.js";
import { Producer } from "../../../shared/kafka/producer.js";
import { ORIGIN } from "../../../shared/kafka/topic-partition.js";
import { TopicReader } from "../../../shared/kafka/topic-reader.js";
import { clientOptions } from "../../support/kafka/kafka-topics.js";
import { RegattaApp } from "../app.js";
import { PARTITIONS } from "../bench-kafka.js";
import { type Input, seriesNames } from "../input.js";
import type { Bench, Figures, Step } from "../section.js";
import { BOTH } from "./throughput.js";

const HOT_PARTITION = 0;
const COLD_PARTITION = 1;
const HOT_SERIES = 100;
const FEATURES = 10;
const COLD_RATE = 100;
const COLD_RECORDS_MAX = 500;
const RECORD_BYTES_MAX = 1_000_000;
/** Without a result for so long the cold partition starves. */
const STARVED_MS = 60_000;

/** @param beside whether the other partition has its backlog, or nothing */
export function hotPartitionStep(name: string, beside: boolean): Step {
  return {
    name,
    async measure(bench) {
      const { kafka } = bench;
      const raw = `${bench.newRun()}-raw`;
      const input: Input = { raw, form: "raw", series: HOT_SERIES, partition: HOT_PARTITION };
      const app = new RegattaApp({ kafka, run: bench.newRun(), services: BOTH, raw });
      const records = Math.min(COLD_RECORDS_MAX, Math.ceil(bench.records / 100));
      await kafka.fill(input, beside ? bench.records : 1);
      await kafka.makeTopic(app.output);
      try {
        app.start();
        for (const service of app.processes) await service.ready(1);
        return [{ case: name, series: 1, records, figures: await coldLatency(bench, raw, app.output, records) }];
      } finally {
        await app.kill();
        app.wipe();
        await kafka.dropInput(input);
      }
    },
  };
}

/** Writes records to the cold partition at a steady rate and reads their results. */
async function coldLatency({ kafka }: Bench, raw: string, output: string, records: number): Promise<Figures> {
  const options = clientOptions(kafka.brokers);
  const [series] = seriesNames({ series: 1, partition: COLD_PARTITION }, PARTITIONS);
  const producer = await Producer.connect(options, { recordBytesMax: RECORD_BYTES_MAX });
  const reader = await TopicReader.connect(options, `bench-cold-${process.pid}`);
  const latencies: number[] = [];
  try {
    // A series has its results in the partition of the same number: the backlog's are not read.
    reader.add([{ topic: output, partition: COLD_PARTITION, position: ORIGIN }]);
    const reading = readLatencies(reader, 2 * records, latencies);
    const key = randomKey(1, raw, series);
    const normals = new Float64Array(FEATURES + 1);
    for (let i = 0; i < records; i++) {
      const value = Buffer.from(recordText(key, "linear", i, normals));
      await producer.produceWaiting(raw, undefined, Buffer.from(series), value, Date.now());
      await delay(1000 / COLD_RATE);
    }
    await reading;
  } finally {
    await producer.disconnect();
    await reader.close();
  }
  latencies.sort((a, b) => a - b);
  const percentile = (part: number) => latencies[Math.floor(part * (latencies.length - 1))];
  return { p50Ms: percentile(0.5), p99Ms: percentile(0.99), p999Ms: percentile(0.999) };
}

async function readLatencies(reader: TopicReader, results: number, latencies: number[]): Promise<void> {
  let readMs = performance.now();
  while (latencies.length < results) {
    const read = await reader.read(1000, 10);
    const now = Date.now();
    for (const { timestamp = now } of read) latencies.push(now - timestamp);
    if (read.length > 0) readMs = performance.now();
    else if (performance.now() - readMs > STARVED_MS) {
      throw new Error(`expected ${results} results in a cold partition, got ${latencies.length}`);
    }
  }
}
