/**
 * A task: one input partition number of one service (all input topics at that number), with its folder and its positions.
 * Nothing outside of this file writes to a task; what happens to it is one of its verbs.
 *
 *             +-----------+
 *      +----> |  created  | ---------+     created:   it has no folder yet, or one that was just opened
 *      |      +-----+-----+          |     restoring: its folder takes in what its changelogs have and it lacks
 *      |            | beginRestore   |     running:   its folder is where the group is; it takes records
 *      |            v                |     closed:    its partition has gone, or the service ends; final
 *      |      +-----------+          |
 *      +----- | restoring | <--+     |
 * reset|      +-----+-----+    |     |     restoring -> restoring  the restore failed for want of Kafka, and is begun again
 *      |            | run      |     | run running -> restoring    after an abort, where the folder is not where the group is:
 *      |            v          |     |                             Kafka had the commit, and the folder lacks it
 *      |      +-----------+    |     |     running -> running      after an abort, where the folder is where the group is
 *      +----- |  running  | ---+     |     reset                   the folder is damaged, or gives way to what is left of
 *             +-----------+ <--------+                             a changelog: another is opened in its place
 *
 *      end, close: from every state to closed
 */

import { nextPosition, ORIGIN, type Position, positionAt, type TopicPartition } from "../../kafka/topic-partition.js";
import type { InputRecord, Source } from "../../service-definition.js";
import type { Positions } from "../changelog/changelog.js";
import type { Manifest } from "../store/manifest.js";
import { type Rejection, Rejections, type TaskRecord } from "./rejection.js";
import type { TaskFolder } from "./task-folder.js";

/** See the file's head. */
export type TaskState = "created" | "restoring" | "running" | "closed";

/** From each state the states that may follow. */
export const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  created: ["restoring", "running", "closed"],
  restoring: ["restoring", "running", "created", "closed"],
  running: ["running", "restoring", "created", "closed"],
  closed: [],
};

/** What a task had done when its commit began: it is sealed, and what comes after belongs to the next commit. */
export interface SealedWork {
  /** Next offset to process, by input topic. */
  readonly positions: Positions;
  /** Records that its source had generated. */
  readonly generated: number;
  /** Timestamp of the oldest record, in ms since the epoch; undefined where there was none. */
  readonly oldestTimestampMs: number | undefined;
}

/** A task whose folder is open: from {@link Task.opened} on, until it is closed. */
export interface OpenTask extends Task {
  readonly folder: TaskFolder;
}

/** See the file's head. */
export class Task {
  /** `<service>/<partition>` */
  readonly id: string;
  readonly partition: number;
  /** Input topics that this instance owns at this partition number. */
  readonly inputs: readonly string[];
  #state: TaskState = "created";
  #folder: TaskFolder | undefined;
  #source: Source | undefined;
  readonly #positions = new Map<string, Position>();
  readonly #rejections = new Rejections();
  #advanced = false;
  #generated = 0;
  #generatedCommitted = 0;
  #sealed: SealedWork | undefined;
  #oldestTimestampMs: number | undefined;
  #lastTimestampMs: number | undefined;

  constructor(service: string, partition: number, inputs: readonly string[]) {
    this.id = `${service}/${partition}`;
    this.partition = partition;
    this.inputs = inputs;
  }

  // -- life cycle ------------------------------------------------------------------------------------------------

  /** Its folder is open. */
  opened(folder: TaskFolder): asserts this is OpenTask {
    if (this.#state !== "created") throw this.#bug("take a folder");
    this.#folder = folder;
  }

  /** A restore begins, of what is committed; records that come wait in Kafka until it has ended. */
  beginRestore(): void {
    this.#to("restoring");
    this.#folder?.discard();
    this.#sealed = undefined;
    this.#workEnded();
  }

  /**
   * It takes records from now on.
   * @param source what generates its records, where the service is a source
   */
  run(source: Source | undefined): void {
    this.#to("running");
    this.#source = source;
  }

  /** Forgets all that is not committed, sealed or not: buffers, caches, positions. */
  rewind(): void {
    this.#folder?.discard();
    this.#positions.clear();
    for (const input of this.inputs) {
      const position = this.manifest?.positions[input];
      if (position !== undefined) this.#positions.set(input, position);
    }
    this.#generated = this.#generatedCommitted;
    this.#sealed = undefined;
    this.#workEnded();
  }

  /** Its commit begins, and its folder is sealed: what is done from now on is the next commit's. */
  seal(): SealedWork {
    this.#sealed = {
      positions: this.currentPositions(),
      generated: this.#generated,
      oldestTimestampMs: this.#oldestTimestampMs,
    };
    this.#workEnded();
    return this.#sealed;
  }

