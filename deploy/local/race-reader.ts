/**
 * Reads the newest predictions for the board: what is committed, in no group, at a cost that does not grow with the rate.
 * Predictions carry their series' totals, so that the newest ones tell all; of what lies further behind than a tail the
 * board shows nothing but what came after.
 */

import { type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { Consumer } from "../../shared/kafka/consumer.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import {
  type Position,
  positionAt,
  type TopicPartition,
  type TopicPosition,
} from "../../shared/kafka/topic-partition.js";

/** Offsets at the end of a partition that are read; what lies before is jumped over. */
const TAIL_OFFSETS = 2000;
const BATCH_RECORDS = 1000;
const BATCH_WAIT_MS = 50;
const REACH_END_MS = 20_000;

/** @param source topic of predictions that it came on */
type OnPrediction = (prediction: Prediction, source: string) => void;

export class RaceReader {
  readonly #options: ClientOptions;
  readonly #topics: readonly string[];
  readonly #admin: Admin;
  #consumer: Consumer | undefined;
  #partitions: readonly TopicPartition[] = [];
  /** Topics among those wanted that are read. */
  #known = 0;

  /** @param topics of predictions; each is read once it exists */
  constructor(options: ClientOptions, topics: readonly string[]) {
    this.#options = options;
    this.#topics = topics;
    this.#admin = new Admin(options);
  }

  /** The predictions since the last call, but those behind a tail; none while Kafka does not answer. */
  async read(onPrediction: OnPrediction): Promise<void> {
    await this.#unlessKafkaIsAway(async () => {
      const consumer = await this.#reading();
      if (consumer === undefined) return;
      for (const end of await this.#admin.ends(this.#partitions, "committed")) {
        const from = tailOf(end);
        if (this.#positionOf(consumer, end) < from) await consumer.seek({ ...end, position: from });
      }
      let left = TAIL_OFFSETS * this.#partitions.length;
      while (left > 0) {
        const taken = await this.#take(consumer, onPrediction);
        if (taken === 0) return;
        left -= taken;
      }
    });
  }

  /** All predictions up to the end that the topics have now, or for at most 20 s. */
  async readToEnd(onPrediction: OnPrediction): Promise<void> {
    await this.#unlessKafkaIsAway(async () => {
      const consumer = await this.#reading();
      if (consumer === undefined) return;
      const deadline = performance.now() + REACH_END_MS;
      const ends = await this.#admin.ends(this.#partitions, "committed");
      while (ends.some((end) => this.#positionOf(consumer, end) < end.position) && performance.now() < deadline) {
        await this.#take(consumer, onPrediction);
      }
    });
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
    await this.#unlessKafkaIsAway(async () => this.#consumer?.disconnect());
  }

  async #take(consumer: Consumer, onPrediction: OnPrediction): Promise<number> {
    const records = await consumer.consume(BATCH_RECORDS, BATCH_WAIT_MS);
    for (const { topic, value } of records) {
      const prediction = predictionSchema.safeParse(jsonOf(value));
      if (prediction.success) onPrediction(prediction.data, topic);
    }
    return records.length;
  }

  /** The consumer, at the tail of every partition of the topics that exist; undefined while there is none. */
  async #reading(): Promise<Consumer | undefined> {
    if (this.#known < this.#topics.length) await this.#findTopics();
    return this.#known === 0 ? undefined : this.#consumer;
  }

  async #findTopics(): Promise<void> {
    const found = await this.#admin.describe(this.#topics);
    if (found.size === this.#known) return;
    const partitions = [...found.values()].flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    );
    const ends = await this.#admin.ends(partitions, "committed");
    this.#consumer ??= await Consumer.connect(this.#options, `${this.#options.clientId}-${process.pid}`);
    this.#consumer.assign(ends.map((end) => ({ ...end, position: tailOf(end) })));
    this.#partitions = partitions;
    this.#known = found.size;
  }

  /** Where it reads next; the end itself, taken as read, where nothing was read yet. */
  #positionOf(consumer: Consumer, end: TopicPosition): Position {
    const [{ position }] = consumer.position([end]);
    return position ?? tailOf(end);
  }

  async #unlessKafkaIsAway(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
  }
}

/** Where the tail of a partition begins. */
function tailOf({ position }: TopicPosition): Position {
  return positionAt(Math.max(0, position - TAIL_OFFSETS));
}

function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? null : JSON.parse(value.toString("utf8"));
  } catch {
    return undefined;
  }
}
