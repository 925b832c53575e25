/** The codec without WebAssembly: what the module has to do, in plain words. Tests hold the module against it. */
import { STEP, STEP_WORDS } from "./layout-steps.js";
import { codecBytes, codecMemory, KEY_BYTES, numbers, regions, STAGED_BYTES_MAX } from "./memory.js";
import type { NumberCodec } from "./number-codec.js";
import { finite, NUMBER_TEXT_BYTES_MAX } from "./number-text.js";

const NUMBER = "-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?";
const LIST = new RegExp(`^\\[${NUMBER}(?:, ?${NUMBER})*\\]$`);
const PLAIN = "[ !#-\\[\\]-~]*";
const PLAIN_WITHOUT_SLASH = "[ !#-.0-\\[\\]-~]*";
const OBSERVATION = new RegExp(
  `^\\{"topic":"(${PLAIN_WITHOUT_SLASH})","series":"(${PLAIN})","i":(${NUMBER}),"y":(${NUMBER}),"x":(\\[${NUMBER}(?:,${NUMBER})*\\])\\}$`,
);
const WHOLE_PLAIN = new RegExp(`^${PLAIN}$`);
/** Bytes before the topic, and between topic and series. */
const BEFORE_TOPIC = '{"topic":"'.length;
const BEFORE_SERIES = '","series":"'.length;
/** Most keys that are remembered. */
const KEYS_MAX = regions.keys.length / KEY_BYTES;

const words = new Uint32Array(codecMemory.buffer);
const textOf = (at: number, length: number): string => codecBytes.toString("latin1", at, at + length);
/** Of a record that is to be read. A longer one is left to the plain way: expressions need a stack that grows with their text. */
const readable = (at: number, end: number): string => (end - at > STAGED_BYTES_MAX ? "" : textOf(at, end - at));

/** See {@link NumberCodec}. */
export function plainCodec(): NumberCodec {
  const names = new Uint32Array(4);
  const key = new Uint32Array(2);
  const keys = new Map<string, number>();
  const keyTexts: string[] = [];
  return {
    names,
    key,
    readObservation(at, end) {
      const [whole, topic, series, i, y, x] = OBSERVATION.exec(readable(at, end)) ?? [];
      if (whole === undefined) return 0;
      const topicAt = at + BEFORE_TOPIC;
      const seriesAt = topicAt + topic.length + BEFORE_SERIES;
      names.set([topicAt, topicAt + topic.length, seriesAt, seriesAt + series.length]);
      return keep([i, y, ...listOf(x)], numbers.length);
    },
    readNumbers(at, end, countMax) {
      const text = readable(at, end);
      return LIST.test(text) ? keep(listOf(text), countMax) : 0;
    },
    isPlain: (at, end) => WHOLE_PLAIN.test(textOf(at, end - at)),
    keyNumber(topicAt, topicLength, seriesAt, seriesLength) {
      const text = `${textOf(topicAt, topicLength)}/${textOf(seriesAt, seriesLength)}`;
      const number = keys.get(text) ?? keys.size;
      if (number >= KEYS_MAX) return -1;
      keys.set(text, number);
      codecBytes.write(text, regions.keys.at, "latin1");
      key.set([regions.keys.at, text.length]);
      return number;
    },
    keyTexts,
    forgetKeys() {
      keys.clear();
      keyTexts.length = 0;
    },
    render(steps, from, listLength, givenAt, givenLength, keyAt, keyLength, out) {
      const given = textOf(givenAt, givenLength);
      const text = textLaidOut(steps, from, listLength, given);
      if (text === undefined) return 0;
      return out + codecBytes.write(textOf(keyAt, keyLength) + text, out, "latin1");
    },
  };
}

const listOf = (text: string): string[] => text.slice(1, -1).split(/, ?/);

function keep(texts: readonly string[], countMax: number): number {
  if (texts.length > Math.min(countMax, numbers.length)) return 0;
  if (texts.some((text) => text.length > NUMBER_TEXT_BYTES_MAX)) return 0;
  const read = texts.map(Number);
  if (!read.every(Number.isFinite)) return 0;
  numbers.set(read);
  return read.length;
}

function textLaidOut(steps: number, from: number, listLength: number, given: string): string | undefined {
  let text = "";
  let next = from;
  for (let step = steps / 4; words[step] !== STEP.end; ) {
    const kind = words[step];
    const taken = kind === STEP.list ? listLength : Number(kind === STEP.number || kind === STEP.choice);
    const values = numbers.subarray(next, next + taken);
    if (!values.every(Number.isFinite)) return undefined;
    next += taken;
    if (kind === STEP.literal) text += textOf(words[step + 1], words[step + 2]);
    else if (kind === STEP.given) text += given;
    else if (kind === STEP.choice) text += choiceOf(words[step + 1], values[0]);
    else text += Array.from(values, finite).join(",");
    step += STEP_WORDS[kind];
  }
  return text;
}

function choiceOf(table: number, choice: number): string {
  const at = table / 4 + 2 * choice;
  return textOf(words[at], words[at + 1]);
}
