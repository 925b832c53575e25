/**
 * Reads predictions and verdicts for the board. Those of a race without end at a cost that does not grow with their rate: they carry their series'
 * totals, so that only a tail of each partition is read and everything before it is skipped. Those of a file all.
 */

import { type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { type Verdict, verdictSchema } from "../../shared/contract/verdict-schemas.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import { positionAt, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import { partitionsFrom, TopicReader } from "../../shared/kafka/topic-reader.js";

/** Offsets at the end of a partition that are read. */
const TAIL_OFFSETS = 2000;
const BATCH_RECORDS = 1000;
const BATCH_WAIT_MS = 50;
/** Time without a record after which an end is not waited for any more. */
const REACH_END_MS = 20_000;

/** What is done with a record; `source` is the topic that it came on. */
export interface RaceSink {
  prediction(prediction: Prediction, source: string): void;
  verdict(verdict: Verdict, source: string): void;
}

const PREDICTION_TOPICS: readonly string[] = [topics.rlsPredictions.name, topics.mlPredictions.name];
const VERDICT_TOPICS: readonly string[] = [topics.rlsVerdicts.name, topics.mlVerdicts.name];
const TOPICS = [...PREDICTION_TOPICS, ...VERDICT_TOPICS];

export class RaceReader {
  readonly #options: ClientOptions;
  readonly #extent: "tails" | "all";
  readonly #admin: Admin;
  #reader: TopicReader | undefined;
  /** Topics that are read. */
  readonly #known = new Set<string>();

  /** @param extent whether everything is read, or the newest records of each partition */
  constructor(options: ClientOptions, extent: "tails" | "all") {
    this.#options = options;
    this.#extent = extent;
    this.#admin = new Admin(options);
  }

  /** What has come since the last call and is in a tail; none while Kafka does not answer. */
  async read(sink: RaceSink): Promise<void> {
    await this.#unlessKafkaIsAway(async () => {
      const reader = await this.#reading();
      if (reader === undefined) return;
      if (this.#extent === "tails") await this.#skip(reader);
      let left = TAIL_OFFSETS * reader.places.length;
      while (left > 0) {
        const taken = await this.#take(reader, sink);
        if (taken === 0) return;
        left -= taken;
      }
    });
  }

  /** Everything up to the end that the topics have now, as long as some come within 20 s. */
  async readToEnd(sink: RaceSink): Promise<void> {
    await this.#unlessKafkaIsAway(async () => {
      const reader = await this.#reading();
      if (reader === undefined) return;
      let deadline = performance.now() + REACH_END_MS;
      const ends = await this.#admin.ends(reader.places, "committed");
      while (ends.some((end) => hasToReach(reader, end)) && performance.now() < deadline) {
        const taken = await this.#take(reader, sink);
        if (taken > 0) deadline = performance.now() + REACH_END_MS;
      }
    });
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
    await this.#unlessKafkaIsAway(async () => this.#reader?.close());
  }

  async #skip(reader: TopicReader): Promise<void> {
    for (const end of await this.#admin.ends(reader.places, "committed")) {
      const tail = tailOf(end);
      if (hasToReach(reader, tail)) await reader.skipTo(tail);
    }
  }

  async #take(reader: TopicReader, sink: RaceSink): Promise<number> {
    const records = await reader.read(BATCH_RECORDS, BATCH_WAIT_MS);
    for (const { topic, value } of records) {
      const read = jsonOf(value);
      if (VERDICT_TOPICS.includes(topic)) {
        const verdict = verdictSchema.safeParse(read);
        if (verdict.success) sink.verdict(verdict.data, topic);
      } else {
        const prediction = predictionSchema.safeParse(read);
        if (prediction.success) sink.prediction(prediction.data, topic);
      }
    }
    return records.length;
  }

  /** The reader, with every partition of the topics that exist; undefined while none exists. */
  async #reading(): Promise<TopicReader | undefined> {
    if (this.#known.size < TOPICS.length) await this.#addTopics();
    return this.#reader;
  }

  async #addTopics(): Promise<void> {
    const found = [...(await this.#admin.describe(TOPICS)).values()].filter(({ name }) => !this.#known.has(name));
    if (found.length === 0) return;
    const partitions = found.flatMap(({ name, partitions }) => partitionsFrom(name, partitions));
    const starts =
      this.#extent === "all"
        ? await this.#admin.beginnings(partitions)
        : (await this.#admin.ends(partitions, "committed")).map(tailOf);
    this.#reader ??= await TopicReader.connect(this.#options, `${this.#options.clientId}-${process.pid}`);
    this.#reader.add(starts);
    for (const { name } of found) this.#known.add(name);
  }

  async #unlessKafkaIsAway(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
  }
}

/** Where the tail of a partition begins that ends at `end`. */
function tailOf({ topic, partition, position }: TopicPosition): TopicPosition {
  return { topic, partition, position: positionAt(Math.max(0, position - TAIL_OFFSETS)) };
}

/** Whether there is something to read, or to skip, before this position. */
const hasToReach = (reader: TopicReader, place: TopicPosition): boolean =>
  (reader.reached(place) ?? 0) < place.position;

function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? null : JSON.parse(value.toString("utf8"));
  } catch {
    return undefined;
  }
}
