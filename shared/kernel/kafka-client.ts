/**
 * The Kafka client of the kernel: callback API of @confluentinc/kafka-javascript behind promises, with the properties
 * that exactly once needs. Nothing else imports that package.
 */
import kafka from "@confluentinc/kafka-javascript";
import type { Logger } from "../logger.js";
import { callKafka, KafkaCode, KafkaError } from "./kafka-error.js";
import type { KernelSettings } from "./kernel-settings.js";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place to read from: `position` is the next offset to read. */
export interface TopicPosition extends TopicPartition {
  readonly position: number;
}

export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp?: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: readonly Readonly<Record<string, Buffer | string>>[];
}

export type RebalanceEvent =
  | { readonly kind: "assign"; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: "revoke"; readonly partitions: readonly TopicPartition[]; readonly lost: boolean };

/** Read from the start of the partition. */
export const BEGINNING = -2;
const NO_OFFSET = -1001;
const SEEK_RETRY_MS = 20;

/** What the package's own types leave out. */
interface ConsumerExtras {
  incrementalAssign(partitions: readonly { topic: string; partition: number; offset: number }[]): void;
  incrementalUnassign(partitions: readonly TopicPartition[]): void;
  assignmentLost(): boolean;
  rebalanceProtocol(): "NONE" | "EAGER" | "COOPERATIVE";
  setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void;
  commitCb(
    offsets: readonly { topic: string; partition: number; offset: number }[],
    done: (error: unknown) => void,
  ): void;
}

type NativeConsumer = InstanceType<typeof kafka.KafkaConsumer> & ConsumerExtras;
type Properties = Readonly<Record<string, string | number | boolean>>;

export interface ClientOptions {
  readonly settings: KernelSettings;
  /** Librdkafka properties of the user; they win over the kernel's defaults, reserved ones excepted. */
  readonly properties: Readonly<Record<string, string>>;
  /** Shown by the broker's tools. */
  readonly clientId: string;
  readonly logger: Logger;
}

function commonProperties({ settings, properties, clientId }: ClientOptions): Properties {
  return {
    "bootstrap.servers": settings.brokers,
    "client.id": clientId,
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1000,
    "socket.keepalive.enable": true,
    "topic.metadata.refresh.interval.ms": 30_000,
    ...properties,
  };
}

const CONSUMER_ONLY = /^(fetch\.|queued\.|session\.|heartbeat\.|max\.poll\.|auto\.offset|check\.crcs|consume\.)/;
const PRODUCER_ONLY =
  /^(linger\.|batch\.|queue\.buffering|compression\.|acks|request\.|message\.timeout|delivery\.|retries|sticky\.)/;

/** Librdkafka warns of a property that its kind of client does not know; give each kind its own. */
function without(properties: Properties, other: RegExp): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !other.test(name)));
}

function logEvents(
  client: { on(event: string, listener: (data: unknown) => void): unknown },
  logger: Logger,
  role: string,
): void {
  client.on("event.log", (data) => logger.debug({ role, librdkafka: data }, "client log"));
  client.on("event.error", (error) => logger.warn({ role, err: new KafkaError("client", error) }, "client error"));
}

function connect(
  client: { connect(options: object, done: (error: unknown) => void): unknown },
  call: string,
): Promise<void> {
  return callKafka(call, (done) => client.connect({ timeout: 10_000 }, (error) => done(error)));
}

/** A member of the consumer group, or a reader of partitions of its own choice where `groupId` is not subscribed. */
export class Consumer {
  readonly native: NativeConsumer;

  private constructor(native: NativeConsumer) {
    this.native = native;
  }

