/**
 * Golden stores: what the racers of each format of their state left on disk and in their changelogs after the first
 * {@link GOLDEN_LENGTH} of the records below. Programs that come later must go on from each of them.
 * `test/upgrade/make-golden.ts` makes those of the formats at hand.
 */
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { Level } from "level";
import { z } from "zod";
import { deserializer } from "../../../services/deserializer/service.js";
import { mlRacer } from "../../../services/ml-racer/service.js";
import { rlsRacer } from "../../../services/rls-racer/service.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, observationsTopic } from "../../../shared/contract/topics.js";
import type { AnyProcessor } from "../../driver/topology-driver.js";
import { createTopic, describeTopics, type RawRecord, writeRecords } from "../kafka/kafka-topics.js";

/** What one version of a racer left behind. */
export interface GoldenStore {
  readonly service: AnyProcessor;
  /** Of the values of its store `race`, of the deserializer's `series`. */
  readonly format: number;
  /** Whether its records are questions and labels too: some are open in it, some answered, given up and corrected. */
  readonly late: boolean;
}

export const GOLDEN_STORES: readonly GoldenStore[] = [
  ...[1, 2, 3, 4].map((format) => ({ service: rlsRacer, format, late: false })),
  { service: rlsRacer, format: 4, late: true },
  { service: rlsRacer, format: 5, late: false },
  { service: rlsRacer, format: 5, late: true },
  { service: rlsRacer, format: 6, late: false },
  ...[1, 2].map((format) => ({ service: mlRacer, format, late: false })),
  { service: mlRacer, format: 3, late: true },
];

/** What the deserializer left behind after {@link GOLDEN_RAW_LENGTH} raw records: in format 2 its series were objects yet. */
export const GOLDEN_SERIES: readonly GoldenStore[] = [2, 4].map((format) => ({
  service: deserializer,
  format,
  late: false,
}));
export const GOLDEN_RAW_LENGTH = 40;

/** Observations of the golden stores without questions, and of those with some. */
export const GOLDEN_INPUT = observationsTopic(LINEAR_TOPIC).name;
export const LATE_INPUT = observationsTopic(NON_LINEAR_TOPIC).name;
/** One partition, so that the state is one folder and offsets of the input are known. */
const ENVIRONMENT = { TOPIC_PARTITIONS: "1" };
const SETTINGS = {
  deserializer: { INPUT_TOPICS: LINEAR_TOPIC, LAGS: "2", LAGS_OF: "1:1" },
  "rls-racer": { RLS_MODELS: "rls1:1.0,rls2:0.99" },
  "ml-racer": {
    ML_MODELS: "lin,rf:n_estimators=2,gb:n_estimators=3",
    ML_THREADS: "1",
    WINDOW_LENGTH: "8",
    TRAIN_LENGTH: "6",
  },
};
/** Of the golden stores with questions, whose records are a second apart: the label that never comes is waited for in vain. */
const LATE_WAIT_MS = "20000";
/** Records that a golden store has learned from. */
export const GOLDEN_LENGTH = 60;
/** Time of the first of the records with questions. In the past, since brokers refuse what is ahead of them. */
const LATE_BEGIN = Date.UTC(2025, 0, 1);

const dumpSchema = z.array(
  z.object({ key: z.string(), value: z.string(), headers: z.array(z.record(z.string(), z.string())) }),
);
const manifestSchema = z.looseObject({ positions: z.record(z.string(), z.number()) });
/** A changelog record; `value` is base64. */
export type DumpedRecord = z.infer<typeof dumpSchema>[number];

export function goldenName({ service, format, late }: GoldenStore): string {
  return `${service.name}-${format}${late ? "-late" : ""}`;
}

/** The settings that a golden store was made with. */
export function goldenEnvironment({ service, late }: GoldenStore): Readonly<Record<string, string>> {
  return {
    ...ENVIRONMENT,
    INPUT_TOPICS: late ? LATE_INPUT : GOLDEN_INPUT,
    ...SETTINGS[service.name as keyof typeof SETTINGS],
    ...(late ? { LABEL_WAIT_MS: LATE_WAIT_MS } : {}),
  };
}

/** The records of a golden store's input from number `from` to `to` - 1, which is their offset. */
export function goldenRecords({ late }: Pick<GoldenStore, "late">, from: number, to: number): RawRecord[] {
  return late ? lateRecords(to).slice(from) : plainRecords(to).slice(from);
}

/** The raw records of {@link GOLDEN_SERIES}, as {@link goldenRecords}: two series of one feature in turn, of which lags are made. */
export function goldenRawRecords(from: number, to: number): RawRecord[] {
  return Array.from({ length: to - from }, (_, k) => {
    const place = from + k;
    const numbers = [Math.sin(place * 1.7), Math.cos(place * place * 0.3)].map((number) => number.toFixed(6));
    const value = `[${Math.floor(place / 2)},${numbers.join(",")}]`;
    return { topic: LINEAR_TOPIC, partition: 0, key: `s${place % 2}`, value };
  });
}

