/**
 * A warm copy of a task that runs on another host, in the folder that the task would have here.
 *
 * Two things keep such a folder honest at every moment:
 * - A batch carries the changelog positions that it reached, in one atomic write. A copy whose process dies begins again there.
 * - A batch may end in the middle of a commit, so the input positions that its records stand for are no proof that the
 *   commit is whole. The manifest says that a standby wrote it, and the opener always replays from the changelog positions.
 */
import { StoreError } from "../../errors.js";
import type { ConsumedRecord } from "../../kafka/consumer.js";
import { nextPosition, ORIGIN, type Position, type TopicPosition } from "../../kafka/topic-partition.js";
import { furthest, hasWholeKey, type Positions, positionsOf } from "../changelog/changelog.js";
import { writeOf } from "../changelog/read-changelogs.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import type { Task } from "../task/task.js";
import type { TaskOpener } from "../task/task-opener.js";

export class StandbyCopy {
  readonly task: Task;
  readonly #opener: TaskOpener;
  /** By changelog topic. */
  readonly #storeOf: ReadonlyMap<string, string>;
  /** Next offset to apply, by changelog. */
  readonly #next = new Map<string, Position>();
  readonly #ends = new Map<string, Position>();
  /** Input positions that the newest records stand for. */
  #positions: Positions;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param task    opened as a standby
   * @param storeOf store by changelog topic
   * @param ends    committed end of each changelog of the task
   * @throws {StoreError} the folder claims more than a changelog has
   */
  constructor(task: Task, opener: TaskOpener, storeOf: ReadonlyMap<string, string>, ends: readonly TopicPosition[]) {
    this.task = task;
    this.#opener = opener;
    this.#storeOf = storeOf;
    this.#positions = task.manifest?.positions ?? {};
    for (const [topic, store] of storeOf) this.#next.set(topic, task.manifest?.changelogPositions[store] ?? ORIGIN);
    for (const { topic, position } of ends) {
      const next = this.#next.get(topic) ?? 0;
      if (next > position) {
        throw new StoreError(`${task.db?.directory} has applied ${topic} up to ${next}, but it ends at ${position}`);
      }
      this.#ends.set(topic, position);
    }
  }

  /** Where to read on. */
  get next(): TopicPosition[] {
    return [...this.#next].map(([topic, position]) => ({ topic, partition: this.task.partition, position }));
  }

  /** Takes note of a changelog's committed end. */
  reachesTo(topic: string, end: Position): void {
    this.#ends.set(topic, end);
  }

  /**
   * Offsets that are still to be applied up to the ends last known.
   * @param read the reader's position in a changelog: it passes transaction markers, so that the lag does reach 0
   */
  lag(read: (topic: string) => number): number {
    let records = 0;
    for (const [topic, end] of this.#ends)
      records += Math.max(0, end - Math.max(this.#next.get(topic) ?? 0, read(topic)));
    return records;
  }

  /**
   * Applies records of the task's changelogs in one batch.
   * @throws {StoreError | StoreWriteError | StoreDamagedError} a record is damaged, or the folder cannot be written or is gone
   */
  apply(records: readonly ConsumedRecord[]): Promise<void> {
    const written = this.#apply(records);
    // Who closes the copy waits for the end of the write, whatever it is; the caller is told what it was.
    this.#written = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#written;
    await this.task.close();
  }

  async #apply(records: readonly ConsumedRecord[]): Promise<void> {
    const writes: StoreWrite[] = [];
    for (const record of records) {
      const { topic, offset } = record;
      const store = this.#storeOf.get(topic);
      // A reader that lost its place begins at the log's start: what is applied already is passed over.
      if (store === undefined || offset < (this.#next.get(topic) ?? 0)) continue;
      const write = writeOf(record, { store, codec: this.#opener.codec(store) });
      if (write !== undefined) {
        writes.push(write);
        this.task.cutKeys ||= !hasWholeKey(record);
      }
      this.#next.set(topic, nextPosition(offset));
      this.#positions = furthest(this.#positions, positionsOf(record) ?? {});
    }
    const reached = Object.fromEntries(
      [...this.#storeOf].map(([topic, store]) => [store, this.#next.get(topic) ?? ORIGIN]),
    );
    const manifest = { ...this.#opener.manifest(this.task, this.#positions, reached), standby: true as const };
    await this.task.db?.write(writes, manifest);
    this.task.manifest = manifest;
  }
}