  /**
   * Connects a consumer that reads only what is committed and never commits by itself.
   * @throws {KafkaError} the broker does not answer
   */
  static async connect(
    options: ClientOptions,
    groupId: string,
    onRebalance?: (event: RebalanceEvent) => void,
    onStatistics?: (json: string) => void,
  ): Promise<Consumer> {
    const { settings } = options;
    const member =
      onRebalance === undefined
        ? {}
        : settings.groupProtocol === "consumer"
          ? { "group.protocol": "consumer", "group.remote.assignor": "range" }
          : { "partition.assignment.strategy": "range", "session.timeout.ms": 10_000 };
    const properties = {
      ...without(
        {
          "fetch.queue.backoff.ms": 5,
          "fetch.wait.max.ms": 50,
          "queued.min.messages": 20_000,
          "queued.max.messages.kbytes": 16_384,
          "auto.offset.reset": "earliest",
          ...commonProperties(options),
        },
        PRODUCER_ONLY,
      ),
      ...member,
      "group.id": groupId,
      "isolation.level": "read_committed",
      "enable.auto.commit": false,
      "enable.auto.offset.store": false,
      ...(onStatistics === undefined ? {} : { "statistics.interval.ms": 2000 }),
    };
    let native: NativeConsumer;
    const rebalanceCallback = (error: { code: number } | undefined, partitions: TopicPartition[]) => {
      if (error?.code === KafkaCode.ASSIGN_PARTITIONS) onRebalance?.({ kind: "assign", partitions });
      else onRebalance?.({ kind: "revoke", partitions, lost: native.assignmentLost() });
    };
    native = new kafka.KafkaConsumer(
      { ...properties, ...(onRebalance === undefined ? {} : { rebalance_cb: rebalanceCallback }) } as object,
      {},
    ) as NativeConsumer;
    logEvents(native as never, options.logger, "consumer");
    if (onStatistics !== undefined)
      native.on("event.stats", (event: { message: string }) => onStatistics(event.message));
    native.setDefaultIsTimeoutOnlyForFirstMessage(true);
    await connect(native as never, "connect consumer");
    return new Consumer(native);
  }

  subscribe(topics: readonly string[]): void {
    this.native.subscribe([...topics]);
  }

  /** Waits at most `timeoutMs` for a first record, then takes what is there. */
  consume(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> {
    this.native.setDefaultConsumeTimeout(timeoutMs);
    return callKafka("consume", (done) => this.native.consume(limit, done as never));
  }

  /** Takes partitions over, reading from the given positions. */
  assign(positions: readonly TopicPosition[]): void {
    const assignment = positions.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    if (this.native.rebalanceProtocol() === "COOPERATIVE") this.native.incrementalAssign(assignment);
    else this.native.assign(assignment);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    if (this.native.rebalanceProtocol() === "COOPERATIVE") this.native.incrementalUnassign(partitions);
    else this.native.unassign();
  }

  /** Whether a rebalance takes every partition away before it gives new ones. */
  get eager(): boolean {
    return this.native.rebalanceProtocol() === "EAGER";
  }

  /** The group's position in each partition, undefined where it has none; waits for offsets of open transactions. */
  async committed(
    partitions: readonly TopicPartition[],
  ): Promise<{ topic: string; partition: number; position: number | undefined }[]> {
    const answer = await callKafka<readonly { topic: string; partition: number; offset?: number; error?: unknown }[]>(
      "committed",
      (done) => this.native.committed(partitions as TopicPartition[], 10_000, done as never),
    );
    return answer.map(({ topic, partition, offset, error }) => {
      if (error !== undefined && error !== null) throw new KafkaError("committed", error);
      return { topic, partition, position: offset === undefined || offset < 0 ? undefined : offset };
    });
  }

  /** Goes on reading at `position`. Retried while the partition's fetcher is still starting. */
  async seek({ topic, partition, position }: TopicPosition): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await callKafka("seek", (done) => this.native.seek({ topic, partition, offset: position }, 10_000, done));
        return;
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== KafkaCode.STATE || attempt >= 250) throw error;
        await new Promise((resolve) => setTimeout(resolve, SEEK_RETRY_MS));
      }
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.native.pause(partitions as TopicPartition[]);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.native.resume(partitions as TopicPartition[]);
  }

  /** The next offset that this consumer will read, transaction markers passed over; undefined before the first record. */
  position(
    partitions: readonly TopicPartition[],
  ): { topic: string; partition: number; position: number | undefined }[] {
    return this.native.position(partitions as TopicPartition[]).map(({ topic, partition, offset }) => ({
      topic,
      partition,
      position: offset === undefined || offset < 0 || offset === NO_OFFSET ? undefined : offset,
    }));
  }

  /** Commits positions outside of a transaction. */
  commit(positions: readonly TopicPosition[]): Promise<void> {
    const offsets = positions.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    return callKafka("commit offsets", (done) => this.native.commitCb(offsets, done));
  }

  /** Leaves the group. Rebalance events that come meanwhile must still be answered by unassign. */
  disconnect(): Promise<void> {
    return callKafka("disconnect consumer", (done) => this.native.disconnect(done as never));
  }
}

