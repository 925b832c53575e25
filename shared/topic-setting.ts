/**
 * Settings that may differ by topic: `value`, `topic:value`, or several of them separated by `;`. `*:value` is `value`, for values
 * that have a colon themselves. A backslash takes the next character as it stands.
 */
import type { ZodType } from "zod";
import { textSetting } from "./setting-kinds.js";

/** The values of one setting. */
export interface ByTopic<T> {
  /** For topics that have none of their own; undefined where the text gives none. */
  readonly all: T | undefined;
  readonly topics: ReadonlyMap<string, T>;
}

/** The value of a topic; `otherwise` where the setting gives none. */
export function valueFor<T>({ all, topics }: ByTopic<T>, topic: string, otherwise: T): T {
  return topics.get(topic) ?? all ?? otherwise;
}

/** Topics that a setting names, and that are not among those that are read, as sentences. */
export function strayTopics(
  env: string,
  values: ByTopic<unknown> | undefined,
  inputTopics: readonly string[],
): string[] {
  if (values === undefined || inputTopics.length === 0) return [];
  return [...values.topics.keys()]
    .filter((topic) => !inputTopics.includes(topic))
    .map((topic) => `${env} names ${topic}, which is not in INPUT_TOPICS (a value that has a colon: *:${topic}:...)`);
}

/** Topic and value of one entry. */
const ENTRY = /^(?<topic>\*|[a-zA-Z0-9._-]+):(?<value>.*)$/s;

/**
 * @param parse    undefined where a text is no value
 * @param expected what a value is
 * @param between  what stands between two topics
 * @param hasColons whether values have colons, so that an entry which is a value by itself names no topic
 */
export function byTopic<T>(
  parse: (text: string) => T | undefined,
  expected: string,
  { between = ";", hasColons = false } = {},
): ZodType<ByTopic<T>, string> {
  return textSetting((text) => {
    let all: T | undefined;
    const topics = new Map<string, T>();
    for (const entry of splitPlain(text, between)) {
      const isValue = hasColons && parse(entry.trim()) !== undefined;
      const { topic = "*", value = entry } = (isValue ? undefined : ENTRY.exec(entry.trim())?.groups) ?? {};
      const parsed = parse(value.trim());
      if (parsed === undefined || (topic === "*" ? all !== undefined : topics.has(topic))) return undefined;
      if (topic === "*") all = parsed;
      else topics.set(topic, parsed);
    }
    return { all, topics };
  }, `${expected}, or <topic>:<value> for one topic, each topic once, with ; between them`);
}

/** One of `words`; topics may be separated by commas as well. */
export function wordByTopic<const W extends string>(words: readonly W[]): ZodType<ByTopic<W>, string> {
  return byTopic((text) => words.find((word) => word === text), words.join(", "), { between: ";," });
}

/** The parts of `text` between the characters of `between` that have no backslash before them; backslashes stay. */
export function splitPlain(text: string, between: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    if (between.includes(text[at])) parts.push("");
    else if (text[at] === "\\" && at + 1 < text.length) parts[parts.length - 1] += text[at] + text[++at];
    else parts[parts.length - 1] += text[at];
  }
  return parts;
}

/** The text without the backslashes that take the next character as it stands. */
export function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}
