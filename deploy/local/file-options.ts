/**
 * The options of `npm start -- --from`: a file of one's own in place of the generator. Each is a setting of the service that acts on
 * it; this command hands them on and has no rules of its own.
 */
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { nonEmpty } from "../../shared/config.js";
import { ConfigurationError } from "../../shared/errors.js";
import { isTopicName } from "../../shared/setting-kinds.js";

/** Records a second that no machine reaches: as fast as it can. */
const FULL_RATE = "1000000";
/** What follows the name proper of a file of data. */
const ENDINGS = /(\.(csv|tsv|txt|jsonl|ndjson|gz|zst))+$/i;
/** Longest topic of a file: other names are made from it. */
const TOPIC_LENGTH_MAX = 80;
/** APPLICATION_ID of a race is this one's, or its default, and the topic: each race has groups and changelogs of its own. */
const APPLICATION = "regatta";
/** `--from -` reads standard input. */
export const STANDARD_INPUT = "-";

interface FileOption {
  readonly flags: string;
  /** Environment variable of the setting that it stands for. */
  readonly setting: string;
  readonly doc: string;
}

const option = (flags: string, setting: string, doc: string): FileOption => ({ flags, setting, doc });

/** What a file is told besides its name; `--series` and `--features` serve the generator, too. */
const FILE_OPTIONS = {
  target: option("--target <column>", "REPLAY_TARGET", "column of y (default: y)"),
  lags: option("--lags <number>", "LAGS", "so many last values of y of the series become features"),
  lagsOf: option("--lags-of <features>", "LAGS_OF", "the last values of features too, by their numbers: 1:3,4:1"),
  time: option("--time <column>", "REPLAY_TIME", "column of the record's time"),
  timeUnit: option("--time-unit <unit>", "REPLAY_TIME_UNIT", "how it is written: iso, s, ms or us (default: iso)"),
  calendar: option("--calendar <parts>", "CALENDAR", "what of the time becomes features: hour,weekday,month"),
  separator: option(
    "--separator <sign>",
    "REPLAY_SEPARATOR",
    "between two cells: comma, semicolon, tab or pipe, or the sign itself (default: detected)",
  ),
  decimal: option("--decimal <sign>", "REPLAY_DECIMAL", "decimal mark, . or , (default: detected)"),
  encoding: option("--encoding <name>", "REPLAY_ENCODING", "utf-8 or latin1 (default: detected)"),
} as const satisfies Readonly<Record<string, FileOption>>;

/** What `--missing` may be. */
const MISSING_RULES = ["reject", "skip", "last"] as const;

/** The settings that `--series` and `--features` stand for beside `--from`. */
const SHARED_OPTIONS = { series: "REPLAY_SERIES", features: "REPLAY_FEATURES" } as const;

type FileOptionName = keyof typeof FILE_OPTIONS;

/** What the command line says of a file; undefined where it says nothing. */
export type FileOptions = { readonly [K in FileOptionName]?: string } & {
  /** The file, or {@link STANDARD_INPUT}. */
  readonly from?: string;
  /** Raw topic that it is raced on. */
  readonly topic?: string;
  /** What is done with a feature that has no value. */
  readonly missing?: (typeof MISSING_RULES)[number];
  readonly dryRun?: boolean;
};

/** Declares the options of a file. */
export function addFileOptions(command: Command): Command {
  command
    .option("--dry-run", "with --from: show the first observations as they would race, and send nothing")
    .option("--from <file>", "race a file, CSV or JSON Lines, also .gz or .zst (- for standard input), to its end")
    .option(
      "--topic <name>",
      "with --from: raw topic that it is raced on, which names the race (default: the file's name)",
    );
  const missing =
    "with --from: a feature without a value: the row is refused or passed over, or the last value of its series taken";
  command.addOption(new Option("--missing <rule>", `${missing} (default: reject)`).choices(MISSING_RULES));
  for (const { flags, doc } of Object.values(FILE_OPTIONS)) command.addOption(new Option(flags, `with --from: ${doc}`));
  return command;
}

/** A file to race, as the command line names it. */
export interface FileRequest {
  /** As it was given: a path, or {@link STANDARD_INPUT}. */
  readonly from: string;
  /** Raw topic, which also names the race's folder. */
  readonly topic: string;
  /** What APPLICATION_ID begins with. */
  readonly application: string;
  /** Settings of producer and deserializer by environment variable, without the file itself. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * The file that the command line asks to race; undefined where it asks for none.
 * @param environment holds settings that the command line leaves unsaid
 * @throws {ConfigurationError} options that do not go together
 */
export function fileRequest(
  options: FileOptions & {
    readonly series?: string;
    readonly features?: string;
    readonly rate?: string;
    seed?: string;
  },
  environment: Readonly<Record<string, string | undefined>>,
): FileRequest | undefined {
  const { from, topic, missing, dryRun, seed } = options;
  const said = entriesOf(FILE_OPTIONS).filter(([name]) => options[name] !== undefined);
  if (from === undefined) {
    const alone = said.map(([, { flags }]) => flags.split(" ")[0]);
    if (topic !== undefined) alone.push("--topic");
    if (missing !== undefined) alone.push("--missing");
    if (dryRun === true) alone.push("--dry-run");
    if (alone.length > 0) throw new ConfigurationError(alone.map((flag) => `${flag}: goes with --from <file>`));
    return undefined;
  }
  if (seed !== undefined) throw new ConfigurationError(["--seed: goes with generated records, not with --from"]);
  const settings: Record<string, string> = { RATE: options.rate ?? FULL_RATE };
  const names = entriesOf(FILE_OPTIONS).map(([name, { setting }]) => [name, setting] as const);
  for (const [name, setting] of [...names, ...entriesOf(SHARED_OPTIONS)]) {
    const text = options[name] ?? environment[setting];
    if (text !== undefined) settings[setting] = text;
  }
  if (nonEmpty(settings.CALENDAR) !== undefined && nonEmpty(settings.REPLAY_TIME) === undefined) {
    throw new ConfigurationError(["--calendar: needs --time <column>, the time of sending says nothing of the rows"]);
  }
  const raced = topicOf(topic ?? nonEmpty(environment.REPLAY_TOPIC), from);
  if (missing !== undefined && missing !== "reject") {
    settings.REPLAY_MISSING = "null";
    settings.INPUT_MISSING = `${raced}:${missing}`;
  }
  const application = nonEmpty(environment.APPLICATION_ID) ?? APPLICATION;
  return { from, topic: raced, application, settings };
}

/** @throws {ConfigurationError} Kafka does not take the name */
function topicOf(asked: string | undefined, from: string): string {
  if (asked === undefined) return from === STANDARD_INPUT ? "stdin" : nameOf(from);
  if (isTopicName(asked, TOPIC_LENGTH_MAX)) return asked;
  throw new ConfigurationError([
    `--topic ${asked}: expected 1 to ${TOPIC_LENGTH_MAX} of the characters a-z A-Z 0-9 . _ -`,
  ]);
}

/** The file's name without its endings, with `_` for what no topic's name may have. */
function nameOf(path: string): string {
  const name = basename(path)
    .replace(ENDINGS, "")
    .replaceAll(/[^a-zA-Z0-9._-]/g, "_")
    .slice(0, TOPIC_LENGTH_MAX);
  return isTopicName(name) ? name : "data";
}

function entriesOf<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}