  /** What is sealed is committed. @param manifest what its folder says of itself from now on */
  committed(manifest: Manifest): void {
    if (this.#sealed === undefined) throw this.#bug("have committed");
    const { positions, generated } = this.#sealed;
    this.#folder?.committed(manifest);
    this.#generatedCommitted = generated;
    this.#rejections.committed(positions, generated);
    this.#sealed = undefined;
  }

  /** Gives its folder up as it is for another, see {@link opened}. */
  async reset(): Promise<void> {
    this.#to("created");
    await this.#takeFolder()?.abandon();
  }

  /** It is about to be closed. What works on it beside the loop stops at its next step; its folder stays open until then. */
  end(): void {
    if (this.#state !== "closed") this.#to("closed");
  }

  /** Closes its folder, saved. @throws as {@link TaskFolder.close} */
  async close(): Promise<void> {
    this.end();
    await this.#takeFolder()?.close();
  }

  // -- runtime ---------------------------------------------------------------------------------------------------

  /** A record of an input was processed. */
  advance({ topic, offset, timestamp }: InputRecord): void {
    this.#positions.set(topic, nextPosition(offset));
    this.#advanced = true;
    this.#lastTimestampMs = timestamp;
    if (this.#oldestTimestampMs === undefined || timestamp < this.#oldestTimestampMs)
      this.#oldestTimestampMs = timestamp;
  }

  /** The records of an input before `position` are lost: they are skipped. */
  skipTo(topic: string, position: Position): void {
    this.#positions.set(topic, position);
  }

  /** There is something to commit, though no record was processed: the source has generated records, or keys are to be mended. */
  demandCommit(): void {
    this.#advanced = true;
  }

  /**
   * Moves the positions of a source's task, which is about to commit. It reads nothing; the position it commits is its own
   * changelog's. Each commit adds its records and one transaction marker, so the sum never passes the log's end (aborted work may
   * lie between), and it grows with every commit.
   * @param records that the commit writes to the changelog
   */
  advanceOwnLog(records: number): void {
    for (const changelog of this.inputs)
      this.#positions.set(changelog, positionAt((this.#positions.get(changelog) ?? ORIGIN) + records + 1));
  }

  /** Counts a record of its source. @returns its number */
  countGenerated(): number {
    return this.#generated++;
  }

  /** A record is rejected when it is processed again. */
  reject(record: TaskRecord, rejection: Rejection): void {
    this.#rejections.add(record, rejection);
  }

  // -- inquiry ---------------------------------------------------------------------------------------------------

  get state(): TaskState {
    return this.#state;
  }

  isRunning(): this is OpenTask {
    return this.#state === "running";
  }

  isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Undefined before it is opened, after it is closed, and while it is reset. */
  get folder(): TaskFolder | undefined {
    return this.#folder;
  }

  /** Of its folder, where that is open and was ever written to. */
  get manifest(): Manifest | undefined {
    return this.#folder?.manifest;
  }

  get inputPartitions(): TopicPartition[] {
    return this.inputs.map((topic) => ({ topic, partition: this.partition }));
  }

  /** Next offset to process, by input topic; after the manifest's while a transaction is open. */
  get positions(): ReadonlyMap<string, Position> {
    return this.#positions;
  }

  /** Positions as plain data. */
  currentPositions(): Positions {
    return { ...this.manifest?.positions, ...Object.fromEntries(this.#positions) };
  }

  /** What generates this task's records, where the service is a source. */
  get source(): Source | undefined {
    return this.#source;
  }

  /** What of its work is being committed; undefined where nothing is. */
  get sealed(): SealedWork | undefined {
    return this.#sealed;
  }

  /** Whether there is something to commit, beside what is sealed. */
  get advanced(): boolean {
    return this.#advanced;
  }

  /** Records that its source has generated; those of dropped work do not count. */
  get generated(): number {
    return this.#generated;
  }

  /** Timestamp of the oldest record that is not sealed, in ms since the epoch. */
  get oldestTimestampMs(): number | undefined {
    return this.#oldestTimestampMs;
  }

  /** Timestamp of the record processed last, in ms since the epoch. */
  get lastTimestampMs(): number | undefined {
    return this.#lastTimestampMs;
  }

  /** Why a record of an input is to be rejected; undefined where it is to be processed. */
  rejectionOf(topic: string, offset: number): Rejection | undefined {
    return this.#rejections.ofRead(topic, offset);
  }

  /** Why a record of the source is to be rejected; undefined where it is to be written. */
  rejectionOfGenerated(number: number): Rejection | undefined {
    return this.#rejections.ofGenerated(number);
  }

  // --------------------------------------------------------------------------------------------------------------

  #to(next: TaskState): void {
    if (!TRANSITIONS[this.#state].includes(next)) throw this.#bug(`become ${next}`);
    this.#state = next;
  }

  #bug(step: string): Error {
    return new Error(`bug: task ${this.id} is ${this.#state} and cannot ${step}`);
  }

  #workEnded(): void {
    this.#advanced = false;
    this.#oldestTimestampMs = undefined;
  }

  #takeFolder(): TaskFolder | undefined {
    const folder = this.#folder;
    this.#folder = undefined;
    this.#source = undefined;
    return folder;
  }
}
