/** Reads the result topics for the page, as any consumer can: committed records, outside of any group, a tail of each partition. */
import type { ZodType } from "zod";
import { standingsSchema } from "../../shared/contract/schemas.js";
import { DEAD_LETTERS_TOPIC, topics } from "../../shared/contract/topics.js";
import { bestSchema, verdictSchema } from "../../shared/contract/verdict-schemas.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { type DeadLetterRecord, deadLetterOf, placeName } from "../cli/dead-letter.js";
import { screenLine } from "../cli/record-text.js";
import { jsonOf } from "../local/json-value.js";
import { TailReader } from "../local/tail-reader.js";
import { printable } from "../printable.js";
import type { Letter, Source } from "./messages.js";
import { LETTERS_MAX, type PageState } from "./page-state.js";

/** Offsets at the end of a partition that are read. Of those that tell only the newest of a series more: old series are in them. */
const TAIL_OFFSETS = 20_000;
const COMPACTED_OFFSETS = 50_000;
/** A commit takes an offset beside its letters. */
const LETTER_OFFSETS = 2 * LETTERS_MAX;
/** Longest texts of a dead letter that are kept. */
const MESSAGE_LENGTH_MAX = 400;
const RECORD_LENGTH_MAX = 160;
/** Bytes of a rejected record that are looked at. */
const RECORD_BYTES_MAX = 1024;

type Take = (record: ConsumedRecord, state: PageState) => boolean;

/** By topic: what its records do to the state. */
const TAKES: ReadonlyMap<string, Take> = new Map([
  [topics.rlsBest.name, bestOf("rls-racer")],
  [topics.mlBest.name, bestOf("ml-racer")],
  [topics.rlsVerdicts.name, verdictOf("rls-racer")],
  [topics.mlVerdicts.name, verdictOf("ml-racer")],
  [topics.rlsStandings.name, standingsOf("rls-racer")],
  [topics.mlStandings.name, standingsOf("ml-racer")],
  [DEAD_LETTERS_TOPIC, takeLetter],
]);

export class ResultReader {
  readonly #reader: TailReader;
  readonly #state: PageState;
  #strange = 0;

  constructor(options: ClientOptions, state: PageState) {
    this.#reader = new TailReader(options, new Map([...TAKES.keys()].map((name) => [name, tailOf(name)])), "tails");
    this.#state = state;
  }

  /** Records that have another form than the contract's; those of deleted keys have none, and do not count. */
  get strange(): number {
    return this.#strange;
  }

  /** See {@link TailReader.passedOver}. */
  get passedOver(): number {
    return this.#reader.passedOver;
  }

  /** See {@link TailReader.trouble}. */
  get trouble(): string | undefined {
    return this.#reader.trouble;
  }

  /** Takes in what has come since the last call; nothing while Kafka does not answer. */
  read(): Promise<void> {
    return this.#reader.read((record) => {
      if (record.value === null && record.topic !== DEAD_LETTERS_TOPIC) return;
      if (TAKES.get(record.topic)?.(record, this.#state) === false) this.#strange++;
    });
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

function tailOf(topic: string): number {
  if (topic === DEAD_LETTERS_TOPIC) return LETTER_OFFSETS;
  return topic === topics.rlsBest.name || topic === topics.mlBest.name ? TAIL_OFFSETS : COMPACTED_OFFSETS;
}

function bestOf(source: Source): Take {
  return taking(bestSchema, (best, at, state) => state.takeBest(best, source, at));
}

function verdictOf(source: Source): Take {
  return taking(verdictSchema, (verdict, at, state) => state.takeVerdict(verdict, source, at));
}

function standingsOf(source: Source): Take {
  return taking(standingsSchema, (standings, at, state) => state.takeStandings(standings, source, at));
}

function taking<T>(schema: ZodType<T>, take: (value: T, at: number | null, state: PageState) => void): Take {
  return ({ value, timestamp }, state) => {
    const read = schema.safeParse(jsonOf(value));
    if (read.success) take(read.data, timestamp ?? null, state);
    return read.success;
  };
}

function takeLetter(record: ConsumedRecord, state: PageState): boolean {
  const letter = deadLetterOf(record);
  if (letter !== undefined) state.takeLetter(shownLetter(letter));
  return letter !== undefined;
}

function shownLetter(letter: DeadLetterRecord): Letter {
  const { key, value } = letter;
  const begin = {
    key: key?.subarray(0, RECORD_BYTES_MAX) ?? null,
    value: value?.subarray(0, RECORD_BYTES_MAX) ?? null,
  };
  return {
    place: placeName(letter),
    reason: cut(printable(letter.reason), RECORD_LENGTH_MAX),
    message: cut(printable(letter.message), MESSAGE_LENGTH_MAX),
    service: cut(printable(letter.service), RECORD_LENGTH_MAX),
    origin: cut(printable(placeName(letter.origin)), MESSAGE_LENGTH_MAX),
    at: letter.timestamp ?? null,
    record: cut(screenLine(begin, undefined), RECORD_LENGTH_MAX),
  };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
