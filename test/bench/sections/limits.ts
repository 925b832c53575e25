/** Section `limits`: what the Kafka client alone can do on this machine, and rls-racer beside it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { RegattaApp } from "../app.js";
import { OtherWatch, throughputOf } from "../measure.js";
import { ProcessWatch } from "../process-watch.js";
import type { Bench, Section, Step } from "../section.js";
import { linearInput } from "./throughput.js";

const SERIES = 100;
const PROGRAM = fileURLToPath(new URL("../limits-program.js", import.meta.url));
/** Commits one after the other take milliseconds each: fewer of them tell as much. */
const WORKS = [
  { name: "consume", part: 1 },
  { name: "produce", part: 1 },
  { name: "transactions", part: 1 },
  { name: "relay", part: 1 },
  { name: "commits", part: 0.0005 },
] as const;

const answerSchema = z.object({ seconds: z.number() });

export const limits: Section = {
  name: "limits",
  doc: "what the Kafka client alone can do, without models and state, and rls-racer beside it",
  steps: () => [
    ...WORKS.map(({ name, part }) => limitStep(name, part)),
    {
      name: "rls-racer",
      async measure(bench) {
        const input = linearInput(SERIES, "observations");
        await bench.kafka.fill(input, bench.records);
        const app = new RegattaApp({
          kafka: bench.kafka,
          run: bench.newRun(),
          services: ["rls-racer"],
          raw: input.raw,
        });
        const figures = await throughputOf(bench.kafka, app, bench.records);
        return [{ case: "rls", series: SERIES, records: bench.records, figures }];
      },
    },
  ],
};

/** @param part of the records of a full run */
function limitStep(name: string, part: number): Step {
  return {
    name: `${name} alone`,
    async measure(bench) {
      const records = Math.max(10, Math.round(part * bench.records));
      return [{ case: name, series: SERIES, records, figures: await runProgram(bench, name, records) }];
    },
  };
}

async function runProgram({ kafka, newRun, records: all }: Bench, work: string, records: number) {
  const input = linearInput(SERIES);
  await kafka.fill(input, all);
  const output = `${newRun()}-results`;
  await kafka.makeTopic(output);
  const others = new OtherWatch(kafka);
  const child = spawn(process.execPath, [PROGRAM, kafka.brokers, work, input.raw, output, String(records)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const watch = new ProcessWatch(() => (child.pid === undefined ? [] : [child.pid]));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    // What it has taken by the end of its work is known before it ends.
    watch.sample();
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  watch.stop();
  if (code !== 0) throw new Error(`expected the client's ${work} to end with 0, got ${code}`);
  const { seconds } = answerSchema.parse(JSON.parse(text));
  const cpuSeconds = watch.cpuSecondsAt(Number.POSITIVE_INFINITY);
  return {
    recordsPerSecond: records / seconds,
    cpuSecondsPerMillion: (cpuSeconds / records) * 1e6,
    peakMiB: watch.peakMiB,
    otherShare: others.share(cpuSeconds),
  };
}
