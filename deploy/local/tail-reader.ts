/**
 * Reads topics of results for people who look: of each partition a tail, so that the cost does not grow with what was written
 * before, and whoever falls behind goes on at the tail. Topics that do not exist yet are read as soon as they do.
 */
import { messageOf } from "../../shared/errors.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import { positionAt, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import { isHopeless, partitionsFrom, TopicReader } from "../../shared/kafka/topic-reader.js";

const BATCH_RECORDS = 1000;
const BATCH_WAIT_MS = 50;
/** Time without a record after which an end is not waited for any more. */
const REACH_END_MS = 20_000;

/** Topics by name, with the offsets at the end of each partition that are read. */
export type Tails = ReadonlyMap<string, number>;

export class TailReader {
  readonly #options: ClientOptions;
  readonly #tails: Tails;
  readonly #extent: "tails" | "all";
  readonly #admin: Admin;
  #reader: TopicReader | undefined;
  /** Topics that are read. */
  readonly #known = new Set<string>();
  #passedOver = 0;
  #trouble: string | undefined;

  /** @param extent whether everything is read, or the newest records of each partition */
  constructor(options: ClientOptions, tails: Tails, extent: "tails" | "all") {
    this.#options = options;
    this.#tails = tails;
    this.#extent = extent;
    this.#admin = new Admin(options);
  }

  /** Offsets that came while it read, and were passed over to stay in the tails. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** What Kafka said when it was asked last; undefined where it answered. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Gives to `take` what has come since the last call and is in a tail; nothing while Kafka does not answer. */
  async read(take: (record: ConsumedRecord) => void): Promise<void> {
    await this.#unlessKafkaIsAway(async () => {
      const reader = await this.#reading();
      if (reader === undefined) return;
      if (this.#extent === "tails") await this.#skip(reader);
      let left = reader.places.reduce((sum, { topic }) => sum + this.#tail(topic), 0);
      while (left > 0) {
        const taken = await readBatch(reader, take);
        if (taken === 0) return;
        left -= taken;
      }
    });
  }

  /** Everything up to the end that the topics have now, as long as some come within 20 s. */
  async readToEnd(take: (record: ConsumedRecord) => void): Promise<void> {
    await this.#unlessKafkaIsAway(async () => {
      const reader = await this.#reading();
      if (reader === undefined) return;
      let deadline = performance.now() + REACH_END_MS;
      const ends = await this.#admin.ends(reader.places, "committed");
      while (ends.some((end) => hasToReach(reader, end)) && performance.now() < deadline) {
        if ((await readBatch(reader, take)) > 0) deadline = performance.now() + REACH_END_MS;
      }
    });
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
    await this.#unlessKafkaIsAway(async () => this.#reader?.close());
  }

  async #skip(reader: TopicReader): Promise<void> {
    for (const end of await this.#admin.ends(reader.places, "committed")) {
      const tail = this.#tailOf(end);
      if (!hasToReach(reader, tail)) continue;
      this.#passedOver += tail.position - (reader.reached(tail) ?? tail.position);
      await reader.skipTo(tail);
    }
  }

  /** The reader, with every partition of the topics that exist; undefined while none exists. */
  async #reading(): Promise<TopicReader | undefined> {
    if (this.#known.size < this.#tails.size) await this.#addTopics();
    return this.#reader;
  }

  async #addTopics(): Promise<void> {
    const wanted = [...this.#tails.keys()].filter((name) => !this.#known.has(name));
    const found = [...(await this.#admin.describe(wanted)).values()];
    if (found.length === 0) return;
    const partitions = found.flatMap(({ name, partitions }) => partitionsFrom(name, partitions));
    const starts =
      this.#extent === "all"
        ? await this.#admin.beginnings(partitions)
        : (await this.#admin.ends(partitions, "committed")).map((end) => this.#tailOf(end));
    this.#reader ??= await TopicReader.connect(this.#options, `${this.#options.clientId}-${process.pid}`);
    this.#reader.add(starts);
    for (const { name } of found) this.#known.add(name);
  }

  #tail(topic: string): number {
    return this.#tails.get(topic) ?? 0;
  }

  /** Where the tail of a partition begins that ends at `end`. */
  #tailOf({ topic, partition, position }: TopicPosition): TopicPosition {
    return { topic, partition, position: positionAt(Math.max(0, position - this.#tail(topic))) };
  }

  async #unlessKafkaIsAway(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#trouble = undefined;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.#trouble = messageOf(error);
      if (isHopeless(error)) await this.#beginAnew();
    }
  }

  /** A topic that was deleted may be made again: then it is another one, whose tail is read. */
  async #beginAnew(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#known.clear();
    await reader?.close().catch((error: unknown) => {
      if (!(error instanceof KafkaError)) throw error;
    });
  }
}

async function readBatch(reader: TopicReader, take: (record: ConsumedRecord) => void): Promise<number> {
  const records = await reader.read(BATCH_RECORDS, BATCH_WAIT_MS);
  for (const record of records) take(record);
  return records.length;
}

/** Whether there is something to read, or to skip, before this position. */
const hasToReach = (reader: TopicReader, place: TopicPosition): boolean =>
  (reader.reached(place) ?? 0) < place.position;
