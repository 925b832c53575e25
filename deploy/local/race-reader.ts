/**
 * Reads predictions, verdicts and dead letters for the board. Those of a race without end at a cost that does not grow with their
 * rate: they carry their series' totals, so that only a tail of each partition is read and everything before it is skipped. Those
 * of a file all.
 */
import { type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
import { DEAD_LETTERS_TOPIC, topics } from "../../shared/contract/topics.js";
import { type Verdict, verdictSchema } from "../../shared/contract/verdict-schemas.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { type DeadLetterRecord, deadLetterOf } from "../cli/dead-letter.js";
import { jsonOf } from "./json-value.js";
import { TailReader } from "./tail-reader.js";

/** Offsets at the end of a partition that are read. */
const TAIL_OFFSETS = 2000;

/** What is done with a record; `source` is the topic that it came on. */
export interface RaceSink {
  prediction(prediction: Prediction, source: string): void;
  /** @param at time of the record, in ms since the epoch */
  verdict(verdict: Verdict, source: string, at: number | undefined): void;
  letter(letter: DeadLetterRecord): void;
}

const PREDICTION_TOPICS: readonly string[] = [topics.rlsPredictions.name, topics.mlPredictions.name];
const VERDICT_TOPICS: readonly string[] = [topics.rlsVerdicts.name, topics.mlVerdicts.name];
const TAILS = new Map(
  [...PREDICTION_TOPICS, ...VERDICT_TOPICS, DEAD_LETTERS_TOPIC].map((name) => [name, TAIL_OFFSETS]),
);

export class RaceReader {
  readonly #reader: TailReader;

  /** @param extent whether everything is read, or the newest records of each partition */
  constructor(options: ClientOptions, extent: "tails" | "all") {
    this.#reader = new TailReader(options, TAILS, extent);
  }

  /** What has come since the last call and is in a tail; none while Kafka does not answer. */
  read(sink: RaceSink): Promise<void> {
    return this.#reader.read((record) => give(record, sink));
  }

  /** Everything up to the end that the topics have now, as long as some come within 20 s. */
  readToEnd(sink: RaceSink): Promise<void> {
    return this.#reader.readToEnd((record) => give(record, sink));
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

function give(record: ConsumedRecord, sink: RaceSink): void {
  const { topic, value, timestamp } = record;
  if (topic === DEAD_LETTERS_TOPIC) {
    const letter = deadLetterOf(record);
    if (letter !== undefined) sink.letter(letter);
    return;
  }
  const read = jsonOf(value);
  if (VERDICT_TOPICS.includes(topic)) {
    const verdict = verdictSchema.safeParse(read);
    if (verdict.success) sink.verdict(verdict.data, topic, timestamp);
  } else {
    const prediction = predictionSchema.safeParse(read);
    if (prediction.success) sink.prediction(prediction.data, topic);
  }
}
