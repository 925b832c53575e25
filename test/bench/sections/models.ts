/** Section `models`: refits of ml-racer's models per second of processor time, beside scikit-learn's in turn, and ml-racer end to end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { median } from "../../support/statistics.js";
import { RegattaApp } from "../app.js";
import { throughputOf } from "../measure.js";
import type { Bench, Point, Section } from "../section.js";
import { linearInput } from "./throughput.js";

const SERIES = 100;
/** Each record is three refits: fewer of them take as long. */
const END_TO_END_PART = 0.03;
const ROUNDS = 3;
const PROGRAM = fileURLToPath(new URL("../model-bench.js", import.meta.url));

/** A line of model-bench: microseconds of a refit in each round, theirs empty where they were not asked. */
const lineSchema = z.object({
  stream: z.string(),
  kind: z.string(),
  ours: z.array(z.number()),
  theirs: z.array(z.number()),
});

export const models: Section = {
  name: "models",
  doc: "refits per second of processor time beside scikit-learn, and ml-racer end to end",
  steps: () => [
    { name: "refits of each model", measure: measureRefits },
    {
      name: "ml-racer from observations",
      async measure(bench) {
        const records = Math.max(10, Math.round(END_TO_END_PART * bench.records));
        const input = linearInput(SERIES, "observations");
        await bench.kafka.fill(input, records);
        const app = new RegattaApp({ kafka: bench.kafka, run: bench.newRun(), services: ["ml-racer"], raw: input.raw });
        return [{ case: "ml", series: SERIES, records, figures: await throughputOf(bench.kafka, app, records) }];
      },
    },
  ],
  peerOf: (name) => (name === "ml" || name.startsWith("scikit-learn") ? undefined : `scikit-learn ${name}`),
  speedOf: ({ refitsPerCpuSecond }) => refitsPerCpuSecond,
};

async function measureRefits({ withPeers }: Bench): Promise<readonly Point[]> {
  const together = withPeers ? await runModelBench([]) : undefined;
  // Without Python there is nobody to compare with.
  return together ?? (await runModelBench(["--alone"])) ?? [];
}

/** @returns undefined where the program has said why it could not */
async function runModelBench(options: readonly string[]): Promise<readonly Point[] | undefined> {
  const child = spawn(process.execPath, [PROGRAM, "--json", "--rounds", String(ROUNDS), ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) return undefined;
  const lines = text.trimEnd().split("\n");
  return lines.flatMap((line) => pointsOf(lineSchema.parse(JSON.parse(line))));
}

function pointsOf({ stream, kind, ours, theirs }: z.infer<typeof lineSchema>): Point[] {
  const point = (of: string, microseconds: readonly number[]): Point => ({
    case: `${of}, ${stream}`,
    series: 1,
    records: microseconds.length,
    figures: { refitsPerCpuSecond: 1e6 / median(microseconds) },
  });
  return [point(kind, ours), ...(theirs.length === 0 ? [] : [point(`scikit-learn ${kind}`, theirs)])];
}
