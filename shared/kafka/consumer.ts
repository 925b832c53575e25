/** Reading: members of consumer groups, and readers of partitions of their own choice. */
import kafka from "@confluentinc/kafka-javascript";
import { BatchBytes } from "./batch-bytes.js";
import { type ConsumedEnd, consumeBatchOf } from "./batch-calls.js";
import { type ClientOptions, connectClient } from "./client.js";
import { type ClientPlace, clientPlace, knownPosition } from "./client-place.js";
import { NO_TOPIC_CONFIGURATION } from "./client-properties.js";
import type { ClientLog } from "./client-troubles.js";
import type { ConsumedRecord } from "./consumed-record.js";
import { ALONE, type ConsumerMemory, consumerProperties } from "./consumer-properties.js";
import { callKafka, KafkaCode, KafkaError } from "./kafka-error.js";
import type { LogRange } from "./log-range.js";
import { isEager } from "./member-properties.js";
import { type BatchRoom, batchOf, type RecordBatch, ROW } from "./record-batch.js";
import {
  type KnownPosition,
  positionAt,
  type ReadStart,
  type TopicPartition,
  type TopicPosition,
} from "./topic-partition.js";

/** What the group changes in this member's partitions. It waits until the member answers by assign or unassign. */
export type RebalanceEvent =
  | { readonly kind: "assign"; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: "revoke"; readonly partitions: readonly TopicPartition[]; readonly lost: boolean };

/** What a consumer is for. */
export interface ConsumerUse {
  /** Makes the consumer a member of the group once it subscribes; without it the group's name is a name only. */
  readonly onRebalance?: (event: RebalanceEvent) => void;
  /** Gets librdkafka's statistics, as JSON, every 2 s. */
  readonly onStatistics?: (json: string) => void;
  /**
   * Gets each position at which a partition has, for now, nothing more to read. An end that consists of markers and aborted records
   * is never delivered as a record: this alone shows that it was passed.
   */
  readonly onPartitionEnd?: (end: TopicPosition) => void;
  readonly memory?: ConsumerMemory;
}

declare const metadata: unique symbol;

/** Group, member id and generation of a member, in a form that the client alone can read. */
export interface GroupMetadata {
  readonly [metadata]: true;
}

const NO_HEADERS = new Float64Array(0);
const SEEK_RETRY_MS = 20;
/** Seeks after which a fetcher that refuses them is not still starting, but has ended. */
const SEEKS_BEFORE_RESTART = 25;

/** What the package's own types leave out. */
interface ConsumerExtras {
  incrementalAssign(partitions: readonly ClientPlace[]): void;
  incrementalUnassign(partitions: readonly TopicPartition[]): void;
  assignmentLost(): boolean;
  setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void;
  commitCb(offsets: readonly ClientPlace[], done: (error: unknown) => void): void;
}

type NativeConsumer = InstanceType<typeof kafka.KafkaConsumer> & ConsumerExtras;

/** A member of the consumer group, or a reader of partitions of its own choice where `groupId` is not subscribed. */
export class Consumer {
  /** Whether a rebalance takes every partition away before it gives new ones. The client forgets this while it leaves the group. */
  readonly eager: boolean;
  readonly #native: NativeConsumer;
  readonly #groupId: string;
  readonly #batch: BatchBytes;
  /** Undefined where the client was not built with it. */
  readonly #consumeBatch: ReturnType<typeof consumeBatchOf>;
  /** Why the client cannot work any more, which only its log says. */
  #fatal: string | undefined;

  private constructor(native: NativeConsumer, eager: boolean, groupId: string, batch: BatchBytes) {
    this.#native = native;
    this.eager = eager;
    this.#groupId = groupId;
    this.#batch = batch;
    this.#consumeBatch = consumeBatchOf(native);
  }

