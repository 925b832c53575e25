/**
 * Heavy work on worker threads. Jobs are collected, sent in chunks, and completed in the order in which they were submitted.
 * While the threads are busy with one chunk the loop collects the next, so neither waits for the other; what is in flight is
 * bounded by two chunks.
 */
import { messageOf } from "../../errors.js";
import type { JobResult } from "../../heavy-work.js";
import { type JobReply, type PartedJob, unpackArrays } from "../../job-message.js";
import { StandingError, type ThreadOptions, WatchedThreads } from "./watched-threads.js";

/** Jobs that a thread is sent at once: a message costs some 50 us, a job about 200. */
const JOBS_PER_MESSAGE = 8;
/** A chunk of larger jobs has fewer: 8 MiB. */
const CHUNK_DOUBLES_MAX = 2 ** 20;

/** Called with what gives the job's result, or throws what the job threw. */
export type Completion = (outcome: () => JobResult) => void;

/** A worker thread ended in the middle of its work, by a crash or for want of memory. Its jobs can be done again by another. */
export class ThreadError extends Error {
  override readonly name = "ThreadError";
}

/** A job, and the record that it is of. */
export interface Job<Origin> extends PartedJob {
  readonly origin: Origin;
}

/** A job takes so long that nothing else may wait for it; the thread that did it was ended. */
export class LongJobError<Origin = unknown> extends Error {
  override readonly name = "LongJobError";
  readonly job: Job<Origin>;

  constructor(job: Job<Origin>, cause: StandingError) {
    super(`a job takes long: ${cause.message}`, { cause });
    this.job = job;
  }
}

interface SubmittedJob<Origin> extends Job<Origin> {
  readonly complete: Completion;
}

interface Chunk<Origin> {
  /** The jobs of each message. */
  readonly messages: readonly (readonly SubmittedJob<Origin>[])[];
  /** Never rejects: a chunk may be dropped before its replies are read. */
  readonly replies: Promise<PromiseSettledResult<JobReply>[]>;
}

const NONE_LATE: readonly number[] = [];

export class JobThreads<Origin> {
  /** Number of threads, 1 or more. */
  readonly count: number;
  readonly #threads: WatchedThreads;
  #collected: SubmittedJob<Origin>[] = [];
  #collectedDoubles = 0;
  #sent: Chunk<Origin> | undefined;
  /** The chunk whose jobs are being completed, and how many of them are. */
  #completing: Chunk<Origin> | undefined;
  #completed = 0;

  /** @param patienceMs how long the others wait for a part of a job */
  constructor(options: ThreadOptions, patienceMs: number) {
    this.count = options.count;
    this.#threads = new WatchedThreads(options, patienceMs);
  }

  /** Whether the jobs collected are a chunk: then {@link advance} is due. */
  get isFull(): boolean {
    return this.#collected.length >= this.count * JOBS_PER_MESSAGE || this.#collectedDoubles >= CHUNK_DOUBLES_MAX;
  }

  submit(job: Job<Origin>, complete: Completion): void {
    const { numbers, parts, origin } = job;
    this.#collected.push({ numbers, parts, origin, complete });
    this.#collectedDoubles += numbers.length;
  }

  /** Of the first job among those not completed whose origin is such a one; undefined where there is none. */
  unfinished(isWanted: (origin: Origin) => boolean): Origin | undefined {
    const isOf = (job: SubmittedJob<Origin>) => isWanted(job.origin);
    const completing = this.#completing?.messages.flat().slice(this.#completed);
    const sent = this.#sent?.messages.flat();
    return (completing?.find(isOf) ?? sent?.find(isOf) ?? this.#collected.find(isOf))?.origin;
  }

  /**
   * Sends what was collected, then waits for the chunk sent before it and completes that.
   * @throws {ThreadError} a thread ended; some jobs are not completed
   * @throws {LongJobError} a job takes long; it and those after it are not completed
   * @throws whatever a completion throws; later jobs are not completed
   */
  async advance(): Promise<void> {
    const before = this.#sent;
    this.#sent = this.#send();
    if (before === undefined) return;
    this.#completing = before;
    this.#completed = 0;
    try {
      await this.#complete(before);
    } finally {
      this.#completing = undefined;
    }
  }

  /** Completes everything that was submitted. @throws as {@link advance} */
  async settle(): Promise<void> {
    while (this.#sent !== undefined || this.#collected.length > 0) await this.advance();
  }

  /** Forgets everything that was submitted; returns when no thread works on it any more. */
  async discard(): Promise<void> {
    this.#collected = [];
    this.#collectedDoubles = 0;
    await this.#sent?.replies;
    this.#sent = undefined;
  }

  /** Ends the threads, also in the middle of a job. */
  async close(): Promise<void> {
    await this.#threads.close();
  }

  #send(): Chunk<Origin> | undefined {
    const jobs = this.#collected;
    this.#collected = [];
    this.#collectedDoubles = 0;
    if (jobs.length === 0) return undefined;
    const share = Math.ceil(jobs.length / this.count);
    const messages = Array.from({ length: Math.ceil(jobs.length / share) }, (_, m) =>
      jobs.slice(m * share, (m + 1) * share),
    );
    return { messages, replies: Promise.allSettled(messages.map((message) => this.#threads.run(message))) };
  }

  async #complete({ messages, replies }: Chunk<Origin>): Promise<void> {
    for (const [m, reply] of (await replies).entries()) {
      if (reply.status === "rejected") throw failureOf(messages[m], reply.reason);
      const { failure } = reply.value;
      const results = unpackArrays(reply.value.results);
      for (const [j, job] of messages[m].entries()) {
        this.#completed++;
        if (j < results.length) job.complete(() => ({ numbers: results[j], late: NONE_LATE }));
        else job.complete(() => throwJobError(failure));
      }
    }
  }
}

/** What a thread that did not answer means. */
function failureOf<Origin>(jobs: readonly Job<Origin>[], reason: unknown): Error {
  if (reason instanceof StandingError) return new LongJobError(jobs[reason.job], reason);
  return new ThreadError(`a worker thread ended: ${messageOf(reason)}`, { cause: reason });
}

/** Throws what a job threw in its thread. */
export function throwJobError(failure: JobReply["failure"]): never {
  const error = new Error(failure?.message ?? "an earlier job of the same message failed");
  if (failure?.stack !== undefined) error.stack = failure.stack;
  throw error;
}
