/** A worker module for the tests of the kernel's threads. A job is `[what, number]`; see {@link Deed}. */
import { workerData } from "node:worker_threads";
import { serveJobs } from "../../shared/job-message.js";
import type { JobRunner } from "../../shared/service-definition.js";

/** What a job does with its number. */
export const Deed = { add: 0, addAfterWork: 1, fail: 2, die: 3, hang: 4 } as const;

/** What the threads are given at their start. */
export interface Addition {
  readonly added: number;
}

/** Adds; see {@link Deed}. */
export function newAdder({ added }: Addition): JobRunner {
  return ([deed, number]) => {
    if (deed === Deed.fail) throw new RangeError(`expected another number than ${number}`);
    if (deed === Deed.die) process.exit(3);
    while (deed === Deed.hang);
    if (deed === Deed.addAfterWork) work();
    return Float64Array.of(number + added);
  };
}

/** Some milliseconds of arithmetic. */
function work(): void {
  let sum = 0;
  for (let k = 1; k < 3_000_000; k++) sum += Math.sqrt(k);
  if (sum < 0) throw new Error("a sum of roots is positive");
}

export const run = serveJobs(() => newAdder(workerData as Addition));
