/** The settings of the producer. */
import type { ZodType } from "zod";
import { setting } from "../../shared/config.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { type Separator, separatorNames, separators } from "../../shared/separators.js";
import { decimalNumber, isTopicName, splitList, textSetting, wholeNumber } from "../../shared/setting-kinds.js";
import { timeUnits } from "../../shared/time-text.js";
import { targets } from "./generator.js";
import type { GeneratedTopic } from "./generator-source.js";
import { fileFormats, formatOf } from "./replay/file-rows.js";
import { decimals } from "./replay/number-text.js";
import { missingRules } from "./replay/row-reader.js";
import { encodings } from "./replay/text-encoding.js";

/** Text of a setting whose value is detected. */
const AUTO = "auto";
const SERIES_MAX = 10_000_000;
const FEATURES_MAX = 1000;
const RATE_MIN = 0.001;
const RATE_MAX = 1_000_000;

export const producerSettings = {
  topics: setting("PRODUCER_TOPICS", generatedTopics(), {
    default: `${LINEAR_TOPIC}:linear,${NON_LINEAR_TOPIC}:nonlinear`,
    doc: `Raw topics to write, each with its target: <topic>:${targets.join(" or <topic>:")}`,
  }),
  series: setting("SERIES", wholeNumber(1, SERIES_MAX), {
    default: "2",
    doc: "Series of each topic, named s0, s1, ...",
  }),
  features: setting("FEATURES", wholeNumber(1, FEATURES_MAX), { default: "10", doc: "Features x1 to xn of a record" }),
  rate: setting("RATE", decimalNumber(RATE_MIN, RATE_MAX), {
    default: "10",
    doc: "Records per second of each topic, over all its series",
  }),
  seed: setting("SEED", wholeNumber(0, Number.MAX_SAFE_INTEGER), {
    default: "0",
    doc: "The same seed gives the same records",
  }),
  records: setting("RECORDS", wholeNumber(0, Number.MAX_SAFE_INTEGER), {
    default: "0",
    doc: "Records of each series after which it ends; 0 for no end",
  }),
  replayFile: setting("REPLAY_FILE", replayFile(), {
    default: "",
    doc: `File to replay instead of generating: .${fileFormats.join(", .")}, each also packed as .gz or .zst; RATE is then that of the file`,
  }),
  replayTopic: setting("REPLAY_TOPIC", topicName(), {
    default: LINEAR_TOPIC,
    doc: "Raw topic that the file is replayed on",
  }),
  replayTarget: setting(
    "REPLAY_TARGET",
    textSetting((text) => text, "a column"),
    {
      default: "y",
      doc: "Column of the file that holds y",
    },
  ),
  replayFeatures: setting("REPLAY_FEATURES", columnList(), {
    default: "",
    doc: "Columns of the file that hold x1 to xn; empty for all others but i, `-` for none",
  }),
  replaySeries: setting(
    "REPLAY_SERIES",
    textSetting((text) => text, "a column"),
    {
      default: "",
      doc: "Column of the file that names the series; empty for one series that bears the file's name",
    },
  ),
  replayTime: setting(
    "REPLAY_TIME",
    textSetting((text) => text, "a column"),
    {
      default: "",
      doc: "Column of the file that holds the record's time, which becomes its timestamp; empty for the time of sending",
    },
  ),
  replayTimeUnit: setting("REPLAY_TIME_UNIT", oneOf(timeUnits), {
    default: "iso",
    doc: "How REPLAY_TIME is written: `iso` (ISO 8601, UTC where it says nothing else), or as the time since 1970 in `s`, `ms` or `us`",
  }),
  replayMissing: setting("REPLAY_MISSING", oneOf(missingRules), {
    default: "reject",
    doc: "A feature without a value: `reject` the row, or send `null` in its place, which INPUT_MISSING of the deserializer acts on",
  }),
  replaySeparator: setting("REPLAY_SEPARATOR", separator(), {
    default: AUTO,
    doc: "What parts the cells of a CSV: `comma`, `semicolon`, `tab` or `pipe` (or `,`, `;`, `|`), or `auto` to detect it",
  }),
  replayDecimal: setting("REPLAY_DECIMAL", detectable(decimals), {
    default: AUTO,
    doc: "What stands before the decimals of a CSV: `.`, `,`, or `auto` to detect it",
  }),
  replayEncoding: setting("REPLAY_ENCODING", detectable(encodings), {
    default: AUTO,
    doc: `Encoding of the file: ${encodings.join(", ")}, or ${AUTO} to detect it by its first 64 kB`,
  }),
};

function oneOf<T extends string>(values: readonly T[]): ZodType<T, string> {
  return textSetting((text) => values.find((value) => value === text), values.join(" or "));
}

/** One of `values`; undefined for what is to be detected. */
function detectable<T extends string>(values: readonly T[]): ZodType<T | undefined, string> {
  const parsed = (text: string) => values.find((value) => value === text);
  return optionalAuto(parsed, `${values.join(" or ")} or ${AUTO}`);
}

function separator(): ZodType<Separator | undefined, string> {
  const parsed = (text: string) => {
    const found = separatorNames.find((name) => name === text || separators[name] === text);
    return found && separators[found];
  };
  return optionalAuto(parsed, `${separatorNames.join(" or ")} or ${AUTO}`);
}

function optionalAuto<T>(parse: (text: string) => T | undefined, expected: string): ZodType<T | undefined, string> {
  return textSetting((text) => {
    if (text === AUTO) return { value: undefined };
    const value = parse(text);
    return value === undefined ? undefined : { value };
  }, expected).transform(({ value }) => value);
}

/** A comma-separated list of `<topic>:<target>`, no topic twice. */
function generatedTopics(): ZodType<readonly GeneratedTopic[], string> {
  return textSetting(
    (text) => {
      const parts = splitList(text).map(generatedTopic);
      const list = parts.filter((part) => part !== undefined);
      const distinct = new Set(list.map(({ name }) => name)).size === parts.length;
      return distinct ? list : undefined;
    },
    `different topics with their targets, separated by commas: <topic>:${targets.join(" or <topic>:")}`,
  );
}

function generatedTopic(text: string): GeneratedTopic | undefined {
  const [name, targetText, ...rest] = text.split(":");
  const target = targets.find((known) => known === targetText);
  return target !== undefined && rest.length === 0 && isTopicName(name) ? { name, target } : undefined;
}

function replayFile(): ZodType<string, string> {
  const known = (path: string) => path === "" || formatOf(path) !== undefined;
  return textSetting(
    (path) => (known(path) ? path : undefined),
    `a file's name that ends with .${fileFormats.join(", .")}, perhaps with .gz or .zst behind it`,
  );
}

function topicName(): ZodType<string, string> {
  return textSetting((name) => (isTopicName(name) ? name : undefined), "the name of a topic");
}

/** A comma-separated list of different columns, perhaps empty. */
function columnList(): ZodType<readonly string[], string> {
  return textSetting((text) => {
    const names = text === "" ? [] : splitList(text);
    return new Set(names).size === names.length && !names.includes("") ? names : undefined;
  }, "different columns separated by commas");
}
