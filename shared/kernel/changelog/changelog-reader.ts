/**
 * Reads changelogs for all restores of a process, side by side. One consumer is there while any restore is under way: a client for
 * each would cost a connection, threads and a queue of its own.
 *
 * The next batch is on its way while one is applied. What the client says of a batch beside its records (positions after markers,
 * ends of partitions) is therefore taken in when the batch comes: a moment later it would be true of records that nobody has applied.
 */
import type { ClientOptions } from "../../kafka/client.js";
import { Consumer } from "../../kafka/consumer.js";
import type { ConsumerMemory } from "../../kafka/consumer-properties.js";
import { type BatchRoom, newRoom, type RecordBatch, RecordView } from "../../kafka/record-batch.js";
import type { TopicPosition } from "../../kafka/topic-partition.js";
import { memoryBudget } from "../../memory-budget.js";
import { ChangelogReading, type ChangelogsRead, type ReadRequest } from "./changelog-reading.js";

const BATCH_RECORDS = 10_000;
const POLL_MS = 50;
const { restoreQueue, restoreBatch } = memoryBudget();
const restoreMemory: ConsumerMemory = { queue: restoreQueue, batch: restoreBatch };

/** A restore under way. */
interface OpenReading {
  readonly reading: ChangelogReading;
  readonly resolve: (read: ChangelogsRead | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the consumer reads for it. What was fetched before that belongs to an earlier restore of the task. */
  assigned: boolean;
}

/** Records of a batch, and what was known when it came. */
interface Batch {
  readonly records: RecordBatch;
  /** By partition number. */
  readonly reached: ReadonlyMap<number, readonly TopicPosition[]>;
}

export class ChangelogReader {
  readonly #options: ClientOptions;
  readonly #groupId: string;
  /** By partition number: a task has one restore at a time. */
  readonly #readings = new Map<number, OpenReading>();
  /** Ends of partitions since the last batch. */
  #passed: TopicPosition[] = [];
  #serving: Promise<void> | undefined;

  /** @param groupId the service's: no member, but without a right on it the client reads nothing, and on that one its user has it */
  constructor(options: ClientOptions, groupId: string) {
    this.#options = options;
    this.#groupId = groupId;
  }

  /**
   * Reads the changelogs of a task up to their ends.
   * @returns undefined where it was cancelled
   * @throws {StoreError} a changelog record is damaged, or of a format that is not read
   * @throws {KafkaError} the broker does not answer
   * @throws what `apply` throws
   */
  read(request: ReadRequest): Promise<ChangelogsRead | undefined> {
    const reading = new ChangelogReading(request);
    if (reading.remaining === 0) return Promise.resolve(reading.result);
    return new Promise((resolve, reject) => {
      this.#readings.set(request.partition, { reading, resolve, reject, assigned: false });
      this.#serve();
    });
  }

  /** Waits until the consumer is gone, after the last restore has ended. */
  async close(): Promise<void> {
    await this.#serving;
  }

  #serve(): void {
    this.#serving ??= this.#readAll()
      .catch((error: unknown) => {
        for (const [partition, { reject }] of [...this.#readings]) {
          this.#readings.delete(partition);
          reject(error);
        }
      })
      .finally(() => {
        this.#serving = undefined;
        // A restore that came while the consumer was being closed.
        if (this.#readings.size > 0) this.#serve();
      });
  }

  async #readAll(): Promise<void> {
    const consumer = await Consumer.connect(this.#options, this.#groupId, {
      memory: restoreMemory,
      onPartitionEnd: (end) => this.#passed.push(end),
    });
    try {
      // One is read from while the other is filled.
      let [room, other] = [newRoom(BATCH_RECORDS, restoreBatch), newRoom(BATCH_RECORDS, restoreBatch)];
      let next: Promise<Batch> | undefined;
      while (this.#readings.size > 0) {
        this.#endCancelled(consumer);
        if (next === undefined) this.#assign(consumer);
        const batch = await (next ?? this.#nextBatch(consumer, room));
        [room, other] = [other, room];
        next = this.#hasNew() ? undefined : this.#nextBatch(consumer, room);
        // Its error is thrown when its turn comes.
        next?.catch(() => undefined);
        await this.#apply(consumer, batch);
      }
      await next?.catch(() => undefined);
    } finally {
      this.#passed = [];
      for (const open of this.#readings.values()) open.assigned = false;
      await consumer.disconnect().catch((error: unknown) => {
        this.#options.logger.debug({ err: error }, "the consumer of restores did not disconnect");
      });
    }
  }

  #hasNew(): boolean {
    return [...this.#readings.values()].some(({ assigned }) => !assigned);
  }

  /** Nothing is on its way then: what comes next is read from these places. */
  #assign(consumer: Consumer): void {
    if (!this.#hasNew()) return;
    for (const open of this.#readings.values()) open.assigned = true;
    const places = this.#places();
    consumer.assign(places);
    // A pause outlives the assignment: an earlier restore of the task may have left one.
    consumer.resume(places);
  }

  #endCancelled(consumer: Consumer): void {
    for (const [partition, { reading, resolve }] of this.#readings) {
      if (!reading.request.cancelled()) continue;
      this.#end(consumer, partition);
      resolve(undefined);
    }
  }

  #places(): TopicPosition[] {
    return [...this.#readings.values()].flatMap(({ reading, assigned }) => (assigned ? reading.places : []));
  }

  async #nextBatch(consumer: Consumer, room: BatchRoom): Promise<Batch> {
    const records = await consumer.consumeBatch(BATCH_RECORDS, POLL_MS, room);
    const reached = new Map<number, TopicPosition[]>();
    const add = (place: TopicPosition) => {
      const places = reached.get(place.partition);
      if (places === undefined) reached.set(place.partition, [place]);
      else places.push(place);
    };
    for (const place of this.#passed) add(place);
    this.#passed = [];
    for (const { topic, partition, position } of consumer.position(this.#places()))
      if (position !== undefined) add({ topic, partition, position });
    return { records, reached };
  }

  async #apply(consumer: Consumer, { records, reached }: Batch): Promise<void> {
    const view = new RecordView();
    for (let k = 0; k < records.count; k++) {
      const record = view.at(records, k);
      const open = this.#readings.get(record.partition);
      if (open?.assigned !== true) continue;
      try {
        open.reading.take(record);
      } catch (error) {
        this.#end(consumer, record.partition);
        open.reject(error);
      }
    }
    const open = [...this.#readings].filter(([, { assigned }]) => assigned);
    await Promise.all(
      open.map(async ([partition, { reading, resolve, reject }]) => {
        try {
          await reading.apply(reached.get(partition) ?? []);
          if (reading.remaining > 0) return;
          this.#end(consumer, partition);
          resolve(reading.result);
        } catch (error) {
          this.#end(consumer, partition);
          reject(error);
        }
      }),
    );
  }

  /** What its partitions get from now on is nothing to read. */
  #end(consumer: Consumer, partition: number): void {
    const open = this.#readings.get(partition);
    this.#readings.delete(partition);
    if (open?.assigned) consumer.pause(open.reading.places);
  }
}
