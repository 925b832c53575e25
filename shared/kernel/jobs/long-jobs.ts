/**
 * Jobs that take long, beside the stream: their records wait for them, nothing else does. In this order:
 * 1 a job outlasts the patience of JobThreads
 * 2 uncommitted work is dropped and processed again up to the job's record, which is held with all after it in its partition
 * 3 the job is done here, each part in a message of its own; a part that outlasts the limit is late
 * 4 the record is read again and finds its result here
 */

import type { JobResult } from "../../heavy-work.js";
import { type PartedJob, unpackArrays } from "../../job-message.js";
import { partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";
import { ThreadError, throwJobError } from "./job-threads.js";
import { StandingError, type ThreadOptions, WatchedThreads } from "./watched-threads.js";

/** A record of an input. */
export interface RecordPlace extends TopicPartition {
  readonly offset: number;
}

interface LongJob {
  readonly place: RecordPlace;
  readonly job: PartedJob;
  /** Ends its thread when nobody wants the result any more. */
  readonly unwanted: AbortController;
  outcome: (() => JobResult) | undefined;
  /** Whether the record has had it; it is not committed yet. */
  used: boolean;
  /** Fulfilled when there is an outcome. */
  done: Promise<void> | undefined;
}

export class LongJobs {
  readonly #options: ThreadOptions;
  readonly #limitMs: number;
  /** Made with the first job, and ended with the last. */
  #threads: WatchedThreads | undefined;
  /** By {@link partitionKey}, in the order of their records. Few: each partition adds one when those before are done. */
  readonly #jobs = new Map<string, LongJob[]>();
  #hasNews = false;
  /** Threads that are being ended. */
  #closing: Promise<unknown> | undefined;

  /** @param limitMs longest that a part of a job may take */
  constructor(options: ThreadOptions, limitMs: number) {
    this.#options = options;
    this.#limitMs = limitMs;
  }

  /** Puts a job aside: its record is held until it has an outcome. */
  add(place: RecordPlace, { numbers, parts }: PartedJob): void {
    this.#threads ??= new WatchedThreads(this.#options, this.#limitMs);
    const long: LongJob = {
      place,
      job: { numbers, parts },
      unwanted: new AbortController(),
      outcome: undefined,
      used: false,
      done: undefined,
    };
    this.#of(place).push(long);
    long.done = this.#do(long, this.#threads).then((outcome) => {
      long.outcome = outcome;
      this.#hasNews = true;
    });
  }

  /** Whether a record is held: it, or one before it in its partition, has a job under way here. */
  holds({ topic, partition, offset }: RecordPlace): boolean {
    if (this.#jobs.size === 0) return false;
    const held = this.heldFrom({ topic, partition });
    return held !== undefined && offset >= held;
  }

  /** The first record of a partition whose job is under way; undefined where there is none. */
  heldFrom(place: TopicPartition): number | undefined {
    return this.#jobs.get(partitionKey(place))?.find(({ outcome }) => outcome === undefined)?.place.offset;
  }

  /** Whether the job of a record was done here. */
  isDone(place: RecordPlace): boolean {
    if (this.#jobs.size === 0) return false;
    const long = this.#jobs.get(partitionKey(place))?.find((each) => each.place.offset === place.offset);
    return long?.outcome !== undefined;
  }

  /** Whether a job has ended since this was asked last: its record is to be read again. */
  takeNews(): boolean {
    const hasNews = this.#hasNews;
    this.#hasNews = false;
    return hasNews;
  }

  /**
   * What came of the job of a record: gives its result, or throws what it threw. Kept until the record is committed, since
   * the work on it may be dropped once more. That a thread ended is reported once, then another thread does the job.
   * @returns undefined where the record has none here, or another one than it had
   */
  outcomeOf(place: RecordPlace, { numbers, parts }: PartedJob): (() => JobResult) | undefined {
    if (this.#jobs.size === 0) return undefined;
    const long = this.#jobs.get(partitionKey(place))?.find((each) => each.place.offset === place.offset);
    if (long === undefined || !isSame(long.job.numbers, numbers) || !isSame(long.job.parts, parts)) return undefined;
    long.used = long.outcome !== undefined;
    if (long.outcome === throwDeath) this.#forget(place, ({ offset }) => offset === place.offset);
    return long.outcome;
  }

  /** Whether a record has had its outcome and is not committed: the next job that takes long would cost it. */
  get hasUncommitted(): boolean {
    for (const jobs of this.#jobs.values()) if (jobs.some(({ used }) => used)) return true;
    return false;
  }

  /** Records before `position` are committed: what came of their jobs is not asked for again. */
  committed(place: TopicPartition, position: number): void {
    if (this.#jobs.size > 0) this.#forget(place, ({ offset }) => offset < position);
  }

  /** The partition was revoked: its jobs are another instance's. */
  leave(place: TopicPartition): void {
    if (this.#jobs.size > 0) this.#forget(place, () => true);
  }

  async close(): Promise<void> {
    await Promise.all([this.#threads?.close(), this.#closing]);
  }

  #of(place: TopicPartition): LongJob[] {
    const key = partitionKey(place);
    const jobs = this.#jobs.get(key) ?? [];
    this.#jobs.set(key, jobs);
    return jobs;
  }

  #forget(place: TopicPartition, isOver: (place: RecordPlace) => boolean): void {
    const key = partitionKey(place);
    const jobs = this.#jobs.get(key) ?? [];
    for (const { unwanted } of jobs.filter((job) => isOver(job.place))) unwanted.abort();
    const left = jobs.filter((job) => !isOver(job.place));
    if (left.length > 0) this.#jobs.set(key, left);
    else this.#jobs.delete(key);
    if (this.#jobs.size > 0) return;
    const threads = this.#threads;
    this.#threads = undefined;
    this.#closing = Promise.all([this.#closing, threads?.close()]);
  }

  /** Does the parts of a job one after another; never rejects. */
  async #do({ job, unwanted }: LongJob, threads: WatchedThreads): Promise<() => JobResult> {
    const numbers = new Float64Array(job.parts.length).fill(Number.NaN);
    const late: number[] = [];
    for (const [p, part] of job.parts.entries()) {
      try {
        const { results, failure } = await threads.run([{ numbers: job.numbers, parts: [part] }], unwanted.signal);
        if (failure !== undefined) return () => throwJobError(failure);
        numbers[p] = unpackArrays(results)[0][0];
      } catch (error) {
        if (!(error instanceof StandingError)) return throwDeath;
        late.push(part);
      }
    }
    return () => ({ numbers, late });
  }
}

function throwDeath(): never {
  throw new ThreadError("a worker thread ended in a job that takes long");
}

function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (!Object.is(a[k], b[k])) return false;
  return true;
}
