/** Work that a service has done in worker threads, see `compute` of its context. */

/** The result of a job. */
export interface JobResult {
  /** One number for each part that was asked for, in their order; NaN for a late one. */
  readonly numbers: Float64Array;
  /** The parts that did not end within {@link HeavyWork.timeoutMs}. */
  readonly late: readonly number[];
}

/** Does one part of a job: a pure function of the job's numbers, which may keep scratch memory. */
export type JobRunner = (job: Float64Array, part: number) => number;

/**
 * Pure work of a service that takes so long that it is spread over worker threads. A job has parts; each is done by itself, and
 * may be late by itself. It never runs in the thread of process(), where nothing could stop a part that does not end.
 */
export interface HeavyWork<S> {
  /** Number of worker threads, 1 or more. */
  threads(settings: S): number;
  /** The longest that a part of a job may take, in ms; after that its thread is ended and the part is late. */
  timeoutMs(settings: S): number;
  /** Makes a runner. Every thread has one of its own. */
  runner(settings: S): JobRunner;
  /**
   * The module that a thread loads. Its export `run` is made by `serveJobs` from the same runner. The thread is given the
   * settings, which must therefore be plain data, and loads neither the kernel nor the Kafka client.
   */
  readonly module: URL;
}
