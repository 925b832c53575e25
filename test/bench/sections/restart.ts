/**
 * Section `restart`: an application that has processed its input ends, more records come, and it is started again, beside Kafka Streams.
 * The first and the last of their results are timed from the start, after SIGKILL from the kill: the group's session is in it.
 */

import type { App } from "../app.js";
import { RegattaApp, StreamsApp } from "../app.js";
import { Hosts, standbysAreThere } from "../hosts.js";
import type { Input } from "../input.js";
import { followResults, momentOf, OtherWatch } from "../measure.js";
import { ProcessWatch } from "../process-watch.js";
import type { Bench, Figures, Point, Section, Step } from "../section.js";
import { seriesFor } from "../section.js";
import { BOTH } from "./throughput.js";

const SERIES = [100_000, 1_000_000] as const;
/** Records before the first end: several of each series where there are fewer series. */
const RECORDS_PART = 0.4;
/** Records that come while it is down. */
const ADDED = 20_000;
/** Markers of aborted transactions may come before the first result: so many are none. */
const MARKERS_MAX = 8;
/** That of the brokers which we ship: Kafka Streams' own would be 45 s. */
const SESSION_MS = 6000;

export const restart: Section = {
  name: "restart",
  doc: "time to results after a stop, SIGKILL, a stop with the state gone, and a takeover by a standby",
  steps: ({ records, peers }) =>
    seriesFor(records, SERIES).flatMap((series) => [
      ...(peers === undefined ? [] : [restartStep("streams", series, streams)]),
      restartStep("both", series, ours),
      takeoverStep(series),
    ]),
  peerOf: (name) => (name.startsWith("both-") ? name.replace("both", "streams") : undefined),
  speedOf: ({ allResultsSeconds }) => 1 / allResultsSeconds,
};

type Make = (bench: Bench, run: string, raw: string) => App;

function ours({ kafka }: Bench, run: string, raw: string): App {
  return new RegattaApp({ kafka, run, services: BOTH, raw });
}

function streams({ kafka, peers }: Bench, run: string, raw: string): App {
  if (peers === undefined) throw new Error("expected peers");
  return new StreamsApp(kafka, peers, run, raw, ["--guarantee=exactly_once_v2", `--session-ms=${SESSION_MS}`]);
}

/** An input of this step alone: it grows while the step goes on. */
function restartInput(bench: Bench, series: number): { input: Input; records: number; added: number } {
  const raw = `${bench.newRun()}-raw`;
  const records = Math.max(series, Math.round(RECORDS_PART * bench.records));
  return { input: { raw, form: "raw", series }, records, added: Math.min(ADDED, Math.ceil(records / 10)) };
}

function restartStep(name: string, series: number, make: Make): Step {
  return {
    name: `restarts of ${name}, ${series} series`,
    async measure(bench) {
      const { kafka } = bench;
      const { input, records, added } = restartInput(bench, series);
      const app = make(bench, bench.newRun(), input.raw);
      let filled = records;
      const more = () => {
        filled += added;
        return kafka.fill(input, filled);
      };
      const point = (of: string, figures: Figures): Point => ({
        case: `${name}-${of}`,
        series,
        records: added,
        figures,
      });
      const points: Point[] = [];
      try {
        await begin(bench, app, input, records);
        await app.stop();
        await more();
        points.push(point("warm", await startAgain(bench, app, added, performance.now())));
        const killedMs = performance.now();
        await app.kill();
        await more();
        points.push(point("killed", await startAgain(bench, app, added, killedMs)));
        await app.stop();
        app.wipe();
        await more();
        points.push(point("wiped", await startAgain(bench, app, added, performance.now())));
        await app.stop();
        return points;
      } finally {
        await app.kill();
        app.wipe();
        await kafka.dropInput(input);
      }
    },
  };
}

/** Two hosts of both services, each with warm copies of the other's tasks; the first is killed. */
function takeoverStep(series: number): Step {
  return {
    name: `takeover by standbys, ${series} series`,
    async measure(bench) {
      const { kafka } = bench;
      const { input, records, added } = restartInput(bench, series);
      const run = bench.newRun();
      const host = (name: string) =>
        new RegattaApp({
          kafka,
          run,
          host: name,
          services: BOTH,
          raw: input.raw,
          environment: { STANDBY_REPLICAS: "1" },
        });
      const [first, second] = [host("a"), host("b")];
      const hosts = new Hosts([first, second]);
      try {
        await begin(bench, hosts, input, records);
        await standbysAreThere([first, second]);
        const from = await kafka.visibleEnd(hosts.output);
        const killedMs = performance.now();
        await first.kill();
        await kafka.fill(input, records + added);
        const figures = await timeResults(bench, second, added, from, killedMs);
        await second.stop();
        return [{ case: "both-standby", series, records: added, figures }];
      } finally {
        await hosts.kill();
        hosts.wipe();
        await kafka.dropInput(input);
      }
    },
  };
}

/** Brings an application through its input. */
async function begin({ kafka }: Bench, app: App, input: Input, records: number): Promise<void> {
  await kafka.fill(input, records);
  await kafka.makeTopic(app.output);
  app.start();
  await followResults(kafka, app, records * app.resultsPerRecord);
}

async function startAgain(bench: Bench, app: App, records: number, fromMs: number): Promise<Figures> {
  const from = await bench.kafka.visibleEnd(app.output);
  app.start();
  return timeResults(bench, app, records, from, fromMs);
}

/** @param from where the results ended before @param fromMs moment of performance.now() that times count from */
async function timeResults(
  { kafka }: Bench,
  app: App,
  records: number,
  from: number,
  fromMs: number,
): Promise<Figures> {
  const others = new OtherWatch(kafka);
  const watch = new ProcessWatch(() => app.pids);
  try {
    const before = watch.cpuSecondsAt(0);
    const progress = await followResults(kafka, app, records * app.resultsPerRecord, from);
    const cpuSeconds = watch.cpuSecondsAt(progress.endMs) - before;
    return {
      firstResultSeconds: (momentOf(progress, MARKERS_MAX + 1) - fromMs) / 1000,
      allResultsSeconds: (progress.endMs - fromMs) / 1000,
      cpuSeconds,
      peakMiB: watch.peakMiB,
      otherShare: others.share(cpuSeconds),
    };
  } finally {
    watch.stop();
  }
}
