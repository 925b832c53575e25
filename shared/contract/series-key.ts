/** State keys of series whose names are plain text, from the bytes of those names: a key that was seen lately is not decoded again. */
import { codec } from "../numbers/codec.js";
import { codecBytes } from "../numbers/memory.js";
import { isTopicName, TOPIC_NAME_LENGTH_MAX } from "../setting-kinds.js";
import { SERIES_BYTES_MAX } from "./observation-record.js";

/** Stands for names that may not be in a key, which is never empty. */
const REFUSED = "";

/**
 * The state key `<topic>/<series>`; the bytes of both names are in the codec's memory, plain characters, and the topic has no slash.
 * The same text is given for the same key, so that a map finds it at once; where its bytes lie stands in `codec.key`.
 * @returns undefined where `topic` is no name of a topic, or the series is too long
 */
export function seriesKey(
  topicAt: number,
  topicLength: number,
  seriesAt: number,
  seriesLength: number,
): string | undefined {
  if (topicLength > TOPIC_NAME_LENGTH_MAX || seriesLength > SERIES_BYTES_MAX) return undefined;
  let number = codec.keyNumber(topicAt, topicLength, seriesAt, seriesLength);
  if (number === -1) {
    codec.forgetKeys();
    number = codec.keyNumber(topicAt, topicLength, seriesAt, seriesLength);
  }
  const known = codec.keyTexts[number] as string | undefined;
  const key = known ?? newKey(number, topicLength);
  return key === REFUSED ? undefined : key;
}

/** Of the key that the codec has just put. */
function newKey(number: number, topicLength: number): string {
  const [at, length] = codec.key;
  const key = codecBytes.toString("latin1", at, at + length);
  codec.keyTexts[number] = isTopicName(key.slice(0, topicLength)) ? key : REFUSED;
  return codec.keyTexts[number];
}
