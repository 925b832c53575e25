/**
 * Knows when everything that was written has been worked on to the end, from what Kafka has committed alone: it is as true after a
 * kill and a restart, of records that made no forecast as of those that made some.
 *
 * The services stand in a line, and the first one's input gets no record any more. Stage by stage, in this order:
 *   1 The ends of the stage's topics are taken once, markers and open transactions included. The stage before it has committed all
 *     that it will ever write there.
 *   2 No transaction is open before these ends: what was being written when a process died is aborted by then, or committed.
 *   3 No committed record lies between the group's position and the end. Comparing the two is not enough, since markers and aborted
 *     records lie there, too.
 * A service commits its results, dead letters and positions in one transaction (exactly once), or its positions last (at least
 * once): where its positions are, its results have been written. The outputs of the last stage can then be read to their ends.
 */
import type { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { Consumer } from "../../shared/kafka/consumer.js";
import { askCoordinator } from "../../shared/kafka/coordinator-wait.js";
import { partitionKey, type ReadStart, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import { partitionsFrom } from "../../shared/kafka/topic-reader.js";

/** Groups that read the same topics, and what these are. */
export interface Stage {
  readonly groups: readonly string[];
  readonly topics: readonly string[];
}

/** Time in which a partition's end is found, in ms; it is looked for again after that. */
const FIND_END_MS = 5000;
const POLL_MS = 100;

export class EndWatch {
  readonly #options: ClientOptions;
  readonly #admin: Admin;
  readonly #stages: readonly Stage[];
  #passed = 0;
  /** Of the stage that is looked at; undefined before they are taken. */
  #ends: readonly TopicPosition[] | undefined;

  /** @param stages in the order of a record's way; the last one may have no group: its topics are only to be readable to their ends */
  constructor(options: ClientOptions, admin: Admin, stages: readonly Stage[]) {
    this.#options = options;
    this.#admin = admin;
    this.#stages = stages;
  }

  /**
   * Whether the end of the last stage is reached; once it is, it stays so. To be asked only after the last record was committed to
   * the topics of the first stage.
   * @throws {KafkaError} a broker does not answer: ask again
   */
  async reached(): Promise<boolean> {
    for (; this.#passed < this.#stages.length; this.#passed++, this.#ends = undefined) {
      if (!(await this.#isPassed(this.#stages[this.#passed]))) return false;
    }
    return true;
  }

  async #isPassed({ groups, topics }: Stage): Promise<boolean> {
    this.#ends ??= await this.#endsOf(topics);
    const ends = this.#ends;
    if (ends === undefined) return false;
    const stable = positionsByKey(await this.#admin.ends(ends, "committed"));
    if (ends.some((end) => (stable.get(partitionKey(end)) ?? 0) < end.position)) return false;
    for (const group of groups) if (await this.#hasMore(group, ends)) return false;
    return true;
  }

  /** Undefined while one of the topics does not exist. */
  async #endsOf(topics: readonly string[]): Promise<readonly TopicPosition[] | undefined> {
    const found = await this.#admin.describe(topics);
    if (found.size < topics.length) return undefined;
    const places = [...found.values()].flatMap(({ name, partitions }) => partitionsFrom(name, partitions));
    return this.#admin.ends(places, "uncommitted");
  }

  /** Whether a committed record lies between the group's positions and these ends, or none was found there in time. */
  async #hasMore(group: string, ends: readonly TopicPosition[]): Promise<boolean> {
    const left = new Map(ends.map((end) => [partitionKey(end), end.position]));
    const consumer = await Consumer.connect(this.#options, group, {
      onPartitionEnd: (end) => {
        if (end.position >= (left.get(partitionKey(end)) ?? 0)) left.delete(partitionKey(end));
      },
    });
    try {
      const starts: ReadStart[] = [];
      for (const { topic, partition, position = 0 } of await askCoordinator(() => consumer.committed(ends))) {
        const key = partitionKey({ topic, partition });
        if (position >= (left.get(key) ?? 0)) left.delete(key);
        else starts.push({ topic, partition, position: position === 0 ? "beginning" : position });
      }
      if (starts.length > 0) consumer.assign(starts);
      const deadlineMs = performance.now() + FIND_END_MS;
      while (left.size > 0 && performance.now() < deadlineMs) {
        for (const { topic, partition, offset } of await consumer.consume(1, POLL_MS)) {
          const key = partitionKey({ topic, partition });
          if (offset < (left.get(key) ?? 0)) return true;
          left.delete(key);
        }
      }
      return left.size > 0;
    } finally {
      await consumer.disconnect();
    }
  }
}

function positionsByKey(places: readonly TopicPosition[]): ReadonlyMap<string, number> {
  return new Map(places.map((place) => [partitionKey(place), place.position]));
}
