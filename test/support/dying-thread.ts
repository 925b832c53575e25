/**
 * Loaded before a service (`--import`): every worker thread of it dies in the job whose number THREAD_DIES_AT names. Results
 * are made by Float64Array.from, so that is where it dies.
 */
import { isMainThread } from "node:worker_threads";

const diesAt = Number(process.env.THREAD_DIES_AT);

if (!isMainThread) {
  const from = Float64Array.from.bind(Float64Array) as (...parts: unknown[]) => Float64Array;
  let jobs = 0;
  const dying = (...parts: unknown[]): Float64Array => {
    jobs++;
    if (jobs === diesAt) process.exit(1);
    return from(...parts);
  };
  Object.defineProperty(Float64Array, "from", { value: dying });
}
