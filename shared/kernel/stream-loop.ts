/**
 * The loop of a service: take a batch, process it, commit when it is time; between batches answer rebalances.
 * Everything that may wait stands here and in what it calls; process() never does.
 */
import { setTimeout as delay } from "node:timers/promises";
import { TopicError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { InputRecord } from "../service-definition.js";
import { commitTasks } from "./commit.js";
import {
  BEGINNING,
  type ConsumedRecord,
  type Consumer,
  type RebalanceEvent,
  type TopicPartition,
} from "./kafka-client.js";
import { KafkaCode, KafkaError } from "./kafka-error.js";
import type { KernelMetrics } from "./metrics.js";
import type { Output } from "./output.js";
import { DamagedStateError, ProcessFailure, type Processing } from "./processing.js";
import { Task } from "./task.js";
import type { CommittedPositions, TaskOpener } from "./task-opener.js";
import type { Watermarks } from "./watermarks.js";

const BATCH_RECORDS = 1000;
/** Waiting for a first record while work is uncommitted, or while there is none. */
const POLL_BUSY_MS = 10;
const POLL_IDLE_MS = 50;
/** A transaction is committed early where it has grown this large, so that memory is bounded whatever the interval. */
const TRANSACTION_RECORDS_MAX = 100_000;
const RETRY_MS = 200;

export interface StreamLoopOptions {
  readonly service: string;
  readonly application: string;
  readonly inputs: readonly string[];
  /** A source's tasks are the partitions of its changelog; it never reads them. */
  readonly isSource: boolean;
  readonly tasks: number;
  readonly commitIntervalMs: number;
  readonly connectConsumer: (onRebalance: (event: RebalanceEvent) => void) => Promise<Consumer>;
  readonly output: Output;
  readonly opener: TaskOpener;
  readonly processing: Processing;
  readonly watermarks: Watermarks;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class StreamLoop {
  readonly #o: StreamLoopOptions;
  readonly tasks = new Map<number, Task>();
  readonly #rebalances: RebalanceEvent[] = [];
  /** Replays that run beside the loop. */
  readonly #replays = new Map<Task, Promise<void>>();
  #consumer: Consumer | undefined;
  #inFlight: Promise<ConsumedRecord[]> | undefined;
  #stopping = false;
  #leaving = false;
  /** Set when uncommitted work was dropped: positions are read anew before the next record is taken. */
  #rewindNeeded = false;
  #failure: unknown;
  #commitDueMs = 0;

  constructor(options: StreamLoopOptions) {
    this.#o = options;
  }

  get consumer(): Consumer | undefined {
    return this.#consumer;
  }

  /** Whether dropped work waits to be read again. */
  get rewinding(): boolean {
    return this.#rewindNeeded;
  }

  stop(): void {
    this.#stopping = true;
  }

  /**
   * Runs until {@link stop}; then commits, closes the stores and leaves the group.
   * @throws {StoreError | TopicError} going on would be wrong
   */
  async run(): Promise<void> {
    try {
      await this.#connect();
      while (!this.#stopping) {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#turn();
      }
      await this.#commitQuietly();
    } finally {
      await this.#leave();
    }
  }

  async #connect(): Promise<void> {
    this.#leaving = false;
    this.#consumer = await this.#o.connectConsumer((event) => this.#onRebalance(event));
    this.#consumer.subscribe(this.#o.inputs);
  }

  #onRebalance(event: RebalanceEvent): void {
    this.#o.metrics.rebalances.inc({ kind: event.kind === "revoke" && event.lost ? "lost" : event.kind });
    // On the way out nothing is left to commit: the group must not wait.
    if (this.#leaving && event.kind === "revoke") this.#consumer?.unassign(event.partitions);
    else this.#rebalances.push(event);
  }

  async #turn(): Promise<void> {
    try {
      await this.#serveRebalances();
      if (this.#rewindNeeded && !(await this.#rewind())) return await this.#discardBatch();
      if (this.#o.isSource) await this.#generate();
      else await this.#consumeBatch();
      if (this.#commitDue()) await this.#commit();
    } catch (error) {
      await this.#recover(error);
    }
  }

  // -- records ---------------------------------------------------------------------------------------------------

  async #consumeBatch(): Promise<void> {
    const records = await this.#takeBatch();
    this.#startBatch();
    if (records.length === 0) return;
    const { metrics, output, processing } = this.#o;
    await this.#beginWork();
    const ended = metrics.processDuration.startTimer();
    let taken = 0;
    for (const record of records) {
      const task = this.tasks.get(record.partition);
      // A batch may still hold records of a partition that is gone, being restored, or was rewound.
      if (task?.state !== "running" || record.offset < (task.positions.get(record.topic) ?? 0)) continue;
      processing.process(task, inputOf(record));
      taken++;
    }
    ended();
    metrics.batchRecords.observe(records.length);
    if (taken > 0) for (const [topic, count] of countTopics(records)) metrics.consumed.inc({ topic }, count);
    processing.countProduced();
    await output.drain();
  }

  async #generate(): Promise<void> {
    const { processing, output } = this.#o;
    let count = 0;
    for (const task of this.tasks.values()) {
      if (task.state !== "running") continue;
      await this.#beginWork();
      count += processing.generate(task, performance.now(), BATCH_RECORDS);
    }
    processing.countProduced();
    await output.drain();
    // Membership lives by polling. Partitions are paused, so this only waits; it is also the pace of an idle source.
    await this.#consumer
      ?.consume(1, count >= BATCH_RECORDS ? 0 : POLL_BUSY_MS)
      .catch((error: unknown) => this.#onConsumeError(error));
  }

  async #beginWork(): Promise<void> {
    const { output, commitIntervalMs } = this.#o;
    if (output.records === 0 && !this.#hasWork()) this.#commitDueMs = performance.now() + commitIntervalMs;
    await output.begin();
  }

  #startBatch(): void {
    this.#inFlight ??= this.#consumer
      ?.consume(BATCH_RECORDS, this.#hasWork() ? POLL_BUSY_MS : POLL_IDLE_MS)
      .catch((error: unknown) => {
        this.#onConsumeError(error);
        return [];
      });
  }

  async #takeBatch(): Promise<ConsumedRecord[]> {
    this.#startBatch();
    const records = (await this.#inFlight) ?? [];
    this.#inFlight = undefined;
    return records;
  }

  /** Keeps the membership alive while nothing can be processed. */
  async #discardBatch(): Promise<void> {
    await this.#takeBatch();
    await delay(RETRY_MS);
  }

  #onConsumeError(error: unknown): void {
    this.#o.logger.warn({ err: error }, "consume failed");
    if (error instanceof KafkaError && error.code === KafkaCode.FATAL) this.#failure = error;
  }

  // -- commit ----------------------------------------------------------------------------------------------------

  #hasWork(): boolean {
    for (const task of this.tasks.values()) if (task.advanced) return true;
    return false;
  }

  #commitDue(): boolean {
    if (!this.#hasWork()) return false;
    return performance.now() >= this.#commitDueMs || this.#o.output.records >= TRANSACTION_RECORDS_MAX;
  }

  async #commit(): Promise<void> {
    const { application, output, opener, metrics, watermarks } = this.#o;
    const consumer = this.#consumer;
    if (consumer === undefined || !this.#hasWork()) return;
    const running = [...this.tasks.values()].filter(({ state }) => state === "running");
    const oldest = running.flatMap(({ oldestTimestampMs }) =>
      oldestTimestampMs === undefined ? [] : [oldestTimestampMs],
    );
    const ended = metrics.commitDuration.startTimer();
    try {
      await commitTasks(running, {
        application,
        output,
        consumer,
        opener,
        changelogPosition: (topic, partition) => watermarks.get(topic, partition),
      });
    } catch (error) {
      ended({ outcome: "failed" });
      throw error;
    }
    ended({ outcome: "committed" });
    metrics.lastCommit.setToCurrentTime();
    if (oldest.length > 0) metrics.endToEndLatency.observe(Math.max(0, Date.now() - Math.min(...oldest)) / 1000);
    watermarks.refreshWhenOld([...this.tasks.keys()]);
  }

  /** A failed commit is recovered from by the next turn; who called goes on. */
  async #commitOrRecover(): Promise<void> {
    if (this.#rewindNeeded) return;
    try {
      await this.#commit();
    } catch (error) {
      await this.#recover(error);
    }
  }

  async #commitQuietly(): Promise<void> {
    try {
      if (!this.#rewindNeeded) await this.#commit();
    } catch (error) {
      this.#o.logger.warn({ err: error }, "last commit failed: the next owner repeats that work");
      await this.#o.output.recover(error);
    }
  }

  // -- failures --------------------------------------------------------------------------------------------------

  /** Drops what is uncommitted. What was visible stays, what was not is done again. */
  async #recover(error: unknown): Promise<void> {
    const { metrics, logger, output } = this.#o;
    if (error instanceof ProcessFailure) {
      metrics.aborts.inc({ cause: "process-failed" });
      logger.error(
        { task: error.task.id, record: error.place, err: error },
        "process() failed: batch is replayed without the record",
      );
      error.task.rejected.set(error.place, error.cause instanceof Error ? error.cause : error);
    } else if (error instanceof DamagedStateError) {
      metrics.aborts.inc({ cause: "store-damaged" });
    } else if (error instanceof KafkaError) {
      metrics.aborts.inc({ cause: "kafka" });
      logger.warn({ err: error }, "transaction aborted");
    } else {
      throw error;
    }
    await output.recover(error);
    if (!output.ready) metrics.producerReplacements.inc();
    if (error instanceof DamagedStateError) {
      this.#o.processing.forget(error.task);
      await this.#o.opener.reopenEmpty(error.task, error);
    }
    this.#rewindNeeded = true;
  }

  /**
   * Reads the group's positions and puts consumer and tasks there.
   * @returns false where Kafka does not answer yet
   */
  async #rewind(): Promise<boolean> {
    const { output, opener, logger } = this.#o;
    const consumer = this.#consumer;
    if (consumer === undefined) return false;
    try {
      await output.connect();
      // Records that were on their way belong to the dropped work.
      await this.#takeBatch();
      if (this.#rebalances.length > 0) return false;
      const tasks = [...this.tasks.values()].filter(({ state }) => state === "running" || state === "created");
      const committed = await this.#committed(tasks);
      for (const task of tasks) {
        const positions = committed.get(task.partition) ?? new Map();
        if (opener.isCurrent(task, positions)) {
          task.rewind();
          this.#adopt(task);
          if (!this.#o.isSource) await this.#seek(task);
        } else {
          consumer.pause(partitionsOf(task));
          this.#startReplay(task, positions);
        }
      }
      this.#rewindNeeded = false;
      return true;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      logger.warn({ err: error }, "waiting for Kafka");
      return false;
    }
  }

  // -- rebalance -------------------------------------------------------------------------------------------------

  async #serveRebalances(): Promise<void> {
    for (let event = this.#rebalances.shift(); event !== undefined; event = this.#rebalances.shift()) {
      const { kind, partitions } = event;
      this.#o.logger.info(
        { kind, lost: kind === "revoke" && event.lost, partitions: partitions.map(nameOf) },
        "rebalance",
      );
      if (event.kind === "assign") await this.#onAssigned(partitions);
      else await this.#onRevoked(partitions, event.lost);
    }
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { opener, service, tasks: taskCount } = this.#o;
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    const beyond = partitions.find(({ partition }) => partition >= taskCount);
    if (beyond !== undefined) {
      throw new TopicError(
        `${nameOf(beyond)} was added while the service ran: its changelogs have ${taskCount} partitions, and series would move between partitions. ` +
          "Give the inputs their former number of partitions, or start under another APPLICATION_ID.",
      );
    }
    // Nothing of the old tasks may be half done while positions are read.
    await this.#commitOrRecover();
    const opened: Task[] = [];
    for (const [partition, topics] of groupByPartition(partitions)) {
      const existing = this.tasks.get(partition);
      const task = new Task(service, partition, [...new Set([...(existing?.inputs ?? []), ...topics])]);
      if (existing !== undefined) await this.#closeTask(existing);
      await opener.open(task);
      this.tasks.set(partition, task);
      opened.push(task);
    }
    const committed = await this.#committedPersistently(opened);
    const current = new Set(
      opened.filter((task) => opener.isCurrent(task, committed.get(task.partition) ?? new Map())),
    );
    consumer.assign(
      partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        position: committed.get(partition)?.get(topic) ?? BEGINNING,
      })),
    );
    for (const task of opened) {
      if (this.#o.isSource || !current.has(task)) consumer.pause(partitionsOf(task));
      if (!current.has(task)) this.#startReplay(task, committed.get(task.partition) ?? new Map());
      else {
        task.rewind();
        this.#adopt(task);
        // Inputs that were here before have been read past the committed position only by dropped work.
        if (!this.#o.isSource && task.inputs.length > (groupByPartition(partitions).get(task.partition)?.length ?? 0))
          await this.#seek(task);
      }
    }
  }

  /** Commits before a partition is given up; a lost one belongs to somebody else already, so its work is dropped. */
  async #onRevoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    if (!lost) await this.#commitOrRecover();
    else if (this.#hasWork() || this.#o.output.records > 0) await this.#recover(lostError());
    const kept: TopicPartition[] = [];
    for (const [partition, topics] of groupByPartition(partitions)) {
      const task = this.tasks.get(partition);
      if (task === undefined) continue;
      kept.push(...task.inputs.filter((topic) => !topics.includes(topic)).map((topic) => ({ topic, partition })));
      await this.#closeTask(task);
      this.tasks.delete(partition);
    }
    consumer.unassign(partitions);
    if (kept.length > 0 && !consumer.eager) await this.#reopenKept(consumer, kept);
  }

  /** A task that keeps some of its inputs goes on with those. */
  async #reopenKept(consumer: Consumer, kept: readonly TopicPartition[]): Promise<void> {
    consumer.pause(kept);
    for (const [partition, topics] of groupByPartition(kept)) {
      const task = new Task(this.#o.service, partition, topics);
      await this.#o.opener.open(task);
      this.tasks.set(partition, task);
      const committed = await this.#committedPersistently([task]);
      this.#startReplay(task, committed.get(partition) ?? new Map());
    }
  }

  async #closeTask(task: Task): Promise<void> {
    task.state = "closed";
    await this.#replays.get(task);
    this.#o.processing.forget(task);
    await task.close();
  }

  /** Replays beside the loop, so that the other tasks go on and the membership stays alive. */
  #startReplay(task: Task, committed: CommittedPositions): void {
    const replay = this.#replay(task, committed)
      .catch((error: unknown) => {
        if (error instanceof KafkaError) {
          this.#o.logger.warn({ task: task.id, err: error }, "replay failed: repeated");
          if (task.state !== "closed") task.state = "created";
          this.#rewindNeeded = true;
        } else this.#failure = error;
      })
      .finally(() => this.#replays.delete(task));
    this.#replays.set(task, replay);
  }

  async #replay(task: Task, committed: CommittedPositions): Promise<void> {
    const { opener } = this.#o;
    if (!(await opener.replay(task, committed))) return;
    task.rewind();
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    if (!this.#o.isSource) {
      await this.#seek(task);
      // The task may have been closed while the seek was on its way.
      if ((task.state as string) === "closed") return;
      this.#adopt(task);
      consumer.resume(partitionsOf(task));
    } else this.#adopt(task);
  }

  #adopt(task: Task): void {
    this.#o.processing.adopt(task, this.#o.tasks);
    task.state = "running";
  }

  async #seek(task: Task): Promise<void> {
    for (const { topic, partition } of partitionsOf(task)) {
      await this.#consumer?.seek({ topic, partition, position: task.positions.get(topic) ?? BEGINNING });
    }
  }

  async #committed(tasks: readonly Task[]): Promise<Map<number, Map<string, number | undefined>>> {
    const result = new Map<number, Map<string, number | undefined>>();
    if (tasks.length === 0 || this.#consumer === undefined) return result;
    for (const { topic, partition, position } of await this.#consumer.committed(tasks.flatMap(partitionsOf))) {
      const positions = result.get(partition) ?? new Map<string, number | undefined>();
      positions.set(topic, position);
      result.set(partition, positions);
    }
    return result;
  }

  async #committedPersistently(tasks: readonly Task[]): Promise<Map<number, Map<string, number | undefined>>> {
    for (;;) {
      try {
        return await this.#committed(tasks);
      } catch (error) {
        if (!(error instanceof KafkaError) || this.#stopping) throw error;
        this.#o.logger.warn({ err: error }, "waiting for the group's positions");
        await delay(RETRY_MS);
      }
    }
  }

  // -- end -------------------------------------------------------------------------------------------------------

  async #leave(): Promise<void> {
    this.#leaving = true;
    await this.#inFlight?.catch(() => []);
    for (const task of this.tasks.values()) await this.#closeTask(task);
    this.tasks.clear();
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    for (const event of this.#rebalances) {
      if (event.kind === "assign") consumer.assign([]);
      else consumer.unassign(event.partitions);
    }
    // The consumer stays known until it is gone: leaving the group revokes its partitions, and waits for the answer.
    await consumer.disconnect();
    this.#consumer = undefined;
  }
}

const lostError = () =>
  new KafkaError("revoke", { code: -1, message: "partitions were lost", isTxnRequiresAbort: true });

const nameOf = ({ topic, partition }: TopicPartition) => `${topic}[${partition}]`;

const partitionsOf = (task: Task): TopicPartition[] =>
  task.inputs.map((topic) => ({ topic, partition: task.partition }));

function groupByPartition(partitions: readonly TopicPartition[]): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const { topic, partition } of partitions) {
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, [topic]);
    else group.push(topic);
  }
  return groups;
}

function countTopics(records: readonly ConsumedRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}

function inputOf({ topic, partition, offset, timestamp, key, value }: ConsumedRecord): InputRecord {
  return {
    topic,
    partition,
    offset,
    timestamp: timestamp ?? 0,
    key: typeof key === "string" ? Buffer.from(key) : (key ?? null),
    value,
  };
}
