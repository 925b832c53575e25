/**
 * Jobs on their way to a worker thread and back: many in one array of doubles, whose memory changes hands instead of being
 * copied. Layout: the number of arrays k, their k lengths, then their numbers one after another.
 */
import type { JobRunner } from "./service-definition.js";

/** A thread's answer to one message. */
export interface JobReply {
  /** Results of the jobs before the one that failed, or of all, packed. */
  readonly results: Float64Array;
  /** Of the job after those. Plain text: not every error can be handed to another thread. */
  readonly failure: { readonly message: string; readonly stack: string | undefined } | undefined;
}

/** Many arrays as one. */
export function packArrays(arrays: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const head = 1 + arrays.length;
  const packed = new Float64Array(arrays.reduce((sum, { length }) => sum + length, head));
  packed[0] = arrays.length;
  let at = head;
  for (const [k, array] of arrays.entries()) {
    packed[1 + k] = array.length;
    packed.set(array, at);
    at += array.length;
  }
  return packed;
}

/** The arrays that were packed, as views. */
export function unpackArrays(packed: Float64Array): Float64Array[] {
  const count = packed[0];
  let end = 1 + count;
  return Array.from({ length: count }, (_, k) => {
    const start = end;
    end += packed[1 + k];
    return packed.subarray(start, end);
  });
}

/**
 * What a worker thread does with a message: one job after another, up to the first that throws.
 * @param makeRunner called once, at the first message
 */
export function serveJobs(makeRunner: () => JobRunner): (packed: Float64Array) => JobReply {
  let runner: JobRunner | undefined;
  return (packed) => {
    const results: Float64Array[] = [];
    try {
      runner ??= makeRunner();
      for (const job of unpackArrays(packed)) results.push(runner(job));
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      return { results: packArrays(results), failure: { message, stack } };
    }
    return { results: packArrays(results), failure: undefined };
  };
}
