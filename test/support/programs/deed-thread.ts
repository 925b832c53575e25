/**
 * A worker module for the tests of the kernel's threads. A job is `[what, number]`; see {@link Deed}. Part 0 does it, any other
 * gives its own number.
 */
import { workerData } from "node:worker_threads";
import type { JobRunner } from "../../../shared/heavy-work.js";
import { serveJobs } from "../../../shared/job-message.js";

/** What a job does with its number. */
export const Deed = { add: 0, addAfterWork: 1, fail: 2, die: 3, hang: 4, hangInWasm: 5 } as const;

/** The part of the WebAssembly interface that is used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: { f(): void } };
};

/** `(module (func (export "f") (loop (br 0))))` */
const ENDLESS_WASM = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0],
  ...[10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11],
);

/** What the threads are given at their start. */
export interface Addition {
  readonly added: number;
}

/** Adds; see {@link Deed}. */
export function newAdder({ added }: Addition): JobRunner {
  return ([deed, number], part) => {
    if (part > 0) return part;
    if (deed === Deed.fail) throw new RangeError(`expected another number than ${number}`);
    if (deed === Deed.die) process.exit(3);
    while (deed === Deed.hang);
    if (deed === Deed.hangInWasm) hangInWasm();
    if (deed === Deed.addAfterWork) work();
    return number + added;
  };
}

function hangInWasm(): void {
  new WebAssembly.Instance(new WebAssembly.Module(ENDLESS_WASM)).exports.f();
}

/** Some milliseconds of arithmetic. */
function work(): void {
  let sum = 0;
  for (let k = 1; k < 3_000_000; k++) sum += Math.sqrt(k);
  if (sum < 0) throw new Error("a sum of roots is positive");
}

export const run = serveJobs(() => newAdder(workerData as Addition));
