/**
 * Jobs on their way to a worker thread and back: many in one array of doubles, whose memory changes hands instead of being
 * copied. Layout: the number of arrays k, their k lengths, then their numbers one after another. Each job is two arrays: its
 * numbers, and which of its parts are to be done.
 */
import type { JobRunner } from "./heavy-work.js";

/** A job for a thread. */
export interface PartedJob {
  readonly numbers: Float64Array;
  /** The parts to be done, in order. */
  readonly parts: readonly number[];
}

/** What a thread is sent. */
export interface JobMessage {
  readonly packed: Float64Array;
  /** Shared memory in which the thread tells where it is, see {@link newProgress}. */
  readonly progress: Int32Array;
}

/** A thread's answer to one message. */
export interface JobReply {
  /** Results of the jobs before the one that failed, or of all, packed: of each job a number of every part, in their order. */
  readonly results: Float64Array;
  /** Of the job after those. Plain text: not every error can be handed to another thread. */
  readonly failure: { readonly message: string; readonly stack: string | undefined } | undefined;
}

/** Where a thread is in its message. */
export interface JobPlace {
  /** Parts begun so far: 0 before the first and after the last. It stands still where a part does not end. */
  readonly steps: number;
  /** The job in the message, and the part of it. */
  readonly job: number;
  readonly part: number;
}

const STEPS = 0;
const JOB = 1;
const PART = 2;

/** Memory for a thread's place, before its first step. */
export function newProgress(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}

/** Where the thread is: exact once it stands. */
export function readProgress(progress: Int32Array): JobPlace {
  const steps = Atomics.load(progress, STEPS);
  return { steps, job: Atomics.load(progress, JOB), part: Atomics.load(progress, PART) };
}

/** Many arrays as one. */
export function packArrays(arrays: readonly ArrayLike<number>[]): Float64Array<ArrayBuffer> {
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

/** Jobs as a message carries them. */
export function packJobs(jobs: readonly PartedJob[]): Float64Array<ArrayBuffer> {
  return packArrays(jobs.flatMap(({ numbers, parts }) => [numbers, parts]));
}

/**
 * What a worker thread does with a message: one job after another, part by part, up to the first that throws.
 * @param makeRunner called once, at the first message
 */
export function serveJobs(makeRunner: () => JobRunner): (message: JobMessage) => JobReply {
  let runner: JobRunner | undefined;
  return ({ packed, progress }) => {
    const results: Float64Array[] = [];
    try {
      runner ??= makeRunner();
      const arrays = unpackArrays(packed);
      for (let job = 0; 2 * job < arrays.length; job++) {
        const parts = arrays[2 * job + 1];
        const result = new Float64Array(parts.length);
        for (let p = 0; p < parts.length; p++) {
          Atomics.store(progress, JOB, job);
          Atomics.store(progress, PART, parts[p]);
          Atomics.add(progress, STEPS, 1);
          result[p] = runner(arrays[2 * job], parts[p]);
        }
        results.push(result);
      }
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      return { results: packArrays(results), failure: { message, stack } };
    } finally {
      Atomics.store(progress, STEPS, 0);
    }
    return { results: packArrays(results), failure: undefined };
  };
}