/** Headers of a produced record. */
export type Headers = { [name: string]: Buffer | string }[];

/** A producer, transactional or merely idempotent. */
export class Producer {
  readonly #native: InstanceType<typeof kafka.Producer>;
  readonly #transactionTimeoutMs: number;
  #deliveryFailure: unknown;

  private constructor(native: InstanceType<typeof kafka.Producer>, transactionTimeoutMs: number) {
    this.#native = native;
    this.#transactionTimeoutMs = transactionTimeoutMs;
  }

  /**
   * @param transactionalId undefined for a producer without transactions
   * @throws {KafkaError} the broker does not answer
   */
  static async connect(
    options: ClientOptions,
    transactionalId: string | undefined,
    recordBytesMax: number,
  ): Promise<Producer> {
    const timeoutMs = options.settings.transactionTimeoutMs;
    const properties = {
      ...without(
        {
          "linger.ms": 5,
          "batch.size": 1_000_000,
          "queue.buffering.max.messages": 500_000,
          "queue.buffering.max.kbytes": 65_536,
          "message.max.bytes": recordBytesMax,
          ...commonProperties(options),
        },
        CONSUMER_ONLY,
      ),
      // As Java's producer does it, so that a series lies in the same partition whoever writes it.
      partitioner: "murmur2_random",
      "enable.idempotence": true,
      ...(transactionalId === undefined
        ? { dr_cb: true }
        : {
            "transactional.id": transactionalId,
            "transaction.timeout.ms": timeoutMs,
            "message.timeout.ms": Math.max(1000, timeoutMs - 1000),
            "socket.timeout.ms": Math.max(1000, timeoutMs - 1000),
          }),
    };
    const native = new kafka.Producer(properties as object, {});
    logEvents(native as never, options.logger, "producer");
    const producer = new Producer(native, timeoutMs);
    if (transactionalId === undefined) {
      native.on("delivery-report", (error: unknown) => {
        if (error) producer.#deliveryFailure ??= error;
      });
    }
    await connect(native as never, "connect producer");
    native.setPollInBackground(true);
    return producer;
  }

