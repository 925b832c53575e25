/**
 * Places in a commit at which a test may end the process, so that each crash window is met for certain and not by luck.
 * Off unless FAILPOINT names one.
 */

/**
 * In the order in which a commit passes them:
 * - `after-poll`         records were taken, none is processed
 * - `after-process`      outputs are handed to the client, state is changed in memory only
 * - `after-changelog`    the changelog records are handed over too
 * - `after-send-offsets` the input positions are in the transaction
 * - `in-commit`          Kafka was asked to commit; its answer is not there
 * - `after-commit`       Kafka has committed; the folders do not know
 * - `after-store-write`  a piece of a pass is in LevelDB; what the folders save beside commits, see task/folder-saver.ts
 */
export const commitSteps = [
  "after-poll",
  "after-process",
  "after-changelog",
  "after-send-offsets",
  "in-commit",
  "after-commit",
  "after-store-write",
] as const;
export type CommitStep = (typeof commitSteps)[number];

/** Where the process ends: at the `pass`th time, from 1, that `step` is reached. */
export interface Failpoint {
  readonly step: CommitStep;
  readonly pass: number;
}

/** Told of each step as it is reached. */
export type StepListener = (step: CommitStep) => void;

/** Ends the process by SIGKILL, as the system's own killer would: nothing is closed, flushed or said. */
export function killAt(failpoint: Failpoint | undefined): StepListener {
  if (failpoint === undefined) return () => {};
  let passes = 0;
  return (step) => {
    if (step === failpoint.step && ++passes === failpoint.pass) process.kill(process.pid, "SIGKILL");
  };
}
