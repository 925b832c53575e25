/** The settings of the producer. */
import type { ZodType } from "zod";
import { setting } from "../../shared/config.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { decimalNumber, isTopicName, splitList, textSetting, wholeNumber } from "../../shared/setting-kinds.js";
import { targets } from "./generator.js";
import type { GeneratedTopic } from "./generator-source.js";
import { replayFormats } from "./replay-lines.js";
import { replayFormat } from "./replay-source.js";

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
    doc: `File to replay instead of generating, .${replayFormats.join(" or .")}; RATE is then that of the file`,
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
    doc: "Columns of the file that hold x1 to xn; empty for all others but i",
  }),
  replaySeries: setting(
    "REPLAY_SERIES",
    textSetting((text) => text, "a column"),
    {
      default: "",
      doc: "Column of the file that names the series; empty for one series that bears the file's name",
    },
  ),
};

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
  const known = (path: string) => path === "" || replayFormat(path) !== undefined;
  return textSetting(
    (path) => (known(path) ? path : undefined),
    `a file's name that ends with .${replayFormats.join(" or .")}`,
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
