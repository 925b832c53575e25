/**
 * Worker threads whose work is watched: a thread that does not finish a part of a job in time is ended, because nothing else ends a
 * loop in a thread, and another takes its place. The time of each part counts, not that of a whole message.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import {
  type JobMessage,
  type JobReply,
  newProgress,
  type PartedJob,
  packJobs,
  readProgress,
} from "../../job-message.js";

/** Checks of the threads within the limit, so that it is kept to a tenth. */
const CHECKS_PER_LIMIT = 10;
const CHECK_MIN_MS = 10;
const CHECK_MAX_MS = 1000;

/** What the threads are made from. */
export interface ThreadOptions {
  /** Exports `run`, see `serveJobs`. */
  readonly module: URL;
  /** Number of threads, 1 or more. */
  readonly count: number;
  /** Plain data that the module finds in `workerData`. */
  readonly settings: unknown;
  /** Called when a thread ended while it had nothing to do. */
  readonly onDeath: (error: unknown) => void;
}

/** A thread was ended because a part of a job did not end. */
export class StandingError extends Error {
  override readonly name = "StandingError";
  /** Number of the job in what was run, and the part of it. */
  readonly job: number;
  readonly part: number;

  constructor(job: number, part: number) {
    super(`part ${part} of job ${job} did not end in time`);
    this.job = job;
    this.part = part;
  }
}

interface Watched {
  readonly progress: Int32Array;
  readonly ending: AbortController;
  steps: number;
  /** How long it has been at this step. */
  standsMs: number;
  error: StandingError | undefined;
}

export class WatchedThreads {
  readonly #pool: Piscina<JobMessage, JobReply>;
  readonly #limitMs: number;
  readonly #checkMs: number;
  readonly #watched = new Set<Watched>();
  /** Memory of messages that are done. */
  readonly #spare: Int32Array[] = [];
  #timer: NodeJS.Timeout | undefined;
  #checkedMs = 0;

  /**
   * Starts the threads; one that ends is replaced.
   * @param limitMs longest that a part of a job may take
   */
  constructor({ module, count, settings, onDeath }: ThreadOptions, limitMs: number) {
    this.#limitMs = limitMs;
    this.#checkMs = Math.min(CHECK_MAX_MS, Math.max(CHECK_MIN_MS, limitMs / CHECKS_PER_LIMIT));
    this.#pool = new Piscina({
      filename: fileURLToPath(module),
      name: "run",
      minThreads: count,
      maxThreads: count,
      workerData: settings,
    });
    this.#pool.on("error", onDeath);
  }

  /**
   * Does jobs one after another in one thread.
   * @param unwanted ends the thread when nobody wants the answer any more
   * @throws {StandingError} a part did not end
   * @throws {Error} the thread ended
   */
  async run(jobs: readonly PartedJob[], unwanted?: AbortSignal): Promise<JobReply> {
    const ending = new AbortController();
    const signal = unwanted === undefined ? ending.signal : AbortSignal.any([ending.signal, unwanted]);
    const packed = packJobs(jobs);
    const progress = this.#spare.pop() ?? newProgress();
    const watched: Watched = { progress, ending, steps: 0, standsMs: 0, error: undefined };
    this.#watch(watched);
    try {
      const reply = await this.#pool.run({ packed, progress }, { transferList: [packed.buffer], signal });
      this.#spare.push(progress);
      return reply;
    } catch (error) {
      throw watched.error ?? error;
    } finally {
      this.#unwatch(watched);
    }
  }

  /** Ends the threads, also in the middle of a job. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #watch(watched: Watched): void {
    this.#watched.add(watched);
    if (this.#timer !== undefined) return;
    this.#checkedMs = performance.now();
    this.#timer = setInterval(() => this.#check(), this.#checkMs).unref();
  }

  #unwatch(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const nowMs = performance.now();
    // A process that was stopped, or a machine that slept, has not given its threads that time either.
    const passedMs = Math.min(nowMs - this.#checkedMs, 2 * this.#checkMs);
    this.#checkedMs = nowMs;
    for (const watched of this.#watched) {
      const { steps, job, part } = readProgress(watched.progress);
      // 0: it waits for a thread, or is done.
      watched.standsMs = steps === watched.steps && steps > 0 ? watched.standsMs + passedMs : 0;
      watched.steps = steps;
      if (watched.standsMs < this.#limitMs || watched.error !== undefined) continue;
      watched.error = new StandingError(job, part);
      watched.ending.abort();
    }
  }
}
