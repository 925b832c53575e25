/**
 * Health of the services from Kafka alone: their consumer groups' members, state and lag. For a cluster whose services cannot be
 * reached over HTTP.
 */
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../shared/errors.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import { partitionKey, type TopicPartition, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import type { ServiceHealth } from "./messages.js";

const ASK_MS = 2000;

export class GroupHealth {
  readonly #admin: Admin;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #health: readonly ServiceHealth[] | null = null;

  /** @param services by their names: their groups */
  constructor(options: ClientOptions, services: ReadonlyMap<string, string>) {
    this.#admin = new Admin(options);
    this.#ended = this.#ask(services);
  }

  /** Of the services whose groups exist, in their order; null while nothing is known. */
  get health(): readonly ServiceHealth[] | null {
    return this.#health;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
    await this.#admin.disconnect();
  }

  async #ask(services: ReadonlyMap<string, string>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const health: ServiceHealth[] = [];
      for (const [name, group] of services) {
        const one = signal.aborted ? undefined : await this.#healthOf(name, group);
        if (one !== undefined) health.push(one);
      }
      this.#health = health;
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
      const lags = await this.#lags(group, assigned);
      // A producer reads nothing but its own changelog.
      const lagRecords = lags.length === 0 ? null : lags.reduce((sum, { records }) => sum + records, 0);
      return { name, state, recordsPerSecond: null, lagRecords, members, lags };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { name, state: `not known: ${messageOf(error)}`, recordsPerSecond: null, lagRecords: null };
    }
  }

  /** By topic, in the order of their names. What lies before a first commit is lag as well. */
  async #lags(group: string, assigned: readonly TopicPartition[]): Promise<{ topic: string; records: number }[]> {
    const isInput = ({ topic }: TopicPartition) => !topic.startsWith(`${group}-`);
    const committed = (await this.#admin.positions(group)).filter(isInput);
    const known = new Set(committed.map(partitionKey));
    const unread = assigned.filter((partition) => isInput(partition) && !known.has(partitionKey(partition)));
    const positions = [...committed, ...(await this.#admin.beginnings(unread))];
    return lagsOf(positions, await this.#admin.ends(positions, "committed"));
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
