/** Reading: members of consumer groups, and readers of partitions of their own choice. */
import kafka from "@confluentinc/kafka-javascript";
import { type MemoryBudget, memoryBudget } from "../memory-budget.js";
import type { InputRecord, RecordHeaders } from "../service-definition.js";
import { BatchBytes } from "./batch-bytes.js";
import {
  type ClientOptions,
  commonProperties,
  connectClient,
  MEMBER_ONLY,
  NO_TOPIC_CONFIGURATION,
  PRODUCER_ONLY,
  without,
} from "./client.js";
import type { ClientLog } from "./client-troubles.js";
import { callKafka, KafkaCode, KafkaError } from "./kafka-error.js";
import { isEager, memberProperties } from "./member-properties.js";
import {
  type KnownPosition,
  type Offset,
  type Position,
  positionAt,
  type ReadStart,
  type TopicPartition,
  type TopicPosition,
} from "./topic-partition.js";

export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly timestamp?: number;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders;
}

/** A consumed record as process() sees it. */
export function inputRecordOf({
  topic,
  partition,
  offset,
  timestamp,
  key,
  value,
  headers,
}: ConsumedRecord): InputRecord {
  return {
    topic,
    partition,
    offset,
    timestamp: timestamp ?? 0,
    key: key ?? null,
    value,
    headers,
  };
}

export type RebalanceEvent =
  | { readonly kind: "assign"; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: "revoke"; readonly partitions: readonly TopicPartition[]; readonly lost: boolean };

/** What the client calls these places, where it expects an offset. */
const CLIENT_BEGINNING = -2;
const CLIENT_END = -1;
const SEEK_RETRY_MS = 20;
/** Seeks after which a fetcher that refuses them is not about to start, but has ended. */
const SEEKS_BEFORE_RESTART = 25;

/** What the package's own types leave out. */
interface ConsumerExtras {
  incrementalAssign(partitions: readonly { topic: string; partition: number; offset: number }[]): void;
  incrementalUnassign(partitions: readonly TopicPartition[]): void;
  assignmentLost(): boolean;
  setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void;
  commitCb(
    offsets: readonly { topic: string; partition: number; offset: number }[],
    done: (error: unknown) => void,
  ): void;
}

/** Memory that a consumer may fill, in bytes. */
export interface ConsumerMemory {
  /** Fetched ahead, in the client's queue; one answer of a broker is no larger either, unless a single record is. */
  readonly queue: number;
  /** Of one {@link Consumer.consume}, roughly. */
  readonly batch: number;
}

/** A consumer that is the only large one of its process. */
const ALONE: ConsumerMemory = consumerMemory(memoryBudget());

function consumerMemory({ consumerQueue, batch }: MemoryBudget): ConsumerMemory {
  return { queue: consumerQueue, batch };
}

type NativeConsumer = InstanceType<typeof kafka.KafkaConsumer> & ConsumerExtras;
/** A member of the consumer group, or a reader of partitions of its own choice where `groupId` is not subscribed. */
export class Consumer {
  readonly native: NativeConsumer;
  /** Whether a rebalance takes every partition away before it gives new ones. */
  readonly eager: boolean;
  readonly #groupId: string;
  /** Why the client cannot go on: its log has that alone. */
  #fatal: string | undefined;

  readonly #batch: BatchBytes;

