/** Times an application from outside: by what readers of its results could see, and by what its processes took. */
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { App } from "./app.js";
import type { BenchKafka } from "./bench-kafka.js";
import { busySeconds, cpuSecondsOf, ProcessWatch } from "./process-watch.js";
import type { Figures } from "./section.js";

const POLL_MS = 20;
/** After the last result nothing may come for so long. */
const QUIET_MS = 1000;
/** An application that gives nothing for so long has failed. */
const STALL_MS = 300_000;

/** In ms of performance.now(). */
interface Sample {
  readonly atMs: number;
  readonly results: number;
}

/** How many results could be seen when. */
export interface Progress {
  /** Where nothing came for a while, the first and the last sample of that while. */
  readonly samples: readonly Sample[];
  /** When the last result could be seen. */
  readonly endMs: number;
}

/**
 * Follows the results of an application until `expected` of them can be seen and no more come.
 * @param from of the topic's end before
 * @throws {Error} a process ended, or nothing came for five minutes
 */
export async function followResults(kafka: BenchKafka, app: App, expected: number, from = 0): Promise<Progress> {
  const samples: Sample[] = [{ atMs: performance.now(), results: 0 }];
  let grownMs = performance.now();
  for (;;) {
    const results = (await kafka.visibleEnd(app.output)) - from;
    const atMs = performance.now();
    if (results > samples[samples.length - 1].results) {
      samples.push({ atMs, results });
      grownMs = atMs;
    } else {
      if (samples.at(-2)?.results === results) samples.pop();
      samples.push({ atMs, results });
      const quietMs = atMs - grownMs;
      if (results >= expected && quietMs > QUIET_MS) return { samples, endMs: grownMs };
      app.mustRun();
      if (quietMs > STALL_MS) throw new Error(`${app.output} has ${results} results and not ${expected}; no more come`);
    }
    await delay(POLL_MS);
  }
}

/** When so many results could be seen, between the samples beside. */
export function momentOf({ samples }: Progress, results: number): number {
  const after = samples.findIndex((sample) => sample.results >= results);
  if (after <= 0) return samples[0].atMs;
  const [a, b] = [samples[after - 1], samples[after]];
  return a.atMs + ((b.atMs - a.atMs) * (results - a.results)) / (b.results - a.results);
}

/** What the rest of the machine takes while something is measured. */
export class OtherWatch {
  readonly #kafka: BenchKafka | undefined;
  readonly #begunMs = performance.now();
  readonly #begun: number;

  constructor(kafka?: BenchKafka) {
    this.#kafka = kafka;
    this.#begun = this.#otherSeconds(0);
  }

  /** Its share of all processors so far. @param cpuSeconds what was measured itself has taken */
  share(cpuSeconds: number): number {
    const seconds = (performance.now() - this.#begunMs) / 1000;
    return Math.max(0, this.#otherSeconds(cpuSeconds) - this.#begun) / (seconds * availableParallelism());
  }

  #otherSeconds(cpuSeconds: number): number {
    const own = process.cpuUsage();
    const broker = this.#kafka === undefined ? 0 : cpuSecondsOf(this.#kafka.pid);
    return busySeconds() - broker - (own.user + own.system) / 1e6 - cpuSeconds;
  }
}

/** How an application went through all records, from its start. */
export interface Course {
  readonly begunMs: number;
  readonly progress: Progress;
  readonly watch: ProcessWatch;
  readonly otherShare: number;
}

/**
 * Starts an application that has nothing yet beside a topic that is full, follows it through all records, and stops it.
 * @param records input records
 * @throws {Error} it failed, or a result was missing or there twice
 */
export async function runThrough(kafka: BenchKafka, app: App, records: number): Promise<Course> {
  await kafka.makeTopic(app.output);
  const others = new OtherWatch(kafka);
  app.start();
  const begunMs = performance.now();
  const watch = new ProcessWatch(() => app.pids);
  try {
    const progress = await followResults(kafka, app, records * app.resultsPerRecord);
    const otherShare = others.share(watch.cpuSecondsAt(Number.POSITIVE_INFINITY));
    watch.stop();
    await app.stop();
    await assertCounted(kafka, app, records);
    return { begunMs, progress, watch, otherShare };
  } finally {
    watch.stop();
    await app.kill();
    app.wipe();
  }
}

/** Records per second between a tenth and nine tenths of the results; processor time and memory from the start on. */
export async function throughputOf(kafka: BenchKafka, app: App, records: number): Promise<Figures> {
  const { begunMs, progress, watch, otherShare } = await runThrough(kafka, app, records);
  const results = records * app.resultsPerRecord;
  const middleMs = momentOf(progress, 0.9 * results) - momentOf(progress, 0.1 * results);
  return {
    recordsPerSecond: (0.8 * records) / (middleMs / 1000),
    cpuSecondsPerMillion: (watch.cpuSecondsAt(progress.endMs) / records) * 1e6,
    peakMiB: watch.peakMiB,
    totalSeconds: (progress.endMs - begunMs) / 1000,
    firstResultSeconds: (momentOf(progress, 1) - begunMs) / 1000,
    otherShare,
  };
}

/** Counts the results one by one: a figure of an application that loses or repeats some is worth nothing. */
async function assertCounted(kafka: BenchKafka, app: App, records: number): Promise<void> {
  const expected = records * app.resultsPerRecord;
  const counted = await kafka.countRecords(app.output);
  if (counted !== expected) throw new Error(`expected ${expected} results in ${app.output}, got ${counted}`);
}
