/** Writing and reading topics in tests, with the kernel's own client. */
import kafka from "@confluentinc/kafka-javascript";
import { readSettings } from "../../../shared/config.js";
import { Admin, type TopicDescription } from "../../../shared/kafka/admin.js";
import type { ClientOptions } from "../../../shared/kafka/client.js";
import type { ConsumedRecord } from "../../../shared/kafka/consumed-record.js";
import { Consumer } from "../../../shared/kafka/consumer.js";
import { askCoordinator } from "../../../shared/kafka/coordinator-wait.js";
import { callKafka, KafkaCode, KafkaError } from "../../../shared/kafka/kafka-error.js";
import { Producer } from "../../../shared/kafka/producer.js";
import { readRanges } from "../../../shared/kafka/range-reader.js";
import { ORIGIN, type TopicPosition } from "../../../shared/kafka/topic-partition.js";
import { partitionsFrom, TopicReader } from "../../../shared/kafka/topic-reader.js";
import { createLogger } from "../../../shared/logger.js";
import { kernelSettings } from "../../../shared/service-settings.js";
import { waitFor } from "../wait.js";

export function clientOptions(brokers: string): ClientOptions {
  return {
    settings: readSettings(kernelSettings, { KAFKA_BROKERS: brokers }),
    properties: {},
    clientId: "test",
    logger: createLogger("test", "silent"),
  };
}

/**
 * {@link waitFor} with questions to Kafka: a broker that was just started, or that its controller took for dead for a
 * moment, as happens on a busy machine, refuses some of them until its clients know the leaders again.
 */
export function waitForKafka<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs?: number,
): Promise<T> {
  const answer = async () => {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof KafkaError) return undefined;
      throw error;
    }
  };
  return waitFor(what, answer, timeoutMs);
}