  /** Fences and ends whatever an earlier holder of the transactional id left open. */
  initTransactions(): Promise<void> {
    return callKafka("initTransactions", (done) => this.#native.initTransactions(2 * this.#transactionTimeoutMs, done));
  }

  begin(): Promise<void> {
    return callKafka("beginTransaction", (done) => this.#native.beginTransaction(done));
  }

  /**
   * Hands a record to the client's queue.
   * @param partition undefined: by the key's hash
   * @returns false where the queue is full: try again later
   */
  produce(
    topic: string,
    partition: number | undefined,
    key: Buffer | string | null,
    value: Buffer | null,
    timestamp: number | undefined,
    headers: Headers | undefined,
  ): boolean {
    try {
      this.#native.produce(topic, partition ?? null, value, key, timestamp ?? null, undefined, headers);
      return true;
    } catch (error) {
      const failure = new KafkaError("produce", error);
      if (failure.code === KafkaCode.QUEUE_FULL) return false;
      throw failure;
    }
  }

  sendOffsets(positions: readonly TopicPosition[], consumer: Consumer): Promise<void> {
    const offsets = positions.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    return callKafka("sendOffsetsToTransaction", (done) =>
      this.#native.sendOffsetsToTransaction(offsets, consumer.native, this.#transactionTimeoutMs, done),
    );
  }

  commitTransaction(): Promise<void> {
    return callKafka("commitTransaction", (done) => this.#native.commitTransaction(this.#transactionTimeoutMs, done));
  }

  abortTransaction(): Promise<void> {
    return callKafka("abortTransaction", (done) => this.#native.abortTransaction(this.#transactionTimeoutMs, done));
  }

  /**
   * Waits until every record has reached the broker (without transactions).
   * @throws {KafkaError} a record could not be delivered
   */
  async flush(): Promise<void> {
    await callKafka<void>("flush", (done) => this.#native.flush(this.#transactionTimeoutMs, done));
    const failure = this.#deliveryFailure;
    this.#deliveryFailure = undefined;
    if (failure !== undefined) throw new KafkaError("delivery", failure);
  }

  disconnect(): Promise<void> {
    return callKafka("disconnect producer", (done) => this.#native.disconnect(1000, done as never));
  }
}

export interface TopicDescription {
  readonly name: string;
  /** Changes when a topic is deleted and made again. */
  readonly id: string;
  readonly partitions: number;
}

/** Looks at topics and makes them. */
export class Admin {
  readonly #native: ReturnType<typeof kafka.AdminClient.create>;

  constructor(options: ClientOptions) {
    this.#native = kafka.AdminClient.create(
      without(without(commonProperties(options), CONSUMER_ONLY), PRODUCER_ONLY) as object,
      { "event.log": () => {}, "event.error": () => {} } as never,
    );
  }

  /**
   * The topics that exist among `names`.
   * @throws {KafkaError} the broker does not answer
   */
  async describe(names: readonly string[]): Promise<Map<string, TopicDescription>> {
    if (names.length === 0) return new Map();
    const answer = await callKafka<
      readonly { name: string; topicId?: unknown; partitions?: readonly unknown[]; error?: unknown }[]
    >("describeTopics", (done) => this.#native.describeTopics([...names], { timeout: 5000 }, done as never));
    const found = new Map<string, TopicDescription>();
    for (const { name, topicId, partitions, error } of answer) {
      if (error) {
        const failure = new KafkaError(`describe ${name}`, error);
        if (failure.code === KafkaCode.UNKNOWN_TOPIC_OR_PARTITION || failure.code === KafkaCode.UNKNOWN_TOPIC) continue;
        throw failure;
      }
      found.set(name, { name, id: String(topicId), partitions: partitions?.length ?? 0 });
    }
    return found;
  }

  /** Makes a topic; one that exists already is left as it is. */
  async create(
    name: string,
    partitions: number,
    replicationFactor: number,
    config: Readonly<Record<string, string>>,
  ): Promise<void> {
    try {
      await callKafka("createTopic", (done) =>
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
   * End of each partition.
   * @param isolation `uncommitted`: the high watermark; `committed`: the last stable offset
   */
  async ends(partitions: readonly TopicPartition[], isolation: "committed" | "uncommitted"): Promise<TopicPosition[]> {
    const answer = await callKafka<readonly { topic: string; partition: number; offset: number; error?: unknown }[]>(
      "listOffsets",
      (done) =>
        this.#native.listOffsets(
          partitions.map(({ topic, partition }) => ({ topic, partition, offset: kafka.OffsetSpec.LATEST })) as never,
          { timeout: 5000, isolationLevel: isolation === "committed" ? 1 : 0 },
          done as never,
        ),
    );
    return answer.map(({ topic, partition, offset, error }) => {
      if (error) throw new KafkaError(`end of ${topic}[${partition}]`, error);
      return { topic, partition, position: offset };
    });
  }

  disconnect(): void {
    this.#native.disconnect();
  }
}
