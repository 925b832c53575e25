/**
 * A task: one input partition number of one service (all input topics at that number), with its stores and positions.
 * created → restoring → running → closed.
 */

import type { Position, TopicPartition } from "../../kafka/topic-partition.js";
import type { Source } from "../../service-definition.js";
import type { Positions } from "../changelog/changelog.js";
import type { BufferedStore } from "../store/buffered-store.js";
import type { LevelDbStore, Manifest } from "../store/leveldb-store.js";
import type { KeyMend } from "./key-mend.js";
import type { Rejection } from "./rejection.js";

export type TaskState = "created" | "restoring" | "running" | "closed";

export class Task {
  /** `<service>/<partition>` */
  readonly id: string;
  readonly partition: number;
  /** Input topics that this instance owns at this partition number. */
  readonly inputs: readonly string[];
  state: TaskState = "created";
  /** Set while running. */
  db: LevelDbStore | undefined;
  stores: readonly BufferedStore<object>[] = [];
  manifest: Manifest | undefined;
  /** Why its changelogs cannot stand for its state, where that is so: they were deleted, made anew or truncated. */
  changelogLoss: string | undefined;
  /** Whether every key of the folder stands whole in the changelog. */
  wholeKeys = false;
  /** Writes keys anew that do not; undefined where it has nothing to do. */
  keyMend: KeyMend | undefined;
  /** Whether values of the folder come from a changelog in which an older program cut keys at their first NUL byte. */
  cutKeys = false;
  /** Next offset to process, by input topic; ahead of the manifest's while a transaction is open. */
  readonly positions = new Map<string, Position>();
  /** What generates this task's records, where the service is a source. */
  source: Source | undefined;
  /** Whether a record was processed since the last commit. */
  advanced = false;
  /**
   * Records that failed in process() after they may have changed state, or whose output was refused: `<topic>@<offset>` to the
   * reason, until they are committed. For a source the number of the record, see {@link generated}.
   */
  readonly rejected = new Map<string, Rejection>();
  /** Records that the source has generated since it was made. */
  generated = 0;
  #generatedCommitted = 0;
  /** Timestamp of the oldest record since the last commit, in ms since the epoch. */
  oldestTimestampMs: number | undefined;
  /** Timestamp of the record processed last, in ms since the epoch. */
  lastTimestampMs: number | undefined;

  constructor(service: string, partition: number, inputs: readonly string[]) {
    this.id = `${service}/${partition}`;
    this.partition = partition;
    this.inputs = inputs;
  }

  get inputPartitions(): TopicPartition[] {
    return this.inputs.map((topic) => ({ topic, partition: this.partition }));
  }

  /** Positions as plain data. */
  currentPositions(): Positions {
    return { ...this.manifest?.positions, ...Object.fromEntries(this.positions) };
  }

  /** Forgets all that is not committed: buffers, caches, positions. */
  rewind(): void {
    for (const store of this.stores) store.discard();
    this.positions.clear();
    for (const input of this.inputs) {
      const position = this.manifest?.positions[input];
      if (position !== undefined) this.positions.set(input, position);
    }
    this.generated = this.#generatedCommitted;
    this.advanced = false;
    this.oldestTimestampMs = undefined;
  }

  /** All that was processed so far is committed. */
  committed(): void {
    for (const store of this.stores) store.committed();
    this.#generatedCommitted = this.generated;
    this.advanced = false;
    this.oldestTimestampMs = undefined;
    if (this.source !== undefined) this.rejected.clear();
    for (const name of this.rejected.keys()) {
      const [topic, offset] = name.split("@");
      if (Number(offset) < (this.positions.get(topic) ?? 0)) this.rejected.delete(name);
    }
  }

  /** Gives the folder back. */
  async close(): Promise<void> {
    this.state = "closed";
    for (const store of this.stores) store.discard();
    const db = this.db;
    this.db = undefined;
    this.stores = [];
    await db?.close();
  }
}
