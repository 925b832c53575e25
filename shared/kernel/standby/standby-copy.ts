/**
 * A warm copy of a task that runs on another host, in the folder that the task would have here.
 *
 * Two things keep such a folder honest at every moment:
 * - A batch is saved before the changelog positions that it reached. A copy whose process dies begins again where they say, and
 *   applies the rest once more, in the same order.
 * - A batch may end in the middle of a commit, so the input positions that its records stand for are no proof that the
 *   commit is whole. The manifest says that a standby wrote it, so that a task always restores it from the changelog positions.
 */
import { StoreError } from "../../errors.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { nextPosition, ORIGIN, type Position, type TopicPosition } from "../../kafka/topic-partition.js";
import { furthest, hasWholeKey, type Positions, positionsOf } from "../changelog/changelog.js";
import { writeOf } from "../changelog/changelog-reading.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import { ValueDamagedError } from "../store/stored-value.js";
import { codecOf, manifestOf, type StateIdentity } from "../task/state-identity.js";
import type { OpenTask } from "../task/task.js";

/** One copy, from the opening of its folder to its close. */
export class StandbyCopy {
  readonly task: OpenTask;
  readonly #identity: StateIdentity;
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
  constructor(
    task: OpenTask,
    identity: StateIdentity,
    storeOf: ReadonlyMap<string, string>,
    ends: readonly TopicPosition[],
  ) {
    this.task = task;
    this.#identity = identity;
    this.#storeOf = storeOf;
    const { manifest, directory } = task.folder;
    this.#positions = manifest?.positions ?? {};
    for (const [topic, store] of storeOf) this.#next.set(topic, manifest?.changelogPositions[store] ?? ORIGIN);
    for (const { topic, position } of ends) {
      const next = this.#next.get(topic) ?? 0;
      if (next > position) {
        throw new StoreError(`${directory} has applied ${topic} up to ${next}, but it ends at ${position}`);
      }
      this.#ends.set(topic, position);
    }
  }

  /** Where to read next. */
  get next(): TopicPosition[] {
    return [...this.#next].map(([topic, position]) => ({ topic, partition: this.task.partition, position }));
  }

  /** Takes note of a changelog's committed end. */
  reachesTo(topic: string, end: Position): void {
    this.#ends.set(topic, end);
  }

  /**
   * Offsets that are not applied yet, up to the ends last known.
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
   * @throws {StoreError | FolderWriteError | FolderDamagedError} a record is damaged, or the folder cannot be written or is gone
   */
  apply(records: readonly ConsumedRecord[]): Promise<void> {
    const written = this.#apply(records);
    // Whoever closes the copy waits for the end of the write, whether it fails or not; the caller gets the error.
    this.#written = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#written;
    await this.task.close();
  }

  async #apply(records: readonly ConsumedRecord[]): Promise<void> {
    const { folder } = this.task;
    const writes: StoreWrite[] = [];
    for (const record of records) {
      const { topic, offset } = record;
      const store = this.#storeOf.get(topic);
      // A reader that lost its place begins at the log's start: what is applied is skipped.
      if (store === undefined || offset < (this.#next.get(topic) ?? 0)) continue;
      const write = writeOf(record, { store, codec: codecOf(this.#identity, store) });
      if (write !== undefined) {
        writes.push(write);
        if (!hasWholeKey(record)) folder.markCutKeys();
      }
      this.#next.set(topic, nextPosition(offset));
      this.#positions = furthest(this.#positions, positionsOf(record) ?? {});
    }
    const reached = Object.fromEntries(
      [...this.#storeOf].map(([topic, store]) => [store, this.#next.get(topic) ?? ORIGIN]),
    );
    const manifest = manifestOf(this.#identity, this.task, this.#positions, reached);
    try {
      // A record may be a step on from the value that the folder has: no record is written as it is.
      await folder.copy(writes, { ...manifest, standby: true });
    } catch (error) {
      if (!(error instanceof ValueDamagedError)) throw error;
      throw new StoreError(`${this.task.id}: its changelog is damaged: ${error.message}`, { cause: error });
    }
  }
}
