/** The heavy work of records: done in the stream while it is quick, beside it where it takes long. */

import type { HeavyWork } from "../../heavy-work.js";
import type { TopicPartition } from "../../kafka/topic-partition.js";
import type { Task } from "../task/task.js";
import { type Completion, type Job, JobThreads } from "./job-threads.js";
import { LongJobs, type RecordPlace } from "./long-jobs.js";

/**
 * How long the other records wait for a part of a job. A transaction is open meanwhile, and a rebalance waits; a job that takes
 * longer is done aside, which costs what is uncommitted.
 */
const PATIENCE_MS = 2000;

/** A record whose job is at work, and the timestamp of what comes of it. */
export interface JobOrigin {
  readonly task: Task;
  readonly place: RecordPlace;
  readonly timestamp: number | undefined;
}

export type RecordJob = Job<JobOrigin>;

export class RecordJobs {
  readonly #threads: JobThreads<JobOrigin>;
  readonly #longJobs: LongJobs;

  /** @param onDeath called when a thread ended while it had nothing to do */
  constructor(work: HeavyWork<never>, settings: never, onDeath: (error: unknown) => void) {
    const options = { module: work.module, count: work.threads(settings), settings, onDeath };
    const timeoutMs = work.timeoutMs(settings);
    this.#threads = new JobThreads(options, Math.min(PATIENCE_MS, timeoutMs));
    this.#longJobs = new LongJobs(options, timeoutMs);
  }

  /** Number of threads, 1 or more. */
  get count(): number {
    return this.#threads.count;
  }

  /** Whether {@link advance} is due. */
  get isFull(): boolean {
    return this.#threads.isFull;
  }

  /**
   * Whether the job of a record was done aside. It completes at once when it is submitted, so {@link settle} first: its result
   * may come while the records before it are done again.
   */
  isDone(record: RecordPlace): boolean {
    return this.#longJobs.isDone(record);
  }

  /** Has a job done; its record is not {@link holds held}. Where it was done aside, it is complete at once. */
  submit(job: RecordJob, complete: Completion): void {
    const outcome = this.#longJobs.outcomeOf(job.origin.place, job);
    if (outcome === undefined) this.#threads.submit(job, complete);
    else complete(outcome);
  }

  /**
   * Hands the jobs collected to the threads, and completes those that they were handed before.
   * @throws {ThreadError} a thread ended in its work
   * @throws {LongJobError} a job takes long
   * @throws whatever a completion throws
   */
  async advance(): Promise<void> {
    await this.#threads.advance();
  }

  /** Completes everything that was submitted. @throws as {@link advance} */
  async settle(): Promise<void> {
    await this.#threads.settle();
  }

  /** Forgets everything that was submitted; jobs that are done aside continue. */
  async discard(): Promise<void> {
    await this.#threads.discard();
  }

  /** Does a job beside the stream: its record is held until it is done. What is uncommitted was dropped. */
  setAside(job: RecordJob): void {
    this.#longJobs.add(job.origin.place, job);
  }

  /** Whether a record has to wait: its job, or that of a record before it in its partition, is done aside. */
  holds(record: RecordPlace): boolean {
    return this.#longJobs.holds(record);
  }

  /** Whether a record that was held can be processed now; true once. */
  takeReleased(): boolean {
    return this.#longJobs.takeNews();
  }

  /** Whether a record that was held is processed, and not committed yet. */
  get hasUncommitted(): boolean {
    return this.#longJobs.hasUncommitted;
  }

  /** All records before a position are committed. */
  committed(place: TopicPartition, position: number): void {
    this.#longJobs.committed(place, position);
  }

  /** The partition was revoked. */
  leave(place: TopicPartition): void {
    this.#longJobs.leave(place);
  }

  /** The first record of a partition whose job was submitted and is not done; undefined where there is none. */
  firstUnfinished(place: TopicPartition): number | undefined {
    const isOf = (origin: JobOrigin) =>
      origin.place.topic === place.topic && origin.place.partition === place.partition;
    return this.#threads.unfinished(isOf)?.place.offset ?? this.heldFrom(place);
  }

  /** The first record of a partition that is held; undefined where none is. */
  heldFrom(place: TopicPartition): number | undefined {
    return this.#longJobs.heldFrom(place);
  }

  /** Ends the threads, also in the middle of a job. */
  async close(): Promise<void> {
    await Promise.all([this.#threads.close(), this.#longJobs.close()]);
  }
}