/** Two series of two features in turn. */
function plainRecords(to: number): RawRecord[] {
  return Array.from({ length: to }, (_, place) => {
    const series = `s${place % 2}`;
    const value = JSON.stringify({ topic: LINEAR_TOPIC, series, i: Math.floor(place / 2), ...yx(place) });
    return { topic: GOLDEN_INPUT, partition: 0, key: series, value };
  });
}

/** y = 1 + 2 x1 − 3 x2 and a small wave. */
function yx(place: number): { y: number; x: number[] } {
  const x = [Math.sin(place * 1.7), Math.cos(place * place * 0.3)];
  return { y: 1 + 2 * x[0] - 3 * x[1] + 0.1 * Math.sin(place * 5.1), x };
}

/**
 * Two series in turn. Of three i's one is a question, whose label comes four i's later and without features, but that of every
 * fifth question never; every ninth i is corrected.
 */
function lateRecords(to: number): RawRecord[] {
  const records: RawRecord[] = [];
  const put = (series: string, of: { i: number; y: number | null; x?: number[] }) =>
    records.push({
      topic: LATE_INPUT,
      partition: 0,
      key: series,
      value: JSON.stringify({ topic: NON_LINEAR_TOPIC, series, ...of }),
      timestamp: LATE_BEGIN + 1000 * records.length,
    });
  for (let place = 0; records.length < to; place++) {
    const series = `s${place % 2}`;
    const i = Math.floor(place / 2);
    const { y, x } = yx(place);
    const asked = i - 4;
    if (asked >= 0 && asked % 3 === 0 && asked % 15 !== 0) put(series, { i: asked, y: yx(place - 8).y });
    put(series, i % 3 === 0 ? { i, y: null, x } : { i, y, x });
    if (i % 9 === 8) put(series, { i: i - 1, y: yx(place - 2).y + 0.5, x: yx(place - 2).x });
  }
  return records.slice(0, to);
}

/** Where a golden store lies: `store/`, a LevelDB folder, and `<store>-changelog.json` of each store that has some records. */
export function goldenFolder(golden: GoldenStore): string {
  return fileURLToPath(new URL(`../../../../test/upgrade/golden/${goldenName(golden)}`, import.meta.url));
}

/** The stores of a golden store that have a changelog, and its records in the order of their offsets. */
export function readGoldenChangelogs(golden: GoldenStore): ReadonlyMap<string, readonly DumpedRecord[]> {
  const changelogs = new Map<string, readonly DumpedRecord[]>();
  for (const store of Object.keys(golden.service.stores)) {
    const file = join(goldenFolder(golden), `${store}-changelog.json`);
    if (existsSync(file)) changelogs.set(store, dumpSchema.parse(JSON.parse(readFileSync(file, "utf8"))));
  }
  return changelogs;
}

export function changelogOf(application: string, store: string): string {
  return `${application}-${store}-changelog`;
}

/** The ids that topics have on this cluster, by name. */
async function topicIds(brokers: string, names: readonly string[]): Promise<Record<string, string>> {
  return Object.fromEntries([...(await describeTopics(brokers, names))].map(([name, { id }]) => [name, id]));
}

/**
 * Puts the golden changelogs on a cluster, under the names that another application has for them.
 * @param change what becomes of each value's bytes; nothing by default
 */
export async function plantChangelogs(
  brokers: string,
  golden: GoldenStore,
  application: string,
  change = (value: Buffer) => value,
): Promise<void> {
  for (const [store, dumped] of readGoldenChangelogs(golden)) {
    const topic = changelogOf(application, store);
    await createTopic(brokers, topic, 1, { "cleanup.policy": "compact" });
    const records = dumped.map(({ key, value, headers }) => ({
      topic,
      partition: 0,
      key,
      value: value === "" ? null : change(Buffer.from(value, "base64")),
      headers,
    }));
    await writeRecords(brokers, records);
  }
}

/**
 * Puts a golden folder where a service of another application looks for it, and its changelogs on the cluster. Only what names the
 * cluster it was made on is changed in its manifest.
 * @param change  what becomes of each value's bytes; nothing by default
 * @param members of the manifest that are to be others
 * @returns the folder
 */
export async function plantFolder(
  stack: { readonly brokers: string; readonly stateDirectory: string },
  golden: GoldenStore,
  application: string,
  change = (value: Buffer) => value,
  members: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  await plantChangelogs(stack.brokers, golden, application, change);
  const folder = join(stack.stateDirectory, application, "0");
  cpSync(join(goldenFolder(golden), "store"), folder, { recursive: true });
  const level = new Level<string, Buffer>(folder, { valueEncoding: "buffer" });
  const manifest = manifestSchema.parse(JSON.parse(String(await level.get("manifest"))));
  const changelogs = readGoldenChangelogs(golden);
  const { INPUT_TOPICS: input } = goldenEnvironment(golden);
  const moved = {
    ...manifest,
    application,
    topicIds: await topicIds(stack.brokers, [
      input,
      ...[...changelogs.keys()].map((store) => changelogOf(application, store)),
    ]),
    changelogPositions: Object.fromEntries([...changelogs].map(([store, { length }]) => [store, length])),
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
