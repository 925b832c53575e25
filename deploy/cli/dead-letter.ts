/** A record of the topic of dead letters, told apart into what rejected it and the record that it was. Pure. */
import { DEAD_LETTER_HEADERS } from "../../shared/contract/dead-letter.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { headerEntry, headerOf, withoutOwn } from "../../shared/kafka/record-headers.js";
import type { Offset } from "../../shared/kafka/topic-partition.js";
import type { RecordHeaders } from "../../shared/service-definition.js";

/** Header of a record that was sent back: the dead letter that it comes from. */
const REDRIVEN_HEADER = "regatta-redriven-from";
const WHOLE_NUMBER = /^[0-9]{1,16}$/;

export interface DeadLetterRecord {
  /** Where the letter lies. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly reason: string;
  /** Why it was rejected, in words; empty where the letter does not say. */
  readonly message: string;
  /** The service that rejected it. */
  readonly service: string;
  /** Where the record was; without partition and offset where the producer could not write it. */
  readonly origin: { readonly topic: string; readonly partition?: number; readonly offset?: Offset };
  /** The record's, in ms since the epoch; undefined where it had none. */
  readonly timestamp: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The record's own, under their own names. */
  readonly headers: RecordHeaders;
  /** Whether the value is not the record's, but tells its length and SHA-256: the record was too large for the topic. */
  readonly isEnvelope: boolean;
}

/** @returns undefined where the record is no letter of a service: it names no reason, service or topic */
export function deadLetterOf(record: ConsumedRecord): DeadLetterRecord | undefined {
  const { topic: lies, partition, offset, key = null, value, headers = [] } = record;
  const own = ownTexts(headers);
  const { reason, message = "", service, topic } = own;
  if (reason === undefined || service === undefined || topic === undefined) return undefined;
  const from = numberOf(own.partition);
  const at = numberOf(own.offset);
  return {
    topic: lies,
    partition,
    offset,
    reason,
    message,
    service,
    origin: {
      topic,
      ...(from === undefined ? {} : { partition: from }),
      ...(at === undefined ? {} : { offset: at }),
    },
    timestamp: numberOf(own.timestamp) ?? record.timestamp,
    key,
    value,
    headers: withoutOwn(headers, DEAD_LETTER_HEADERS),
    isEnvelope: own.envelope !== undefined,
  };
}

/** The headers of a letter's record when it is sent back: its own, byte for byte, and the letter that it comes from. */
export function redrivenHeaders(letter: DeadLetterRecord): RecordHeaders {
  // A record that was sent back and rejected again names its last letter alone.
  const own = letter.headers.filter((header) => headerEntry(header)[0] !== REDRIVEN_HEADER);
  return [...own, headerOf(REDRIVEN_HEADER, Buffer.from(placeName(letter)))];
}

/** `topic[partition]@offset`; as much of it as is known. */
export function placeName({
  topic,
  partition,
  offset,
}: {
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: Offset;
}): string {
  return `${topic}${partition === undefined ? "" : `[${partition}]`}${offset === undefined ? "" : `@${offset}`}`;
}

type OwnTexts = Partial<Record<string, string>>;

/** The first header of each of the letter's own names. */
function ownTexts(headers: RecordHeaders): OwnTexts {
  const texts: OwnTexts = {};
  for (const header of headers) {
    const [name, value] = headerEntry(header);
    if (DEAD_LETTER_HEADERS.has(name)) texts[name] ??= value.toString("utf8");
  }
  return texts;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && WHOLE_NUMBER.test(text) ? Number(text) : undefined;
}
