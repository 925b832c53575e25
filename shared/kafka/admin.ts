/** Topics: describing and making them, asking for their ends. Groups: describing and deleting them. */
import kafka from "@confluentinc/kafka-javascript";
import { APIS_CONTEXT, type BrokerApis } from "./broker-apis.js";
import { type ClientOptions, eventListeners } from "./client.js";
import { CONSUMER_ONLY, commonProperties, PRODUCER_ONLY, without } from "./client-properties.js";
import type { ClientTroubles } from "./client-troubles.js";
import { askCoordinator } from "./coordinator-wait.js";
import {
  describedGroup,
  type GroupDescription,
  listedGroup,
  type NativeGroup,
  type NativeListings,
  tellsGroupErrors,
} from "./group-description.js";
import { callKafka, KafkaCode, KafkaError } from "./kafka-error.js";
import { pause } from "./patience.js";
import { positionAt, type TopicPartition, type TopicPosition } from "./topic-partition.js";

/** A question goes to the leaders that the client knows, even where they are gone; it learns of new leaders after this time. */
const METADATA_AGE_MAX_MS = 1000;
const QUESTION_TIMEOUT_MS = 5000;
/** Between two questions whether a topic that was made is there. */
const TOPIC_POLL_MS = 100;

export interface TopicDescription {
  readonly name: string;
  /** Changes when a topic is deleted and made again. */
  readonly id: string;
  readonly partitions: number;
}

interface NativePositions {
  readonly partitions: readonly (TopicPartition & { readonly offset: number | null })[];
  readonly error?: unknown;
}

/**
 * Describes topics and makes them. One question is under way at a time, the others wait outside of the client: it blocks one
 * thread of libuv's pool for each until its broker answers, and one lock for all of them. A broker that hangs would block the
 * whole pool, and with it all other work there: commits, LevelDB's writes, files.
 */
export class Admin {
  readonly #native: ReturnType<typeof kafka.AdminClient.create>;
  /** Settled when the question under way has its answer. */
  #turn: Promise<unknown> = Promise.resolve();

  readonly #troubles: ClientTroubles | undefined;

