/**
 * Standbys: this instance keeps warm copies of tasks that run on other hosts. One consumer beside the loop reads their
 * changelogs and applies each batch to the task's folder. When the task comes, its folder lacks little, and that is restored as
 * after any crash.
 */
import { StoreError } from "../../errors.js";
import { FolderDamagedError, FolderWriteError } from "../../folder-lock.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { Consumer } from "../../kafka/consumer.js";
import { KafkaError } from "../../kafka/kafka-error.js";
import { ASIDE, pause, persistently } from "../../kafka/patience.js";
import type { TopicPosition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { changelogTopic } from "../changelog/changelog.js";
import type { AddressBook } from "../instances/address-book.js";
import type { FolderClaims } from "../task/assignment.js";
import type { StateIdentity } from "../task/state-identity.js";
import { Task } from "../task/task.js";
import type { TaskOpener } from "../task/task-opener.js";
import { StandbyCopy } from "./standby-copy.js";
import { standbyPartitions } from "./standby-rule.js";

/** Between two choices of the copies to keep. */
const CHOOSE_MS = 2000;
/** Until the first choice every instance has announced itself. */
const FIRST_CHOICE_MS = 1.5 * CHOOSE_MS;
const BATCH_RECORDS = 1000;
const POLL_MS = 200;

/** What standbys work with. */
export interface StandbysOptions {
  readonly service: string;
  /** INSTANCE_ID. */
  readonly host: string;
  readonly slot: number;
  readonly identity: StateIdentity;
  /** Standbys of each task. */
  readonly replicas: number;
  readonly opener: TaskOpener;
  /** Who is there, and what runs here. */
  readonly book: AddressBook;
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly stop: AbortSignal;
  readonly logger: Logger;
}

/** All copies that one process keeps. */
export class Standbys implements FolderClaims {
  readonly #options: StandbysOptions;
  readonly #storeOf: ReadonlyMap<string, string>;
  readonly #copies = new Map<number, StandbyCopy>();
  readonly #opening = new Map<number, Promise<void>>();
  /** Partitions whose folder or changelog cannot be used; what is to be done about that is decided when their task comes. */
  readonly #refused = new Set<number>();
  #consumer: Consumer | undefined;
  /** Set when the consumer has to be assigned again, since the copies have changed. */
  #assignmentOld = true;
  #chooseDueMs = 0;

  constructor(options: StandbysOptions) {
    this.#options = options;
    const { application, codecs } = options.identity;
    this.#storeOf = new Map(Object.keys(codecs).map((store) => [changelogTopic(application, store), store]));
    options.book.tellCopies(() => [...this.#copies.keys()]);
  }

  /** Runs beside the loop until it is told to stop; then closes every copy. */
  async run(): Promise<void> {
    const { stop, logger } = this.#options;
    this.#chooseDueMs = performance.now() + FIRST_CHOICE_MS;
    const onFailure = (error: KafkaError) => logger.warn({ err: error }, "standbys wait for Kafka");
    await persistently(() => this.#serve(), { patience: ASIDE, stop, onFailure });
    for (const copy of [...this.#copies.values()]) await this.#close(copy);
    await this.#disconnect();
  }

  /** A task comes: gives its folder up until {@link giveBack}. */
  async claim(partition: number, inputs: readonly string[]): Promise<void> {
    // Another instance of this host may hold a copy: the announcement says that it has to give it up.
    await this.#options.book.claim(partition, inputs);
    await this.#opening.get(partition);
    const copy = this.#copies.get(partition);
    if (copy !== undefined) await this.#close(copy);
  }

  /** The task does not run here any more. */
  giveBack(partition: number): void {
    this.#options.book.giveBack(partition);
    this.#refused.delete(partition);
  }

  /** Offsets that each copy has still to apply, up to the ends that were known last. */
  lag(): { partition: number; records: number }[] {
    return [...this.#copies.values()].map((copy) => ({ partition: copy.task.partition, records: this.#lagOf(copy) }));
  }

  /** The copy of a partition's task, and the offsets that it has still to apply; undefined where none is kept here. */
  copy(partition: number): { task: Task; lagRecords: number } | undefined {
    const copy = this.#copies.get(partition);
    return copy && { task: copy.task, lagRecords: this.#lagOf(copy) };
  }

  #lagOf(copy: StandbyCopy): number {
    const { partition } = copy.task;
    const asked = [...this.#storeOf.keys()].map((topic) => ({ topic, partition }));
    const read = new Map(this.#consumer?.position(asked).map(({ topic, position }) => [topic, position ?? 0]));
    return copy.lag((topic) => read.get(topic) ?? 0);
  }

  async #serve(): Promise<void> {
    try {
      while (!this.#options.stop.aborted) {
        const consumer = await this.#connected();
        await this.#yield();
        if (performance.now() >= this.#chooseDueMs) await this.#chooseCopies();
        await this.#readBatch(consumer);
      }
    } catch (error) {
      if (error instanceof KafkaError) await this.#disconnect();
      throw error;
    }
  }

  // -- which copies ----------------------------------------------------------------------------------------------

  async #chooseCopies(): Promise<void> {
    this.#chooseDueMs = performance.now() + CHOOSE_MS;
    const { identity, replicas, book } = this.#options;
    const wanted = standbyPartitions(this.#options, book.instances(), identity.tasks, replicas);
    if (wanted !== undefined) {
      const kept = new Set(wanted);
      for (const [partition, copy] of [...this.#copies]) if (!kept.has(partition)) await this.#close(copy);
      for (const partition of wanted) {
        if (this.#copies.has(partition) || this.#isTaken(partition)) continue;
        const ends = await this.#endsOf([partition]);
        const opening = this.#open(partition, ends).finally(() => this.#opening.delete(partition));
        this.#opening.set(partition, opening);
        await opening;
      }
    }
    for (const { topic, partition, position } of await this.#endsOf([...this.#copies.keys()]))
      this.#copies.get(partition)?.reachesTo(topic, position);
  }

  /**
   * Another instance of this host may wait for the folders of its tasks. It may wait before it claims the rest of its partitions: then
   * the next choice would find partitions without an owner, and change nothing. So such copies are closed at once.
   */
  async #yield(): Promise<void> {
    if (this.#copies.size === 0) return;
    for (const { host, slot, partitions } of this.#options.book.instances()) {
      if (host !== this.#options.host || slot === this.#options.slot) continue;
      for (const partition of partitions) {
        const copy = this.#copies.get(partition);
        if (copy !== undefined) await this.#close(copy);
      }
    }
  }

  /** @param ends committed end of each changelog of the task */
  async #open(partition: number, ends: readonly TopicPosition[]): Promise<void> {
    if (this.#isTaken(partition)) return;
    const { service, identity, opener, logger } = this.#options;
    const task = new Task(service, partition, identity.inputs);
    try {
      const opened = await opener.openStandby(task);
      if (opened === undefined) return;
      // The task may have come while its folder was opened.
      if (this.#isTaken(partition)) return await task.close();
      this.#copies.set(partition, new StandbyCopy(opened, identity, this.#storeOf, ends));
    } catch (error) {
      await task.close();
      return this.#refuse(task, error);
    }
    this.#assignmentOld = true;
    logger.info({ task: task.id, changelogPositions: task.manifest?.changelogPositions ?? {} }, "standby began");
  }

  #isTaken(partition: number): boolean {
    return this.#options.stop.aborted || this.#options.book.claims(partition) || this.#refused.has(partition);
  }

  async #close(copy: StandbyCopy): Promise<void> {
    const { task } = copy;
    this.#copies.delete(task.partition);
    this.#assignmentOld = true;
    const changelogPositions = task.manifest?.changelogPositions;
    await copy.close();
    this.#options.logger.info({ task: task.id, changelogPositions }, "standby ended");
  }

  /** @throws whatever is no fault of the folder or the changelog */
  #refuse(task: Task, error: unknown): void {
    if (![StoreError, FolderWriteError, FolderDamagedError].some((kind) => error instanceof kind)) throw error;
    this.#refused.add(task.partition);
    this.#options.logger.error({ task: task.id, err: error }, "standby cannot be kept");
  }

  #endsOf(partitions: readonly number[]): Promise<TopicPosition[]> {
    const asked = partitions.flatMap((partition) => [...this.#storeOf.keys()].map((topic) => ({ topic, partition })));
    return this.#options.admin.ends(asked, "committed");
  }

  // -- records ---------------------------------------------------------------------------------------------------

  async #readBatch(consumer: Consumer): Promise<void> {
    if (this.#assignmentOld) {
      this.#assignmentOld = false;
      consumer.assign([...this.#copies.values()].flatMap(({ next }) => next));
    }
    if (this.#copies.size === 0) return await pause(POLL_MS, this.#options.stop);
    const byCopy = new Map<StandbyCopy, ConsumedRecord[]>();
    for (const record of await consumer.consume(BATCH_RECORDS, POLL_MS)) {
      const copy = this.#copies.get(record.partition);
      if (copy === undefined) continue;
      const records = byCopy.get(copy);
      if (records === undefined) byCopy.set(copy, [record]);
      else records.push(record);
    }
    for (const [copy, records] of byCopy) {
      // A copy that was closed while another was written takes no more records.
      if (this.#copies.get(copy.task.partition) !== copy) continue;
      try {
        await copy.apply(records);
      } catch (error) {
        if (this.#copies.get(copy.task.partition) === copy) await this.#close(copy);
        this.#refuse(copy.task, error);
      }
    }
  }

  async #connected(): Promise<Consumer> {
    if (this.#consumer === undefined) {
      const { clientOptions, identity } = this.#options;
      this.#consumer = await Consumer.connect(clientOptions, identity.application);
      this.#assignmentOld = true;
    }
    return this.#consumer;
  }

  async #disconnect(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    try {
      await consumer?.disconnect();
    } catch (error) {
      this.#options.logger.debug({ err: error }, "the client of the standbys did not disconnect");
    }
  }
}
