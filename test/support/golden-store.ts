/**
 * Golden stores: what rls-racer of each format of its state left on disk and in its changelog after the first
 * {@link GOLDEN_LENGTH} of the observations below. Programs that come later must go on from each of them.
 * `test/upgrade/make-golden.ts` makes the one of the format at hand.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { LINEAR_TOPIC, observationsTopic } from "../../shared/topics.js";
import type { RawRecord } from "./kafka-topics.js";

/** The service that made the stores; its name is that of its folder. */
export const GOLDEN_APPLICATION = "regatta-rls-racer";
export const GOLDEN_INPUT = observationsTopic(LINEAR_TOPIC).name;
export const GOLDEN_CHANGELOG = `${GOLDEN_APPLICATION}-race-changelog`;
/** One partition, so that the state is one folder and offsets of the input are known. */
export const GOLDEN_ENVIRONMENT = { TOPIC_PARTITIONS: "1", RLS_MODELS: "rls1:1.0,rls2:0.99" } as const;
/** Observations that a golden store has learned from. */
export const GOLDEN_LENGTH = 60;

const dumpSchema = z.array(
  z.object({ key: z.string(), value: z.string(), headers: z.array(z.record(z.string(), z.string())) }),
);
/** A changelog record; `value` is base64. */
export type DumpedRecord = z.infer<typeof dumpSchema>[number];

/**
 * The records of the input from number `from` to `to` - 1, which is their offset. Two series of two features,
 * y = 1 + 2 x1 − 3 x2 and a small wave.
 */
export function goldenRecords(from: number, to: number): RawRecord[] {
  return Array.from({ length: to - from }, (_, k) => {
    const place = from + k;
    const series = `s${place % 2}`;
    const x = [Math.sin(place * 1.7), Math.cos(place * place * 0.3)];
    const y = 1 + 2 * x[0] - 3 * x[1] + 0.1 * Math.sin(place * 5.1);
    const value = JSON.stringify({ topic: LINEAR_TOPIC, series, i: Math.floor(place / 2), y, x });
    return { topic: GOLDEN_INPUT, partition: 0, key: series, value };
  });
}

/** Where the golden store of a format lies: `store/`, a LevelDB folder, and `changelog.json`. */
export function goldenFolder(format: number): string {
  return fileURLToPath(new URL(`../../../test/upgrade/golden/format-${format}`, import.meta.url));
}

/** The changelog of a format, in the order of its offsets. */
export function readGoldenChangelog(format: number): DumpedRecord[] {
  return dumpSchema.parse(JSON.parse(readFileSync(`${goldenFolder(format)}/changelog.json`, "utf8")));
}