  /** @param apis is told what each broker can do */
  constructor(options: ClientOptions, apis?: BrokerApis) {
    this.#troubles = options.troubles;
    const common = commonProperties(options.settings, options.properties, options.clientId);
    this.#native = kafka.AdminClient.create(
      {
        ...without(without(common, CONSUMER_ONLY), PRODUCER_ONLY),
        "metadata.max.age.ms": METADATA_AGE_MAX_MS,
        "topic.metadata.refresh.interval.ms": METADATA_AGE_MAX_MS,
        // Otherwise a question to a broker that is away connects again without any pause, and uses a whole core until it times out.
        "enable.sparse.connections": false,
        ...(apis === undefined ? {} : { debug: [options.properties.debug ?? [], APIS_CONTEXT].flat().join(",") }),
      } as object,
      eventListeners(options, "admin", apis) as never,
    );
  }

  /**
   * The topics that exist among `names`.
   * @throws {KafkaError} the broker does not answer
   */
  async describe(names: readonly string[]): Promise<Map<string, TopicDescription>> {
    if (names.length === 0) return new Map();
    const answer = await this.#ask<
      readonly { name: string; topicId?: { base64?: unknown }; partitions?: readonly unknown[]; error?: unknown }[]
    >("describeTopics", (done) =>
      this.#native.describeTopics([...names], { timeout: QUESTION_TIMEOUT_MS }, done as never),
    );
    const found = new Map<string, TopicDescription>();
    for (const { name, topicId, partitions, error } of answer) {
      if (error) {
        const failure = new KafkaError(`describe ${name}`, error);
        if (failure.code === KafkaCode.UNKNOWN_TOPIC_OR_PARTITION || failure.code === KafkaCode.UNKNOWN_TOPIC) continue;
        throw failure;
      }
      // The package's types call this field base64str, its code base64.
      const id = topicId?.base64;
      if (typeof id !== "string") throw new Error(`expected the broker to tell the id of ${name}, got ${typeof id}`);
      found.set(name, { name, id, partitions: partitions?.length ?? 0 });
    }
    return found;
  }

  /** Makes a topic; a topic that exists is left as it is. */
  async create(
    name: string,
    partitions: number,
    replicationFactor: number,
    config: Readonly<Record<string, string>>,
  ): Promise<void> {
    try {
      await this.#ask(`create topic ${name}`, (done) =>
        this.#native.createTopic(
          { topic: name, num_partitions: partitions, replication_factor: replicationFactor, config: config as never },
          10_000,
          done,
        ),
      );
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== KafkaCode.TOPIC_ALREADY_EXISTS) throw error;
    }
  }

  /**
   * Makes a topic, and waits until the broker has it; a topic that exists is left as it is.
   * @param stop ends the waiting; undefined for nobody
   * @returns false where `stop` came first
   */
  async ensure(
    name: string,
    partitions: number,
    replicationFactor: number,
    config: Readonly<Record<string, string>>,
    stop = new AbortController().signal,
  ): Promise<boolean> {
    while (!(await this.describe([name])).has(name)) {
      await this.create(name, partitions, replicationFactor, config);
      await pause(TOPIC_POLL_MS, stop);
      if (stop.aborted) return false;
    }
    return true;
  }

  /** Gives a topic more partitions, `partitions` in all; a topic that has as many is left as it is. */
  async grow(name: string, partitions: number): Promise<void> {
    try {
      await callKafka("createPartitions", (done) => this.#native.createPartitions(name, partitions, 10_000, done));
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== KafkaCode.INVALID_PARTITIONS) throw error;
    }
  }

  /** Deletes a topic; one that is not there is no fault. It may be seen for a moment after. */
  async delete(name: string): Promise<void> {
    try {
      await callKafka(`delete topic ${name}`, (done) => this.#native.deleteTopic(name, 10_000, done));
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== KafkaCode.UNKNOWN_TOPIC_OR_PARTITION) throw error;
    }
  }

  /**
   * The groups that exist among `names`, with members or without.
   * @throws {KafkaError} a broker does not answer
   */
  async groups(names: readonly string[]): Promise<string[]> {
    const found = new Set((await this.#listGroups()).map(({ groupId }) => groupId));
    return names.filter((name) => found.has(name));
  }

  async #listGroups(): Promise<NativeListings["groups"]> {
    const { groups, errors } = await this.#ask<NativeListings>("list groups", (done) =>
      this.#native.listGroups({ timeout: QUESTION_TIMEOUT_MS }, done as never),
    );
    if (errors.length > 0) throw new KafkaError("list groups", errors[0]);
    return groups;
  }

  /**
   * Deletes a group with its positions; one that is not there is no fault.
   * @throws {KafkaError} it has members, or the broker does not answer
   */
  deleteGroup(name: string): Promise<void> {
    return askCoordinator(() => this.#deleteGroup(name));
  }

  async #deleteGroup(name: string): Promise<void> {
    const [result] = await this.#ask<readonly { error?: unknown }[]>(`delete group ${name}`, (done) =>
      this.#native.deleteGroups([name], { timeout: QUESTION_TIMEOUT_MS }, done as never),
    );
    if (!result?.error) return;
    const failure = new KafkaError(`delete group ${name}`, result.error);
    if (failure.code !== KafkaCode.GROUP_ID_NOT_FOUND) throw failure;
  }

  /** How many members a group has now, "some" where the client cannot count them; 0 where there is no such group. */
  async members(name: string): Promise<number | "some"> {
    return (await this.describeGroup(name))?.members ?? 0;
  }

  /**
   * A group as its coordinator knows it, or as far as the client can find out; undefined where there is none.
   * @throws {KafkaError} the broker does not answer, or the user may not ask
   */
  describeGroup(name: string): Promise<GroupDescription | undefined> {
    return askCoordinator(async () =>
      tellsGroupErrors(this.#native) ? this.#describeGroup(name) : listedGroup(name, await this.#listGroups()),
    );
  }

  async #describeGroup(name: string): Promise<GroupDescription | undefined> {
    const { groups } = await this.#ask<{ groups: readonly NativeGroup[] }>(`describe group ${name}`, (done) =>
      this.#native.describeGroups([name], { timeout: QUESTION_TIMEOUT_MS }, done as never),
    );
    const [group] = groups;
    if (!group.error) return describedGroup(group);
    const failure = new KafkaError(`describe group ${name}`, group.error);
    if (failure.code === KafkaCode.GROUP_ID_NOT_FOUND) return undefined;
    throw failure;
  }

  /**
   * The positions that a group has committed; none where there is no such group. Not for a client that cannot describe groups: it
   * dies where the answer is an error.
   */
  positions(name: string): Promise<TopicPosition[]> {
    return askCoordinator(() => this.#positions(name));
  }

  async #positions(name: string): Promise<TopicPosition[]> {
    const [{ error, partitions }] = await this.#ask<readonly NativePositions[]>(`positions of ${name}`, (done) =>
      this.#native.listConsumerGroupOffsets([{ groupId: name }], { timeout: QUESTION_TIMEOUT_MS }, done as never),
    );
    if (error) throw new KafkaError(`positions of ${name}`, error);
    return partitions
      .filter(({ offset }) => offset !== null && offset >= 0)
      .map(({ topic, partition, offset }) => ({ topic, partition, position: positionAt(offset ?? 0) }));
  }

  /**
   * End of each partition.
   * @param isolation `uncommitted`: the high watermark; `committed`: the last stable offset
   * @throws {KafkaError} the broker does not answer, or does not know yet
   */
  ends(partitions: readonly TopicPartition[], isolation: "committed" | "uncommitted"): Promise<TopicPosition[]> {
    return this.#offsets(partitions, kafka.OffsetSpec.LATEST, isolation);
  }

  /** First offset that each partition still has: 0 unless records were deleted. */
  beginnings(partitions: readonly TopicPartition[]): Promise<TopicPosition[]> {
    return this.#offsets(partitions, kafka.OffsetSpec.EARLIEST, "uncommitted");
  }

  async #offsets(
    partitions: readonly TopicPartition[],
    offset: object,
    isolation: "committed" | "uncommitted",
  ): Promise<TopicPosition[]> {
    if (partitions.length === 0) return [];
    const answer = await this.#ask<readonly { topic: string; partition: number; offset: number; error?: unknown }[]>(
      "listOffsets",
      (done) =>
        this.#native.listOffsets(
          partitions.map(({ topic, partition }) => ({ topic, partition, offset })) as never,
          { timeout: QUESTION_TIMEOUT_MS, isolationLevel: isolation === "committed" ? 1 : 0 },
          done as never,
        ),
    );
    return answer.map(({ topic, partition, offset, error }) => {
      const call = `offsets of ${topic}[${partition}]`;
      if (error) throw new KafkaError(call, error);
      // Where a partition was just made, or a connection died under the question, the answer has neither error nor offset; its -1
      // must not pass for an empty log.
      if (offset < 0) throw new KafkaError(call, { code: -1, message: `not known (${offset})`, isRetriable: true });
      return { topic, partition, position: positionAt(offset) };
    });
  }

  /** Waits for the question under way: otherwise the client would block the whole process until its answer. */
  async disconnect(): Promise<void> {
    await this.#turn;
    this.#native.disconnect();
  }

  #ask<T>(call: string, start: (done: (error: unknown, result?: T) => void) => void): Promise<T> {
    const answer = this.#turn.then(async () => {
      const result = await callKafka(call, start);
      this.#troubles?.answered();
      return result;
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}