  /**
   * Connects a consumer that reads only what is committed and never commits by itself.
   * @throws {KafkaError} the broker does not answer
   */
  static async connect(options: ClientOptions, groupId: string, use: ConsumerUse = {}): Promise<Consumer> {
    const { onRebalance, onStatistics, onPartitionEnd, memory = ALONE } = use;
    const isMember = onRebalance !== undefined;
    const hasStatistics = onStatistics !== undefined;
    const tellsEnds = onPartitionEnd !== undefined;
    const properties = consumerProperties(options, groupId, memory, { isMember, hasStatistics, tellsEnds });
    let native: NativeConsumer;
    const rebalanceCallback = (error: { code: number } | undefined, partitions: TopicPartition[]) => {
      if (error?.code === KafkaCode.ASSIGN_PARTITIONS) onRebalance?.({ kind: "assign", partitions });
      else onRebalance?.({ kind: "revoke", partitions, lost: native.assignmentLost() });
    };
    native = new kafka.KafkaConsumer(
      { ...properties, ...(isMember ? { rebalance_cb: rebalanceCallback } : {}) } as object,
      NO_TOPIC_CONFIGURATION,
    ) as NativeConsumer;
    if (hasStatistics) native.on("event.stats", (event: { message: string }) => onStatistics(event.message));
    if (tellsEnds)
      native.on("partition.eof", ({ topic, partition, offset }: ClientPlace) =>
        onPartitionEnd({ topic, partition, position: positionAt(offset) }),
      );
    native.setDefaultIsTimeoutOnlyForFirstMessage(true);
    const eager = !isMember || isEager(options.settings);
    const consumer = new Consumer(native, eager, groupId, new BatchBytes(memory.batch));
    native.on("event.log", (line) => consumer.#onLog(line as ClientLog));
    await connectClient(native as never, options, "consumer");
    return consumer;
  }

  subscribe(topics: readonly string[]): void {
    this.#native.subscribe([...topics]);
  }

  /** Waits at most `timeoutMs` for a first record, then returns those that are there, within the bytes of a batch. */
  async consume(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> {
    this.#native.setDefaultConsumeTimeout(timeoutMs);
    // The package's types say that a key may be a string; its code makes bytes of every key.
    const records = await callKafka<ConsumedRecord[]>("consume", (done) =>
      this.#native.consume(Math.min(limit, this.#batch.records), done as never),
    ).catch((error: unknown) => {
      throw this.#explained(error);
    });
    this.#batch.learn(records);
    return records;
  }

  /**
   * As {@link consume}, but gives the records as they lie in memory. The batch is valid until its room is lent again.
   * @param room lent until the promise is fulfilled, and no longer
   */
  async consumeBatch(limit: number, timeoutMs: number, room: BatchRoom): Promise<RecordBatch> {
    const most = Math.min(limit, room.rows.length / ROW);
    const consumeBatch = this.#consumeBatch;
    if (consumeBatch === undefined) return batchOf(await this.consume(most, timeoutMs), room);
    const { batch, ends } = await callKafka<{ batch: RecordBatch; ends: readonly ConsumedEnd[] }>("consume", (done) =>
      consumeBatch(timeoutMs, most, room.bytes, room.rows, (error, count, topics, ends, headers = NO_HEADERS, own) =>
        done(error, { batch: { count, topics, bytes: own ?? room.bytes, rows: room.rows, headers }, ends }),
      ),
    ).catch((error: unknown) => {
      throw this.#explained(error);
    });
    for (const end of ends) this.#native.emit("partition.eof", end as never);
    return batch;
  }

  /** Takes partitions over, reading from the given positions. */
  assign(starts: readonly ReadStart[]): void {
    const assignment = starts.map(clientPlace);
    if (this.eager) this.#native.assign(assignment);
    else this.#native.incrementalAssign(assignment);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    if (this.eager) this.#native.unassign();
    else this.#native.incrementalUnassign(partitions);
  }

  /** Answers an assignment with no partition at all, as the client does once it is closing. */
  takeNothing(): void {
    this.#native.unassign();
  }

  /** The group's position in each partition, undefined where it has none; waits for offsets of open transactions. */
  async committed(partitions: readonly TopicPartition[]): Promise<KnownPosition[]> {
    const answer = await callKafka<readonly (Partial<ClientPlace> & TopicPartition & { error?: unknown })[]>(
      "committed",
      (done) => this.#native.committed(partitions as TopicPartition[], 10_000, done as never),
    );
    return answer.map(({ topic, partition, offset, error }) => {
      if (error !== undefined && error !== null) throw new KafkaError("committed", error);
      return { topic, partition, position: knownPosition(offset) };
    });
  }

  /**
   * Reads from `place` next. Retried while the partition's fetcher is still starting. A fetcher that has ended, because the log had
   * nothing at its former position, is started again, which also ends a pause.
   */
  async seek(place: ReadStart): Promise<void> {
    const target = clientPlace(place);
    for (let attempt = 1; attempt <= SEEKS_BEFORE_RESTART; attempt++) {
      try {
        await callKafka("seek", (done) => this.#native.seek(target, 10_000, done));
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
        const others = this.#native.assignments().filter((assigned) => !isPlace(assigned));
        // Records that come again are no harm: the loop skips what it has processed.
        const starts = this.position(others).map((at) => ({ ...at, position: at.position ?? ("beginning" as const) }));
        this.assign([...starts, place]);
      } else {
        this.unassign([place]);
        this.assign([place]);
      }
    } catch (error) {
      throw new KafkaError("restart", error);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#native.pause(partitions as TopicPartition[]);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#native.resume(partitions as TopicPartition[]);
  }

  /** The position that this consumer will read next, after any transaction markers; undefined before the first record. */
  position(partitions: readonly TopicPartition[]): KnownPosition[] {
    return this.#native.position(partitions as TopicPartition[]).map(({ topic, partition, offset }) => ({
      topic,
      partition,
      position: knownPosition(offset),
    }));
  }

  /**
   * What can be read of a partition: its end is the last stable offset, since records of open transactions cannot.
   * @throws {KafkaError} the partition's leader does not answer within `timeoutMs`, which is 1 or more
   */
  async readableRange({ topic, partition }: TopicPartition, timeoutMs: number): Promise<LogRange> {
    const { lowOffset, highOffset } = await callKafka<{ lowOffset: number; highOffset: number }>(
      `range of ${topic}[${partition}]`,
      (done) => this.#native.queryWatermarkOffsets(topic, partition, timeoutMs, done as never),
    );
    return { begin: positionAt(lowOffset), end: positionAt(highOffset) };
  }

  /**
   * How many partitions a topic has, 0 where there is none; afterwards this consumer knows all of them, too.
   * @throws {KafkaError} the broker does not answer
   */
  async partitionsOf(topic: string, timeoutMs: number): Promise<number> {
    const { topics } = await callKafka<{ topics: readonly { name: string; partitions: readonly unknown[] }[] }>(
      `partitions of ${topic}`,
      (done) => this.#native.getMetadata({ topic, timeout: timeoutMs }, done as never),
    );
    return topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
  }

  /** Commits positions outside of a transaction. */
  commit(positions: readonly TopicPosition[]): Promise<void> {
    return callKafka("commit offsets", (done) => this.#native.commitCb(positions.map(clientPlace), done));
  }

  /** For {@link Producer.sendOffsets}: the broker refuses the positions of a member of an old generation. */
  groupMetadata(): GroupMetadata {
    return this.#native as unknown as GroupMetadata;
  }

  /** Leaves the group. Rebalance events that come meanwhile must still be answered by unassign. */
  disconnect(): Promise<void> {
    return callKafka("disconnect consumer", (done) => this.#native.disconnect(done as never));
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
}

/** What the client logged at its fatal error, with a remedy where there is one. */
function fatalReason(message: string): string {
  const reason = message.replace(/^\[thrd:.*?\]: /, "");
  if (!/ConsumerGroup\w+ fatal error: .*API version not supported/.test(reason)) return reason;
  return (
    `${reason}. The broker does not have the consumer protocol (KIP-848): set GROUP_PROTOCOL=cooperative-sticky in all instances of the ` +
    "service, or let Kafka 4 have it (group.coordinator.rebalance.protocols=classic,consumer, and its feature group.version=1)"
  );
}
