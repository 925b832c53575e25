/** When a commit is due, and what follows one. The commit itself, in numbered steps, is in commit/commit.ts. */
import type { StepListener } from "../../failpoint.js";
import type { AppliedPositions } from "../changelog/applied-positions.js";
import { commitTasks } from "../commit/commit.js";
import type { Output } from "../commit/output.js";
import type { KernelMetrics } from "../metrics.js";
import type { StateMemory } from "../store/state-memory.js";
import type { StateIdentity } from "../task/state-identity.js";
import type { Task } from "../task/task.js";
import type { Membership } from "./membership.js";
import type { Processing } from "./record-processing.js";
import type { Recovery } from "./recovery.js";
import type { RefusedWork } from "./refused-work.js";

/** A transaction is committed early where it has grown this large, so that memory is bounded whatever the interval. */
const TRANSACTION_RECORDS_MAX = 100_000;

export interface CommitsOptions {
  readonly identity: StateIdentity;
  readonly commitIntervalMs: number;
  readonly output: Output;
  readonly applied: AppliedPositions;
  readonly memory: StateMemory;
  readonly processing: Processing;
  readonly refused: RefusedWork;
  readonly recovery: Recovery;
  readonly metrics: KernelMetrics;
  /** Called at each step of a commit. */
  readonly onStep: StepListener;
}

export class Commits {
  readonly #options: CommitsOptions;
  #dueMs = 0;

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /** Opens the transaction where it is not open. The first work in it starts the clock. */
  async begin(tasks: readonly Task[]): Promise<void> {
    const { output, commitIntervalMs } = this.#options;
    if (!hasWork(tasks)) this.#dueMs = performance.now() + commitIntervalMs;
    await output.begin();
  }

  isDue(tasks: readonly Task[]): boolean {
    if (!hasWork(tasks)) return false;
    const { output, memory, processing, refused, recovery } = this.#options;
    // What went well since a thread died is kept before the next one dies; so is a record whose models took long.
    if (recovery.isHasty || refused.isFull || processing.jobs?.hasUncommitted) return true;
    return memory.isFull || performance.now() >= this.#dueMs || output.records >= TRANSACTION_RECORDS_MAX;
  }

  /**
   * Commits what the running tasks have done; nothing where that is nothing.
   * @returns whether records that had to wait are to be read again
   * @throws {KafkaError | TaskStateDamagedError} see {@link commitTasks}
   */
  async commit({ consumer, assignment }: Membership): Promise<boolean> {
    if (!hasWork(assignment.tasks)) return false;
    const { identity, output, processing, metrics, applied, onStep, refused, recovery } = this.#options;
    await processing.jobs?.settle();
    const tasks = assignment.runningTasks;
    const oldest = Math.min(...tasks.map(({ oldestTimestampMs }) => oldestTimestampMs ?? Number.POSITIVE_INFINITY));
    processing.seal();
    const stopTimer = metrics.commitDuration.startTimer();
    try {
      const onCommitted = () => processing.committed(tasks);
      await commitTasks(tasks, { identity, output, consumer, applied, onCommitted, onStep });
    } catch (error) {
      stopTimer({ outcome: "failed" });
      throw error;
    }
    stopTimer({ outcome: "committed" });
    recovery.committed();
    metrics.lastCommit.setToCurrentTime();
    if (Number.isFinite(oldest)) metrics.endToEndLatency.observe(Math.max(0, Date.now() - oldest) / 1000);
    applied.refreshWhenOld(tasks.map(({ partition }) => partition));
    return refused.committed(tasks);
  }
}

/** Whether something was processed since the last commit. */
export const hasWork = (tasks: readonly Task[]): boolean => tasks.some(({ advanced }) => advanced);