  /** Which kind it is follows from the settings: the client itself forgets it while it leaves the group. */
  private constructor(native: NativeConsumer, eager: boolean, groupId: string, batch: BatchBytes) {
    this.native = native;
    this.#batch = batch;
    this.eager = eager;
    this.#groupId = groupId;
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
    memory: ConsumerMemory = ALONE,
  ): Promise<Consumer> {
    const { settings } = options;
    const common = commonProperties(options);
    const properties = {
      ...without(
        {
          "fetch.queue.backoff.ms": 5,
          "fetch.wait.max.ms": 50,
          "queued.min.messages": 20_000,
          // Of all partitions together: they share one queue where a consumer is read as a whole.
          "queued.max.messages.kbytes": Math.floor(memory.queue / 1024),
          // A member asks for no offset that its log does not have; one that was deleted meanwhile must not pass in silence.
          "auto.offset.reset": onRebalance === undefined ? "earliest" : "error",
          ...(onRebalance === undefined ? without(common, MEMBER_ONLY) : common),
        },
        PRODUCER_ONLY,
      ),
      ...(onRebalance === undefined ? {} : memberProperties(settings)),
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
      NO_TOPIC_CONFIGURATION,
    ) as NativeConsumer;
    if (onStatistics !== undefined)
      native.on("event.stats", (event: { message: string }) => onStatistics(event.message));
    native.setDefaultIsTimeoutOnlyForFirstMessage(true);
    const eager = onRebalance === undefined || isEager(settings);
    const consumer = new Consumer(native, eager, groupId, new BatchBytes(memory.batch));
    native.on("event.log", (line) => consumer.#onLog(line as ClientLog));
    await connectClient(native as never, options, "consumer");
    return consumer;
  }

  subscribe(topics: readonly string[]): void {
    this.native.subscribe([...topics]);
  }

  /** Waits at most `timeoutMs` for a first record, then takes what is there, within the bytes of a batch. */
  async consume(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> {
    this.native.setDefaultConsumeTimeout(timeoutMs);
    // The package's types say that a key may be a string; its code makes bytes of every key.
    const records = await callKafka<ConsumedRecord[]>("consume", (done) =>
      this.native.consume(Math.min(limit, this.#batch.records), done as never),
    ).catch((error: unknown) => {
      throw this.#explained(error);
    });
    this.#batch.learn(records);
    return records;
  }

  #onLog({ fac, message }: ClientLog): void {
    if (fac === "FATAL") this.#fatal ??= fatalReason(String(message));
  }

  /** The error of a call, with what the call does not tell. */
  #explained(error: unknown): unknown {
    if (!(error instanceof KafkaError)) return error;
    if (error.code === KafkaCode.FATAL && this.#fatal !== undefined)
      return new KafkaError("consume", { ...(error.cause as object), message: this.#fatal });
    if (error.code === KafkaCode.GROUP_AUTHORIZATION_FAILED)
      return new KafkaError(`group ${this.#groupId}`, error.cause);
    return error;
  }

  /** Takes partitions over, reading from the given positions. */
  assign(positions: readonly ReadStart[]): void {
    const assignment = positions.map(clientPlace);
    if (this.eager) this.native.assign(assignment);
    else this.native.incrementalAssign(assignment);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    if (this.eager) this.native.unassign();
    else this.native.incrementalUnassign(partitions);
  }

  /** Answers an assignment with no partition at all, as the client does once it is closing. */
  takeNothing(): void {
    this.native.unassign();
  }

  /** The group's position in each partition, undefined where it has none; waits for offsets of open transactions. */
  async committed(partitions: readonly TopicPartition[]): Promise<KnownPosition[]> {
    const answer = await callKafka<readonly { topic: string; partition: number; offset?: number; error?: unknown }[]>(
      "committed",
      (done) => this.native.committed(partitions as TopicPartition[], 10_000, done as never),
    );
    return answer.map(({ topic, partition, offset, error }) => {
      if (error !== undefined && error !== null) throw new KafkaError("committed", error);
      return { topic, partition, position: knownPosition(offset) };
    });
  }

  /**
   * Goes on reading at `position`. Retried while the partition's fetcher is still starting; one that has ended, because the log
   * had nothing at its former position, is started anew, which also ends a pause.
   */
  async seek(place: ReadStart): Promise<void> {
    const target = clientPlace(place);
    for (let attempt = 1; attempt <= SEEKS_BEFORE_RESTART; attempt++) {
      try {
        await callKafka("seek", (done) => this.native.seek(target, 10_000, done));
        return;
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== KafkaCode.STATE) throw error;
        await new Promise((resolve) => setTimeout(resolve, SEEK_RETRY_MS));
      }
    }
    this.#restart(place);
  }

  /** @throws {KafkaError} the partition is not assigned any more */
  #restart(place: ReadStart): void {
    try {
      if (this.eager) {
        const isPlace = ({ topic, partition }: TopicPartition) =>
          topic === place.topic && partition === place.partition;
        const others = this.native.assignments().filter((assigned) => !isPlace(assigned));
        // The loop passes over what it has processed already.
        const positions = this.position(others).map((at) => ({
          ...at,
          position: at.position ?? ("beginning" as const),
        }));
        this.assign([...positions, place]);
      } else {
        this.unassign([place]);
        this.assign([place]);
      }
    } catch (error) {
      throw new KafkaError("restart", error);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.native.pause(partitions as TopicPartition[]);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.native.resume(partitions as TopicPartition[]);
  }

  /** The next offset that this consumer will read, transaction markers passed over; undefined before the first record. */
  position(partitions: readonly TopicPartition[]): KnownPosition[] {
    return this.native.position(partitions as TopicPartition[]).map(({ topic, partition, offset }) => ({
      topic,
      partition,
      position: knownPosition(offset),
    }));
  }

  /** Commits positions outside of a transaction. */
  commit(positions: readonly TopicPosition[]): Promise<void> {
    return callKafka("commit offsets", (done) => this.native.commitCb(positions.map(clientPlace), done));
  }

  /** Leaves the group. Rebalance events that come meanwhile must still be answered by unassign. */
  disconnect(): Promise<void> {
    return callKafka("disconnect consumer", (done) => this.native.disconnect(done as never));
  }
}

/** A partition and where it is read, as the client takes it: it calls a position an offset. */
function clientPlace({ topic, partition, position }: ReadStart): { topic: string; partition: number; offset: number } {
  if (position === "beginning") return { topic, partition, offset: CLIENT_BEGINNING };
  if (position === "end") return { topic, partition, offset: CLIENT_END };
  return { topic, partition, offset: position };
}

/** @param offset of the client's answer, below 0 where it knows none */
function knownPosition(offset: number | undefined): Position | undefined {
  return offset === undefined || offset < 0 ? undefined : positionAt(offset);
}

/** What the client logged when it gave up, with what helps. */
function fatalReason(message: string): string {
  const reason = message.replace(/^\[thrd:.*?\]: /, "");
  if (!/ConsumerGroup\w+ fatal error: .*API version not supported/.test(reason)) return reason;
  return (
    `${reason}. The broker does not have the consumer protocol (KIP-848): set GROUP_PROTOCOL=cooperative-sticky in all instances of the ` +
    "service, or let Kafka 4 have it (group.coordinator.rebalance.protocols=classic,consumer)"
  );
}
