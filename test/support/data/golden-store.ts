/**
 * Golden stores: what rls-racer of each format of its state left on disk and in its changelog after the first
 * {@link GOLDEN_LENGTH} of the observations below. Programs that come later must go on from each of them.
 * `test/upgrade/make-golden.ts` makes the one of the format at hand.
 */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { Level } from "level";
import { z } from "zod";
import { LINEAR_TOPIC, observationsTopic } from "../../../shared/contract/topics.js";
import { createTopic, describeTopics, type RawRecord, writeRecords } from "../kafka/kafka-topics.js";

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
const manifestSchema = z.looseObject({ positions: z.record(z.string(), z.number()) });
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
  return fileURLToPath(new URL(`../../../../test/upgrade/golden/format-${format}`, import.meta.url));
}

/** The changelog of a format, in the order of its offsets. */
export function readGoldenChangelog(format: number): DumpedRecord[] {
  return dumpSchema.parse(JSON.parse(readFileSync(`${goldenFolder(format)}/changelog.json`, "utf8")));
}

/** The ids that topics have on this cluster, by name. */
async function topicIds(brokers: string, names: readonly string[]): Promise<Record<string, string>> {
  return Object.fromEntries([...(await describeTopics(brokers, names))].map(([name, { id }]) => [name, id]));
}

/**
 * Puts the golden changelog of a format on a cluster, under the name that another application has for it.
 * @param change what becomes of each value's bytes; nothing by default
 * @returns the name of the changelog
 */
export async function plantChangelog(
  brokers: string,
  format: number,
  application: string,
  change = (value: Buffer) => value,
): Promise<string> {
  const topic = `${application}-race-changelog`;
  await createTopic(brokers, topic, 1, { "cleanup.policy": "compact" });
  const records = readGoldenChangelog(format).map(({ key, value, headers }) => ({
    topic,
    partition: 0,
    key,
    value: change(Buffer.from(value, "base64")),
    headers,
  }));
  await writeRecords(brokers, records);
  return topic;
}

/**
 * Puts the golden folder of a format where a service of another application looks for it, and its changelog on the cluster. Only
 * what names the cluster it was made on is changed in its manifest.
 * @param change  what becomes of each value's bytes; nothing by default
 * @param members of the manifest that are to be others
 * @returns the folder
 */
export async function plantFolder(
  stack: { readonly brokers: string; readonly stateDirectory: string },
  format: number,
  application: string,
  change = (value: Buffer) => value,
  members: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const changelog = await plantChangelog(stack.brokers, format, application, change);
  const folder = join(stack.stateDirectory, application, "0");
  cpSync(join(goldenFolder(format), "store"), folder, { recursive: true });
  const level = new Level<string, Buffer>(folder, { valueEncoding: "buffer" });
  const manifest = manifestSchema.parse(JSON.parse(String(await level.get("manifest"))));
  const moved = {
    ...manifest,
    application,
    topicIds: await topicIds(stack.brokers, [GOLDEN_INPUT, changelog]),
    changelogPositions: { race: readGoldenChangelog(format).length },
    ...members,
  };
  await level.put("manifest", Buffer.from(JSON.stringify(moved)));
  for await (const [key, value] of level.iterator({ gte: "v/", lt: "v0" })) await level.put(key, change(value));
  await level.close();
  return folder;
}

/** The same value as another format would name it, with a checksum that holds. */
export function withFormat(value: Buffer, format: number): Buffer {
  const changed = Buffer.from(value);
  changed[4] = format;
  changed.writeUInt32LE(crc32(changed.subarray(4)), 0);
  return changed;
}
