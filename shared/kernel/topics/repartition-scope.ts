/** What the examination of a repartition and its steps have in common. */
import { TopicError } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { Consumer } from "../../kafka/consumer.js";
import { askCoordinator } from "../../kafka/coordinator-wait.js";
import { readRanges } from "../../kafka/range-reader.js";
import { ORIGIN, type Position, partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";
import type { AnyCodec } from "../../service-definition.js";
import { changelogTopic } from "../changelog/changelog.js";

export interface RepartitionScope {
  readonly service: string;
  /** `<APPLICATION_ID>-<service>`: its group, and the prefix of its changelogs. */
  readonly application: string;
  /** Topics that others write. */
  readonly inputs: readonly string[];
  /** Topics that only the service writes and reads: they grow with the changelogs. */
  readonly ownInputs: readonly string[];
  readonly codecs: Readonly<Record<string, AnyCodec>>;
  readonly admin: Admin;
  readonly options: ClientOptions;
}

/** By {@link partitionKey}: the group's position; undefined where it has none. */
export type GroupPositions = ReadonlyMap<string, Position | undefined>;

/** @throws {TopicError} an instance of the service runs */
export async function refuseMembers({ admin, application, service }: RepartitionScope): Promise<void> {
  const members = await admin.members(application);
  if (members === 0) return;
  throw new TopicError(
    `group ${application} has ${members} members: stop every instance of ${service} first, and wait until a killed one's session has ended.`,
  );
}

export function committedPositions(
  scope: RepartitionScope,
  places: readonly TopicPartition[],
): Promise<GroupPositions> {
  return withConsumer(scope, async (consumer) => {
    const answer = await askCoordinator(() => consumer.committed(places));
    return new Map(answer.map((at) => [partitionKey(at), at.position]));
  });
}

export async function withConsumer<T>(scope: RepartitionScope, work: (consumer: Consumer) => Promise<T>): Promise<T> {
  const consumer = await Consumer.connect(scope.options, scope.application);
  try {
    return await work(consumer);
  } finally {
    await consumer.disconnect();
  }
}

/** Reads the changelog of a store up to its ends. */
export function eachRecord(
  { application, options, codecs }: RepartitionScope,
  store: string,
  ends: readonly Position[],
  take: (record: ConsumedRecord, codec: AnyCodec) => Promise<void> | void,
): Promise<void> {
  const topic = changelogTopic(application, store);
  const pieces = ends.map((end, partition) => ({ topic, partition, from: ORIGIN, end }));
  return readRanges(options, application, pieces, (record) => take(record, codecs[store]));
}

/** All topics that the group reads. */
export const readTopics = ({ inputs, ownInputs }: RepartitionScope): readonly string[] => [...inputs, ...ownInputs];

/** Partitions `from` to before `to` of each topic. */
export function placesOf(topics: readonly string[], from: number, to: number): TopicPartition[] {
  return topics.flatMap((topic) => Array.from({ length: to - from }, (_, at) => ({ topic, partition: from + at })));
}

export const bytesOf = (key: Buffer | string): Buffer => (typeof key === "string" ? Buffer.from(key) : key);
