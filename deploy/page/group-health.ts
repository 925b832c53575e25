/**
 * Health of the services from Kafka alone: their consumer groups' members, state and lag. For a cluster whose services cannot be
 * reached over HTTP.
 */
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../shared/errors.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { KafkaCode, KafkaError } from "../../shared/kafka/kafka-error.js";
import { partitionKey, type TopicPartition, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import type { ServiceHealth, TopicLag } from "./messages.js";

const ASK_MS = 2000;

/** Why a single topic's lag is not known: the user has no right to describe it, or it was deleted. */
const UNTOLD: ReadonlySet<number> = new Set([
  KafkaCode.TOPIC_AUTHORIZATION_FAILED,
  KafkaCode.UNKNOWN_TOPIC_OR_PARTITION,
  KafkaCode.UNKNOWN_TOPIC,
  KafkaCode.UNKNOWN_PARTITION,
]);

/** What is asked of Kafka. */
export type GroupAdmin = Pick<Admin, "describeGroup" | "positions" | "beginnings" | "ends" | "disconnect">;

export class GroupHealth {
  readonly #services: ReadonlyMap<string, string>;
  readonly #admin: GroupAdmin;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  /** By the services that were asked about: undefined where there is no group. */
  readonly #known = new Map<string, ServiceHealth | undefined>();

  /** @param services by their names: their groups */
  constructor(options: ClientOptions, services: ReadonlyMap<string, string>, admin: GroupAdmin = new Admin(options)) {
    this.#services = services;
    this.#admin = admin;
    this.#ended = this.#ask();
  }

  /** Of the services whose groups exist, in their order; null while nothing is known. */
  get health(): readonly ServiceHealth[] | null {
    const health = [...this.#known.values()].filter((one) => one !== undefined);
    return health.length === 0 && this.#known.size < this.#services.size ? null : health;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
    await this.#admin.disconnect();
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const [name, group] of this.#services) {
        if (!signal.aborted) this.#known.set(name, await this.#healthOf(name, group));
      }
      await pause(ASK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #healthOf(name: string, group: string): Promise<ServiceHealth | undefined> {
    try {
      const description = await this.#admin.describeGroup(group);
      if (description === undefined) return undefined;
      const { members, isStable, assigned } = description;
      const state = members === 0 ? "has no members" : isStable ? "running" : "rebalancing";
      // The client can list groups, and nothing more.
      if (members === "some" || assigned === undefined)
        return { name, state, recordsPerSecond: null, lagRecords: null };
      const lags = await this.#lags(group, assigned, isStable);
      // A producer reads nothing but its own changelog.
      const told = lags.flatMap(({ records }) => (records === null ? [] : [records]));
      const lagRecords = told.length === 0 ? null : told.reduce((sum, records) => sum + records, 0);
      return { name, state, recordsPerSecond: null, lagRecords, members, lags };
    } catch (error) {
      // Whatever it is, the page goes on, and it is asked again.
      return { name, state: `not known: ${messageOf(error)}`, recordsPerSecond: null, lagRecords: null };
    }
  }

  /** By topic, in the order of their names. What lies before a first commit is lag as well. */
  async #lags(group: string, assigned: readonly TopicPartition[], isStable: boolean): Promise<TopicLag[]> {
    // The positions of a topic stay when it is read no more. What is read is known once all partitions have a member.
    const read = isStable ? new Set(assigned.map(({ topic }) => topic)) : undefined;
    const isInput = ({ topic }: TopicPartition) => !topic.startsWith(`${group}-`) && read?.has(topic) !== false;
    const committed = (await this.#admin.positions(group)).filter(isInput);
    const known = new Set(committed.map(partitionKey));
    const unread = assigned.filter((partition) => isInput(partition) && !known.has(partitionKey(partition)));
    const lags: TopicLag[] = [];
    for (const topic of [...new Set([...committed, ...unread].map((partition) => partition.topic))].sort()) {
      const isOfTopic = (partition: TopicPartition) => partition.topic === topic;
      lags.push(...(await this.#topicLags(topic, committed.filter(isOfTopic), unread.filter(isOfTopic))));
    }
    return lags;
  }

  async #topicLags(
    topic: string,
    committed: readonly TopicPosition[],
    unread: readonly TopicPartition[],
  ): Promise<TopicLag[]> {
    try {
      const positions = [...committed, ...(await this.#admin.beginnings(unread))];
      return lagsOf(positions, await this.#admin.ends(positions, "committed"));
    } catch (error) {
      if (!(error instanceof KafkaError) || !UNTOLD.has(error.code)) throw error;
      return [{ topic, records: null }];
    }
  }
}

/** What is read, and in offsets how far it is to the ends, by topic: a commit of its writer takes an offset as a record does. Pure. */
export function lagsOf(
  positions: readonly TopicPosition[],
  ends: readonly TopicPosition[],
): { topic: string; records: number }[] {
  const endOf = new Map(ends.map((end) => [partitionKey(end), end.position]));
  const lags = new Map<string, number>();
  for (const place of positions) {
    const { topic, position } = place;
    const lag = Math.max(0, (endOf.get(partitionKey(place)) ?? position) - position);
    lags.set(topic, (lags.get(topic) ?? 0) + lag);
  }
  return [...lags].map(([topic, records]) => ({ topic, records })).sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

/** What services answered themselves, and of those of which none did what their groups tell. Pure. */
export function mergedHealth(
  answers: readonly ServiceHealth[],
  groups: readonly ServiceHealth[] | null,
): readonly ServiceHealth[] | null {
  if (groups === null) return answers.length === 0 ? null : answers;
  const answered = new Set(answers.map(({ name }) => name));
  return [...answers, ...groups.filter(({ name }) => !answered.has(name))];
}
