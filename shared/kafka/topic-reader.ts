/** Reads topics outside of any group: committed records of whatever partitions the caller names, from positions of its choice. */
import { setTimeout as delay } from "node:timers/promises";
import type { ClientOptions } from "./client.js";
import type { ConsumedRecord } from "./consumed-record.js";
import { Consumer } from "./consumer.js";
import { KafkaCode, KafkaError } from "./kafka-error.js";
import type { LogRange } from "./log-range.js";
import {
  nextPosition,
  type Position,
  partitionKey,
  type TopicPartition,
  type TopicPosition,
} from "./topic-partition.js";

const RANGE_TIMEOUT_MS = 10_000;
const RANGE_PAUSE_MS = 200;

/** After these no record comes any more: the client is at its end, the topic is gone, or may not be read. */
const HOPELESS: ReadonlySet<number> = new Set([
  KafkaCode.FATAL,
  KafkaCode.UNKNOWN_TOPIC,
  KafkaCode.UNKNOWN_TOPIC_OR_PARTITION,
  KafkaCode.TOPIC_AUTHORIZATION_FAILED,
]);

/** Whether a reader that tries again will get the same error. */
export const isHopeless = ({ code }: KafkaError): boolean => HOPELESS.has(code);

export class TopicReader {
  readonly #consumer: Consumer;
  /** The partitions that are read, with the position after the last record of each, by {@link partitionKey}. */
  readonly #places = new Map<string, TopicPosition>();

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /**
   * @param name the client needs one for its group, which nothing is committed for
   * @throws {KafkaError} the broker does not answer
   */
  static async connect(options: ClientOptions, name: string): Promise<TopicReader> {
    return new TopicReader(await Consumer.connect(options, name));
  }

  /** The partitions that are read, in the order in which they were added; everything before each position was read. */
  get places(): readonly TopicPosition[] {
    return [...this.#places.values()];
  }

  /** Reads these partitions as well, from these positions on. */
  add(places: readonly TopicPosition[]): void {
    for (const place of places) this.#places.set(partitionKey(place), place);
    // All of them are assigned again, where they are: records that were fetched and not returned yet are fetched again.
    this.#consumer.assign(this.places);
  }

  /**
   * Waits at most `timeoutMs` for a first record, then returns those that are there.
   * @throws {KafkaError} see {@link isHopeless}
   */
  async read(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> {
    const records = await this.#consumer.consume(limit, timeoutMs);
    for (const { topic, partition, offset } of records) {
      const place = { topic, partition, position: nextPosition(offset) };
      this.#places.set(partitionKey(place), place);
    }
    return records;
  }

  /** The position that is read next; after the last record it also passes the markers of transactions. */
  reached(partition: TopicPartition): Position | undefined {
    const [{ position }] = this.#consumer.position([partition]);
    return position ?? this.#places.get(partitionKey(partition))?.position;
  }

  /** Continues at another position of a partition that is read. @throws {KafkaError} the broker does not answer */
  async skipTo(place: TopicPosition): Promise<void> {
    await this.#consumer.seek(place);
    this.#places.set(partitionKey(place), place);
  }

  /**
   * What can be read of each partition now. Asked again for 10 s where the broker does not know: the leader of a topic just made,
   * or of a broker just started, is not known everywhere at once.
   * @throws {KafkaError} a topic is gone, may not be read, or has no leader that answers within 10 s
   */
  ranges(partitions: readonly TopicPartition[]): Promise<LogRange[]> {
    return Promise.all(partitions.map((partition) => this.#range(partition)));
  }

  /** @throws {KafkaError} the broker does not answer */
  partitionsOf(topic: string, timeoutMs: number): Promise<number> {
    return this.#consumer.partitionsOf(topic, timeoutMs);
  }

  close(): Promise<void> {
    return this.#consumer.disconnect();
  }

  async #range(partition: TopicPartition): Promise<LogRange> {
    const deadlineMs = performance.now() + RANGE_TIMEOUT_MS;
    for (;;) {
      // Never less than 1: the client takes -1 for no limit.
      const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
      try {
        return await this.#consumer.readableRange(partition, leftMs);
      } catch (error) {
        if (!(error instanceof KafkaError) || isHopeless(error) || performance.now() >= deadlineMs) throw error;
        await delay(RANGE_PAUSE_MS);
      }
    }
  }
}

/** All partitions of a topic that has so many, from partition `first` on. */
export function partitionsFrom(topic: string, count: number, first = 0): TopicPartition[] {
  return Array.from({ length: count - first }, (_, at) => ({ topic, partition: first + at }));
}
