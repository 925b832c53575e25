/** The broker that everything of a section is measured on, with its input topics. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { type LocalKafka, startLocalKafka } from "../../deploy/local/local-kafka.js";
import { Admin } from "../../shared/kafka/admin.js";
import { Consumer } from "../../shared/kafka/consumer.js";
import { newRoom } from "../../shared/kafka/record-batch.js";
import type { TopicPartition } from "../../shared/kafka/topic-partition.js";
import { partitionsFrom } from "../../shared/kafka/topic-reader.js";
import { clientOptions, createTopic, deleteTopic, topicNames, waitForKafka } from "../support/kafka/kafka-topics.js";
import { type Input, topicOf, writeInput } from "./input.js";

/** Partitions of every topic, as the services make them by default. */
export const PARTITIONS = 4;
const HEAP_MB = 1024;
/** Records and bytes that are read at once where results are counted. */
const COUNTED_RECORDS = 10_000;
const COUNTED_BYTES = 8 * 2 ** 20;

/** Nothing of an input may go while it is read, and what was deleted frees its disk at once. */
const PROPERTIES = { "log.retention.bytes": "-1", "log.retention.ms": "-1", "file.delete.delay.ms": "1000" } as const;

export class BenchKafka {
  /** Folder of the broker and of everything that is measured on it. */
  readonly directory: string;
  readonly port: number;
  readonly #kafka: LocalKafka;
  readonly #admin: Admin;
  /** Records that each input topic has. */
  readonly #filled = new Map<string, number>();

  private constructor(directory: string, port: number, kafka: LocalKafka) {
    this.directory = directory;
    this.port = port;
    this.#kafka = kafka;
    this.#admin = new Admin(clientOptions(kafka.brokers));
  }

  /**
   * Starts a new broker: the project's own, with the settings of `npm start` and a heap for a whole input.
   * @param added broker properties of a section
   */
  static async start(added: Readonly<Record<string, string>> = {}): Promise<BenchKafka> {
    const directory = mkdtempSync(join(tmpdir(), "regatta-bench-"));
    const port = await freePort();
    const properties = { ...PROPERTIES, ...added };
    const options = { directory: join(directory, "kafka"), port, heapMb: HEAP_MB, properties };
    return new BenchKafka(directory, port, await startLocalKafka(options));
  }

  get brokers(): string {
    return this.#kafka.brokers;
  }

  get pid(): number {
    return this.#kafka.pid;
  }

  /** Makes the topic of an input where it is new, and fills it up to so many records. */
  async fill(input: Input, records: number): Promise<void> {
    const topic = topicOf(input);
    const there = this.#filled.get(topic);
    if (there === undefined) await createTopic(this.brokers, topic, PARTITIONS);
    if (there === undefined || there < records) {
      await writeInput(this.brokers, input, PARTITIONS, records - (there ?? 0), there);
    }
    this.#filled.set(topic, Math.max(records, there ?? 0));
  }

  /** Makes an empty topic, in place of one that is there. */
  async makeTopic(topic: string): Promise<void> {
    if ((await topicNames(this.brokers)).includes(topic)) await deleteTopic(this.brokers, topic);
    await createTopic(this.brokers, topic, PARTITIONS);
  }

  /** Deletes all topics but inputs and Kafka's own: what a run has written. */
  async deleteOutputs(): Promise<void> {
    for (const topic of await topicNames(this.brokers)) {
      if (!topic.startsWith("__") && !this.#filled.has(topic)) await deleteTopic(this.brokers, topic);
    }
  }

  /** Forgets an input and deletes its topic. */
  async dropInput(input: Input): Promise<void> {
    this.#filled.delete(topicOf(input));
    await deleteTopic(this.brokers, topicOf(input));
  }

  /** Sum of the ends that readers of committed records see: their number, and one more for each marker of a transaction. */
  async visibleEnd(topic: string): Promise<number> {
    return this.visibleEndOf(partitionsFrom(topic, PARTITIONS));
  }

  /** As {@link visibleEnd}, of chosen partitions. */
  async visibleEndOf(partitions: readonly TopicPartition[]): Promise<number> {
    const ends = await waitForKafka("the ends of results", () => this.#admin.ends(partitions, "committed"));
    return ends.reduce((sum, { position }) => sum + position, 0);
  }

  /** Bytes that the logs of a run's changelogs have on the broker's disk. */
  changelogBytes(run: string): number {
    const logs = readdirSync(join(this.directory, "kafka", "data"), { recursive: true, encoding: "utf8" });
    return logs
      .filter((path) => path.startsWith(run) && /-changelog-\d+\/.*\.log$/.test(path))
      .reduce((sum, path) => sum + statSync(join(this.directory, "kafka", "data", path)).size, 0);
  }

  /** How many records readers of committed records get of a topic: each is read. */
  async countRecords(topic: string): Promise<number> {
    const partitions = partitionsFrom(topic, PARTITIONS);
    const ends = await waitForKafka("the ends of results", () => this.#admin.ends(partitions, "committed"));
    const reached = partitions.map(() => 0);
    const consumer = await Consumer.connect(clientOptions(this.brokers), `bench-reader-${process.pid}`, {
      onPartitionEnd({ partition, position }) {
        reached[partition] = position;
      },
    });
    const room = newRoom(COUNTED_RECORDS, COUNTED_BYTES);
    let count = 0;
    try {
      consumer.assign(partitions.map((partition) => ({ ...partition, position: "beginning" as const })));
      // Both pass the markers of transactions, too.
      const isRead = () =>
        consumer
          .position(partitions)
          .every(({ position = 0 }, at) => Math.max(position, reached[at]) >= ends[at].position);
      while (!isRead()) count += (await consumer.consumeBatch(COUNTED_RECORDS, 100, room)).count;
    } finally {
      await consumer.disconnect();
    }
    return count;
  }

  /** Ends the broker in order and deletes everything. */
  async close(): Promise<void> {
    await this.#admin.disconnect();
    await this.#kafka.stop();
    this.#delete();
  }

  /** As {@link close}, at once. */
  async kill(): Promise<void> {
    await this.#kafka.kill();
    this.#delete();
  }

  #delete(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
