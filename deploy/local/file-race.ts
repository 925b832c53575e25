/** A file that is raced: its folder, its services' settings, and whether it is the race that was begun there. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { openReplay, progressKey } from "../../services/producer/replay-source.js";
import { producerSettings } from "../../services/producer/settings.js";
import { readSettings, type Settings } from "../../shared/config.js";
import { ConfigurationError, messageOf } from "../../shared/errors.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { partitionsFrom } from "../../shared/kafka/topic-reader.js";
import { type FileRequest, STANDARD_INPUT } from "./file-options.js";
import type { ReplayedFile } from "./replay-question.js";
import { spoolInput } from "./standard-input.js";

export interface FileRace {
  readonly topic: string;
  readonly file: ReplayedFile & {
    /** What it is found to be, for people. */
    readonly detected: string;
  };
  /** Of this race alone: broker, state and logs. */
  readonly directory: string;
  /** Settings of the services, by environment variable. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What must stay as it was when the race was begun: all settings but the rate. */
  readonly basis: Readonly<Record<string, string>>;
}

const basisSchema = z.record(z.string(), z.string());

/**
 * Makes a race of a file.
 * @param directory folder of all local runs
 * @param signal    ends the reading of standard input
 * @returns undefined where the signal came
 * @throws {ConfigurationError} the file cannot be read or has not the columns that are asked for
 */
export async function fileRace(
  request: FileRequest,
  directory: string,
  signal: AbortSignal,
): Promise<FileRace | undefined> {
  const { from, topic, application, settings } = request;
  const folder = join(directory, "from", topic);
  const path = await pathOf(from, join(folder, "input"), signal);
  if (path === undefined) return undefined;
  const environment = {
    ...settings,
    REPLAY_FILE: path,
    REPLAY_TOPIC: topic,
    APPLICATION_ID: `${application}-${topic}`,
  };
  const replay = readSettings(producerSettings, environment);
  const detected = detectedForm(replay);
  const { RATE, ...kept } = settings;
  const told = Object.entries({ ...kept, REPLAY_FILE: path });
  return {
    topic,
    file: { name: from === STANDARD_INPUT ? "standard input" : from, path, key: progressKey(replay), detected },
    directory: folder,
    environment,
    basis: Object.fromEntries(told.filter((entry): entry is [string, string] => (entry[1] ?? "") !== "")),
  };
}

async function pathOf(from: string, inputDirectory: string, signal: AbortSignal): Promise<string | undefined> {
  if (from !== STANDARD_INPUT) return resolve(from);
  const stop = () => process.stdin.destroy();
  signal.addEventListener("abort", stop);
  try {
    return await spoolInput(process.stdin, inputDirectory, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** What the file is found to be; a column that it lacks, or that holds no numbers, is told before anything is sent. */
function detectedForm(replay: Settings<typeof producerSettings>): string {
  try {
    const { detected, bytes } = openReplay(replay);
    bytes.close();
    return detected;
  } catch (error) {
    throw new ConfigurationError([`--from ${replay.replayFile}: ${messageOf(error)}`]);
  }
}

/** Forgets what the race was begun with. */
export function forgetFileRace({ directory }: FileRace): void {
  for (const path of [basisFile(directory), finishFile(directory)]) rmSync(path, { force: true });
}

/** Keeps what the race is begun with, before its first record is sent. */
export function keepBasis({ directory, basis }: FileRace): void {
  writeFileSync(basisFile(directory), JSON.stringify(basis));
}

/** @throws {ConfigurationError} another race was begun in the folder: its series would continue with rows that are not theirs */
export function refuseOtherBasis({ directory, basis, topic }: FileRace): void {
  const path = basisFile(directory);
  if (!existsSync(path)) return;
  const begun = basisSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  const names = [...new Set([...Object.keys(begun), ...Object.keys(basis)])];
  const faults = names
    .filter((name) => begun[name] !== basis[name])
    .map(
      (name) =>
        `${name} is ${shown(basis[name])}, but the race ${topic} was begun with ${shown(begun[name])}: begin it anew with --fresh, ` +
        "or race this one beside it with --topic <another name>",
    );
  if (faults.length > 0) throw new ConfigurationError(faults);
}

/** Rows of the file at the end of the last run that came to an end; undefined where none did. */
export function finishedRows({ directory }: FileRace): number | undefined {
  const path = finishFile(directory);
  return existsSync(path) ? z.number().parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** Keeps how many rows are forecast. */
export function keepFinish({ directory }: FileRace, rows: number): void {
  writeFileSync(finishFile(directory), JSON.stringify(rows));
}

/** Whether a race was begun in the folder. */
export const isBegun = ({ directory }: FileRace): boolean => existsSync(basisFile(directory));

/**
 * @throws {ConfigurationError} the topic has records that are not of this race: they would be forecast among its own
 * @throws {KafkaError} the broker does not answer
 */
export async function refuseUsedTopic(client: ClientOptions, topic: string): Promise<void> {
  const admin = new Admin(client);
  try {
    const found = (await admin.describe([topic])).get(topic);
    if (found === undefined) return;
    const ends = await admin.ends(partitionsFrom(topic, found.partitions), "uncommitted");
    if (ends.every(({ position }) => position === 0)) return;
  } finally {
    await admin.disconnect();
  }
  throw new ConfigurationError([
    `topic ${topic} has records already: race the file on another one with --topic <name>`,
  ]);
}

const shown = (text: string | undefined): string => text ?? "not set";

const basisFile = (directory: string): string => join(directory, "race.json");

const finishFile = (directory: string): string => join(directory, "finished.json");
