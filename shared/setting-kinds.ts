/** The kinds of settings that several services have: whole numbers, decimal numbers, topic names, threads. */
import { type ZodType, z } from "zod";
import { MIB, memoryLimitBytes } from "./memory-budget.js";
import { processorLimit } from "./processor-limit.js";

/** Longest name that Kafka gives a topic, in characters. */
export const TOPIC_NAME_LENGTH_MAX = 249;

/** Most worker threads that a process may be told to have. */
const THREADS_MAX = 64;
/** Most worker threads with `auto`: a machine of many cores has other work too. */
const THREADS_AUTO_MAX = 16;
/** With `auto` there is no more than a thread for each so much memory: its heap and its models take some 10 MiB. */
const THREAD_MEMORY_BYTES = 64 * MIB;

const WHOLE_NUMBER = /^-?[0-9]+$/;
const DECIMAL_NUMBER = /^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/;
const TOPIC_NAME = /^[a-zA-Z0-9._-]+$/;

/**
 * A text that `parse` turns into a value.
 * @param parse    undefined where the text is not such a value
 * @param expected what the fault says was expected
 */
export function textSetting<T>(parse: (text: string) => T | undefined, expected: string): ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", message: `expected ${expected}`, input: text });
    return z.NEVER;
  });
}

/** A whole number from `min` to `max`, both safe integers. */
export function wholeNumber(min: number, max: number): ZodType<number, string> {
  return textSetting((text) => within(WHOLE_NUMBER, text, min, max), `a whole number from ${min} to ${max}`);
}

/** What `schema` takes; an empty text stands for undefined. */
export function optional<T>(schema: ZodType<T, string>): ZodType<T | undefined, string> {
  return z.string().transform((text, context) => {
    if (text === "") return undefined;
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    for (const { message } of parsed.error.issues) context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  });
}

/**
 * A number of worker threads, 1 to {@link THREADS_MAX}; `auto` is one for each processor that this process may use, but at
 * most {@link THREADS_AUTO_MAX} and one for each {@link THREAD_MEMORY_BYTES}. No processor is kept free for the main thread: it
 * sleeps most of the time, and the system wakes it at once. It cannot be 0: a model that does not answer could not be ended in the main
 * thread.
 */
export function threadCount(): ZodType<number, string> {
  return textSetting(
    (text) =>
      text === "auto"
        ? automaticThreads(processorLimit(), memoryLimitBytes())
        : within(WHOLE_NUMBER, text, 1, THREADS_MAX),
    `auto or a whole number from 1 to ${THREADS_MAX}`,
  );
}

/** The threads that `auto` stands for. */
export function automaticThreads(processors: number, memoryBytes: number): number {
  return Math.max(1, Math.min(processors, Math.floor(memoryBytes / THREAD_MEMORY_BYTES), THREADS_AUTO_MAX));
}

/** A number from `min` to `max`, in decimal notation without exponent. */
export function decimalNumber(min: number, max: number): ZodType<number, string> {
  return textSetting((text) => within(DECIMAL_NUMBER, text, min, max), `a number from ${min} to ${max}`);
}

/**
 * A comma-separated list of at least one topic name, none of them twice.
 * @param lengthMax longest name in characters, for topics whose name other names are made from
 */
export function topicList(lengthMax: number = TOPIC_NAME_LENGTH_MAX): ZodType<readonly string[], string> {
  return textSetting((text) => {
    const names = splitList(text);
    const distinct = new Set(names).size === names.length;
    return distinct && names.every((name) => isTopicName(name, lengthMax)) ? names : undefined;
  }, `different topic names separated by commas, each of 1 to ${lengthMax} of the characters a-z A-Z 0-9 . _ -`);
}

/** Whether Kafka takes `name` as the name of a topic, and it has at most `lengthMax` characters. */
export function isTopicName(name: string, lengthMax: number = TOPIC_NAME_LENGTH_MAX): boolean {
  return TOPIC_NAME.test(name) && name.length <= lengthMax && name !== "." && name !== "..";
}

/** The parts of a comma-separated list, without the blanks around them. */
export function splitList(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function within(form: RegExp, text: string, min: number, max: number): number | undefined {
  const value = form.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
