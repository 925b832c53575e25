/**
 * Heavy work on worker threads. Jobs are collected, sent in chunks, and completed in the order in which they were submitted.
 * While the threads are busy with one chunk the loop collects the next, so neither waits for the other; what is in flight is
 * bounded by two chunks.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { messageOf } from "../errors.js";
import { type JobReply, packArrays, unpackArrays } from "../job-message.js";

/** Jobs that a thread is sent at once: a message costs some 50 us, a job about 200. */
const JOBS_PER_MESSAGE = 8;
/** A chunk of larger jobs has fewer: 8 MiB. */
const CHUNK_DOUBLES_MAX = 2 ** 20;

/** Called with what gives the job's result, or throws what the job threw. */
export type Completion = (outcome: () => Float64Array) => void;

/** A worker thread ended in the middle of its work, by a crash or for want of memory. Its jobs can be done again by another. */
export class ThreadError extends Error {
  override readonly name = "ThreadError";
}

interface Job {
  readonly numbers: Float64Array;
  readonly complete: Completion;
}

interface Chunk {
  /** The jobs of each message. */
  readonly messages: readonly (readonly Job[])[];
  /** Never rejects: a chunk may be dropped before anybody looks at it. */
  readonly replies: Promise<PromiseSettledResult<JobReply>[]>;
}

export class JobThreads {
  /** Number of threads, 1 or more. */
  readonly count: number;
  readonly #pool: Piscina<Float64Array, JobReply>;
  #collected: Job[] = [];
  #collectedDoubles = 0;
  #sent: Chunk | undefined;

  /**
   * Starts the threads; one that ends is replaced.
   * @param module   exports `run`, see `serveJobs`
   * @param settings plain data that the module finds in `workerData`
   * @param onDeath  told of a thread that ended while it had nothing to do
   */
  constructor(module: URL, count: number, settings: unknown, onDeath: (error: unknown) => void) {
    this.count = count;
    this.#pool = new Piscina({
      filename: fileURLToPath(module),
      name: "run",
      minThreads: count,
      maxThreads: count,
      workerData: settings,
    });
    this.#pool.on("error", onDeath);
  }

  /** Whether the jobs collected are a chunk: then {@link advance} is due. */
  get isFull(): boolean {
    return this.#collected.length >= this.count * JOBS_PER_MESSAGE || this.#collectedDoubles >= CHUNK_DOUBLES_MAX;
  }

  submit(numbers: Float64Array, complete: Completion): void {
    this.#collected.push({ numbers, complete });
    this.#collectedDoubles += numbers.length;
  }

  /**
   * Sends what was collected, then waits for the chunk sent before it and completes that.
   * @throws {ThreadError} a thread ended; some jobs are not completed
   * @throws whatever a completion throws; later jobs are not completed
   */
  async advance(): Promise<void> {
    const before = this.#sent;
    this.#sent = this.#send();
    if (before !== undefined) await complete(before);
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
    await this.#pool.destroy();
  }

  #send(): Chunk | undefined {
    const jobs = this.#collected;
    this.#collected = [];
    this.#collectedDoubles = 0;
    if (jobs.length === 0) return undefined;
    const share = Math.ceil(jobs.length / this.count);
    const messages = Array.from({ length: Math.ceil(jobs.length / share) }, (_, m) =>
      jobs.slice(m * share, (m + 1) * share),
    );
    const replies = messages.map((message) => {
      const packed = packArrays(message.map(({ numbers }) => numbers));
      return this.#pool.run(packed, { transferList: [packed.buffer] });
    });
    return { messages, replies: Promise.allSettled(replies) };
  }
}

async function complete({ messages, replies }: Chunk): Promise<void> {
  for (const [m, reply] of (await replies).entries()) {
    if (reply.status === "rejected") {
      throw new ThreadError(`a worker thread ended: ${messageOf(reply.reason)}`, { cause: reply.reason });
    }
    const { failure } = reply.value;
    const results = unpackArrays(reply.value.results);
    for (const [j, job] of messages[m].entries()) {
      if (j < results.length) job.complete(() => results[j]);
      else job.complete(() => throwJobError(failure));
    }
  }
}

function throwJobError(failure: JobReply["failure"]): never {
  const error = new Error(failure?.message ?? "an earlier job of the same message failed");
  if (failure?.stack !== undefined) error.stack = failure.stack;
  throw error;
}