async function withAdmin<T>(brokers: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(clientOptions(brokers));
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Makes a topic and waits until it can be used. */
export async function createTopic(
  brokers: string,
  name: string,
  partitions: number,
  config: Record<string, string> = {},
): Promise<void> {
  await withAdmin(brokers, (admin) =>
    waitForKafka(`topic ${name}`, async () => {
      await admin.create(name, partitions, 1, config);
      return (await admin.describe([name])).get(name)?.partitions === partitions;
    }),
  );
}

/** The topics that exist among `names`, as soon as Kafka tells. */
export async function describeTopics(
  brokers: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> {
  return withAdmin(brokers, (admin) => waitForKafka(`topics ${names.join(", ")}`, () => admin.describe(names)));
}

/** How many partitions the topic has, as the broker tells within 5 s; undefined where there is none. */
export async function partitionsOf(brokers: string, name: string): Promise<number | undefined> {
  return withAdmin(brokers, async (admin) => (await admin.describe([name])).get(name)?.partitions);
}

/** Every topic of the cluster, Kafka's own included. */
export async function topicNames(brokers: string): Promise<string[]> {
  return asOperator<string[]>(brokers, (native, done) => native.listTopics({ timeout: 5000 }, done as never));
}

/** How many partitions of the cluster, Kafka's own included, have a replica that lags behind its leader. */
export async function underReplicated(brokers: string): Promise<number> {
  const names = await topicNames(brokers);
  const topics = await asOperator<readonly { partitions: readonly { isr: unknown[]; replicas: unknown[] }[] }[]>(
    brokers,
    (native, done) => native.describeTopics(names, { timeout: 5000 }, done as never),
  );
  return topics.flatMap(({ partitions }) => partitions).filter(({ isr, replicas }) => isr.length < replicas.length)
    .length;
}

/** Gives a topic more partitions, `partitions` in all. */
export async function addPartitions(brokers: string, name: string, partitions: number): Promise<void> {
  await asOperator<void>(brokers, (native, done) => native.createPartitions(name, partitions, 10_000, done));
}

/** Deletes a topic and waits until it is gone. */
export async function deleteTopic(brokers: string, name: string): Promise<void> {
  await asOperator<void>(brokers, (native, done) => native.deleteTopic(name, 10_000, done));
  await withAdmin(brokers, (admin) =>
    waitForKafka(`topic ${name} to be gone`, async () => !(await admin.describe([name])).has(name)),
  );
}

/** Deletes the records of a partition before `offset`, as retention would. */
export async function deleteRecords(brokers: string, topic: string, partition: number, offset: number): Promise<void> {
  await asOperator(brokers, (native, done) => native.deleteRecords([{ topic, partition, offset }], {}, done));
}

/** First offset that a partition still has. */
export async function logBegin(brokers: string, topic: string, partition: number): Promise<number> {
  const asked = [{ topic, partition }];
  const [begin] = await withAdmin(brokers, (admin) =>
    waitForKafka(`the beginning of ${topic}`, () => admin.beginnings(asked)),
  );
  return begin.position;
}

/** Deletes a consumer group with its committed positions. */
export async function deleteGroup(brokers: string, group: string): Promise<void> {
  const [result] = await asOperator<readonly { error?: unknown }[]>(brokers, (native, done) =>
    native.deleteGroups([group], {}, done as never),
  );
  if (result.error !== undefined) throw new Error(`${group} was not deleted`, { cause: result.error });
}

/** Sets the position of a group that has no members, as kafka-consumer-groups --reset-offsets does. */
export async function setPosition(brokers: string, group: string, place: TopicPosition): Promise<void> {
  const consumer = await Consumer.connect(clientOptions(brokers), group);
  try {
    await askCoordinator(() => consumer.commit([place]));
  } finally {
    await consumer.disconnect();
  }
}

type NativeAdmin = ReturnType<typeof kafka.AdminClient.create>;

async function asOperator<T>(
  brokers: string,
  call: (native: NativeAdmin, done: (error: unknown, result?: T) => void) => void,
): Promise<T> {
  const native = kafka.AdminClient.create({ "bootstrap.servers": brokers });
  try {
    return await callKafka<T>("admin", (done) => call(native, done));
  } finally {
    native.disconnect();
  }
}

/**
 * What a reader of any language sees with isolation.level=read_committed: every record of the topic up to its end. Transactions that
 * are open there are waited for: what was committed a moment ago may not be readable yet, since Kafka answers the producer before it
 * writes the markers that end its transaction in each partition.
 */
export async function readTopic(brokers: string, name: string): Promise<ConsumedRecord[]> {
  const partitions = (await describeTopics(brokers, [name])).get(name)?.partitions;
  if (partitions === undefined) return [];
  const places = partitionsFrom(name, partitions);
  const ends = await withAdmin(brokers, (admin) =>
    waitForKafka(`the ends of ${name}`, () => admin.ends(places, "uncommitted")),
  );
  const pieces = ends.map(({ topic, partition, position }) => ({ topic, partition, from: ORIGIN, end: position }));
  const records: ConsumedRecord[] = [];
  const take = (record: ConsumedRecord) => void records.push(record);
  await readRanges(clientOptions(brokers), `test-reader-${process.pid}`, pieces, take);
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/**
 * Waits until a topic holds `count` records that a reader can see. They are counted, not kept.
 * @throws {Error} none came for `timeoutMs`
 */
export async function waitForRecords(brokers: string, name: string, count: number, timeoutMs = 60_000): Promise<void> {
  if (count === 0) return;
  const options = clientOptions(brokers);
  const reader = await TopicReader.connect(options, `test-counter-${process.pid}`);
  try {
    const partitions = await withAdmin(brokers, (admin) =>
      waitForKafka(`topic ${name}`, async () => (await admin.describe([name])).get(name)?.partitions, timeoutMs),
    );
    reader.add(partitionsFrom(name, partitions).map((place) => ({ ...place, position: ORIGIN })));
    let counted = 0;
    let grownMs = performance.now();
    while (counted < count) {
      const batch = await reader.read(5000, 100);
      counted += batch.length;
      if (batch.length > 0) grownMs = performance.now();
      else if (performance.now() - grownMs > timeoutMs)
        throw new Error(`${name} holds ${counted} records and not ${count}; none came for ${timeoutMs / 1000} s`);
    }
  } finally {
    await reader.close();
  }
}

/** The committed end of all partitions of a topic, markers included: it grows with every commit. */
export async function topicEnd(brokers: string, name: string): Promise<number> {
  return withAdmin(brokers, (admin) =>
    waitForKafka(`the end of ${name}`, async () => {
      const partitions = (await admin.describe([name])).get(name)?.partitions ?? 0;
      const ends = await admin.ends(partitionsFrom(name, partitions), "committed");
      return ends.reduce((sum, { position }) => sum + position, 0);
    }),
  );
}

export interface RawRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: readonly Readonly<Record<string, Buffer | string>>[] | undefined;
  /** Milliseconds since the epoch; now by default. */
  readonly timestamp?: number;
}

/** Writes records in order and waits until the broker has them. */
export async function writeRecords(brokers: string, records: readonly RawRecord[]): Promise<void> {
  const producer = await Producer.connect(clientOptions(brokers), { recordBytesMax: 6_000_000 });
  try {
    for (const { topic, partition, key, value, timestamp, headers } of records) {
      const written = headers?.map((header) =>
        Object.fromEntries(Object.entries(header).map(([name, text]) => [name, bytesOf(text)])),
      );
      const record = [topic, partition, bytesOf(key), bytesOf(value), timestamp, written] as const;
      await waitFor("room in the queue", () => takes(producer, record));
    }
    await producer.flush();
  } finally {
    await producer.disconnect();
  }
}

/** @returns false where the queue is full, or the partition was added a moment ago and the client does not know it yet */
function takes(producer: Producer, record: Readonly<Parameters<Producer["produce"]>>): boolean {
  try {
    return producer.produce(...record);
  } catch (error) {
    if (error instanceof KafkaError && error.code === KafkaCode.UNKNOWN_PARTITION) return false;
    throw error;
  }
}

function bytesOf<T extends Buffer | null>(text: T | string): T | Buffer {
  return typeof text === "string" ? Buffer.from(text) : text;
}

/** Headers as text. */
export function headersOf(record: ConsumedRecord): Record<string, string> {
  return Object.fromEntries(
    (record.headers ?? []).flatMap((header) =>
      Object.entries(header).map(([name, value]) => [name, value.toString("utf8")]),
    ),
  );
}
