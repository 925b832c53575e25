/**
 * Section `profile`: where a record's microseconds go. The kernel counts the time of every thread of the service; that of the main one is
 * divided as Node.js samples it, among the rooms of the architecture whose code ran. Samples alone would count time in which the
 * thread waited for a processor.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ServiceName } from "../../../services/names.js";
import { roomOf } from "../../support/structure/imports.js";
import { RegattaApp } from "../app.js";
import { followResults } from "../measure.js";
import { MAIN_THREAD, threadSeconds } from "../process-watch.js";
import type { Bench, Point, Section, Step } from "../section.js";
import { seriesFor } from "../section.js";
import { linearInput } from "./throughput.js";

const SERIES = [100, 100_000] as const;
const SERVICES: readonly ServiceName[] = ["rls-racer", "deserializer"];
/** Gives node options of its own, behind its name: the shell is given the folder as $0, then the command line. */
const launcher = (folder: string) => [
  ...["sh", "-c", 'exec "$1" --cpu-prof --cpu-prof-interval=500 "--cpu-prof-dir=$0" "$2"'],
  folder,
];

const profileSchema = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string() }) })),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

export const profile: Section = {
  name: "profile",
  doc: "where the microseconds of a record go, by room of the architecture and by thread",
  steps: ({ records }) =>
    SERVICES.flatMap((service) => seriesFor(records, SERIES).map((series) => profileStep(service, series))),
};

function profileStep(service: ServiceName, series: number): Step {
  return {
    name: `${service}, ${series} series`,
    async measure(bench) {
      const run = bench.newRun();
      const folder = join(bench.kafka.directory, "profiles", run);
      mkdirSync(folder, { recursive: true });
      const input = linearInput(series, service === "deserializer" ? "raw" : "observations");
      await bench.kafka.fill(input, bench.records);
      const app = new RegattaApp({
        kafka: bench.kafka,
        run,
        services: [service],
        raw: input.raw,
        launcher: launcher(folder),
      });
      const threads = await threadsOf(bench, app);
      const [name] = readdirSync(folder);
      const shares = mainShares(readFileSync(join(folder, name), "utf8"));
      const mainSeconds = threads.get(MAIN_THREAD) ?? 0;
      const parts = new Map([
        ...[...shares].map(([part, share]): [string, number] => [part, share * mainSeconds]),
        ...otherThreads(threads),
      ]);
      rmSync(folder, { recursive: true, force: true });
      return pointsOf(service, series, bench.records, parts);
    },
  };
}

/** Runs the service through its input. @returns the processor time of its threads by their names */
async function threadsOf({ kafka, records }: Bench, app: RegattaApp): Promise<ReadonlyMap<string, number>> {
  await kafka.makeTopic(app.output);
  app.start();
  try {
    await followResults(kafka, app, records * app.resultsPerRecord);
    const threads = threadSeconds(app.pids[0]);
    await app.stop();
    return threads;
  } finally {
    await app.kill();
    app.wipe();
  }
}

/** Shares of the main thread's time by what it did, idle time left out; together they are 1. */
function mainShares(text: string): Map<string, number> {
  const { nodes, samples, timeDeltas } = profileSchema.parse(JSON.parse(text));
  const partOf = new Map(nodes.map(({ id, callFrame }) => [id, partName(callFrame)]));
  const times = new Map<string, number>();
  let sum = 0;
  for (const [at, id] of samples.entries()) {
    const part = partOf.get(id);
    if (part === undefined) continue;
    times.set(part, (times.get(part) ?? 0) + timeDeltas[at]);
    sum += timeDeltas[at];
  }
  return new Map([...times].map(([part, time]) => [part, time / sum]));
}

/** @returns undefined for time in which nothing ran */
function partName({ functionName, url }: { functionName: string; url: string }): string | undefined {
  if (functionName === "(idle)") return undefined;
  if (functionName === "(garbage collector)") return "garbage collection";
  if (functionName === "(program)") return "native code of Node.js";
  if (url.startsWith("wasm:")) return "WebAssembly";
  const path = /\/dist\/((?:services|shared)\/.*)\.js$/.exec(url)?.[1];
  if (path !== undefined) return roomOf(`${path}.ts`) ?? "other code";
  const packageName = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  return packageName ?? "Node.js itself";
}

/** Threads beside the main one, which bears the name of the program. */
function otherThreads(threads: ReadonlyMap<string, number>): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const [name, cpu] of threads) {
    const kind = threadKind(name);
    if (kind !== undefined) seconds.set(kind, (seconds.get(kind) ?? 0) + cpu);
  }
  return seconds;
}

function threadKind(name: string): string | undefined {
  if (name === MAIN_THREAD) return undefined;
  return name.startsWith("rdk:") ? "threads of librdkafka" : "threads of libuv, V8 and LevelDB";
}

function pointsOf(service: string, series: number, records: number, parts: ReadonlyMap<string, number>): Point[] {
  return [...parts].map(([part, seconds]) => ({
    case: `${service}: ${part}`,
    series,
    records,
    figures: { microsecondsPerRecord: (seconds / records) * 1e6 },
  }));
}
