/** When a commit is due, what goes on beside it, and what follows one. The commit itself, in numbered steps, is in commit/commit.ts. */
import type { StepListener } from "../../failpoint.js";
import type { AppliedPositions } from "../changelog/applied-positions.js";
import { beginCommit, type CommitUnderWay, unstatedOf } from "../commit/commit.js";
import type { Output } from "../commit/output.js";
import type { KernelMetrics } from "../metrics.js";
import type { StateMemory } from "../store/state-memory.js";
import type { Assignment } from "../task/assignment.js";
import type { StateIdentity } from "../task/state-identity.js";
import type { OpenTask, Task } from "../task/task.js";
import type { Membership } from "./membership.js";
import type { Processing } from "./record-processing.js";
import type { Recovery } from "./recovery.js";
import type { RefusedWork } from "./refused-work.js";

/** A transaction is committed early where it has grown this large, so that memory is bounded whatever the interval. */
const TRANSACTION_RECORDS_MAX = 100_000;

/** So many records of a changelog are read within a moment: a commit that only spares a restore these is not worth its while. */
const UNSTATED_MAX = 1000;

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

/** What is known of the commit under way. */
interface UnderWay {
  readonly commit: CommitUnderWay;
  /** Those that were running when it began. */
  readonly tasks: readonly OpenTask[];
  /** Of its records, in ms since the epoch; infinite where they have none. */
  readonly oldestTimestampMs: number;
  /** When it began, of the clock of performance.now(). */
  readonly beganMs: number;
  readonly stopTimer: (labels: { outcome: string }) => void;
}

export class Commits {
  readonly #options: CommitsOptions;
  #underWay: UnderWay | undefined;
  /** An interval after the first work that no commit has. */
  #dueMs = 0;
  /** An interval after the last commit began. */
  #mayBeginMs: number;
  #confirmedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CommitsOptions) {
    this.#options = options;
    this.#mayBeginMs = performance.now() + options.commitIntervalMs;
  }

  /** Whether a commit was begun that has not ended. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** When the last commit began that Kafka has carried out, which it does for members of the group alone; of performance.now(). */
  get confirmedMs(): number {
    return this.#confirmedMs;
  }

  /**
   * Opens the transaction where it is not open; while a commit is under way, what is written waits for its end. The first work
   * starts the clock.
   */
  async open(tasks: readonly Task[]): Promise<void> {
    const { output, commitIntervalMs } = this.#options;
    if (!hasWork(tasks)) this.#dueMs = performance.now() + commitIntervalMs;
    if (!this.isUnderWay) await output.begin();
  }

  /**
   * Ends the commit under way once Kafka has answered, and begins one when that is due: an interval after the first work, or where no
   * record is at hand, an interval after the last commit began. What comes in bursts, as from the commits of the service before, does
   * not wait for an interval of its own then, and commits are no more than one an interval.
   * @param isIdle whether no record is at hand
   * @returns whether one has ended or begun: {@link open} the transaction before the next record
   * @throws as {@link complete}
   */
  async advance(membership: Membership, isIdle = false): Promise<boolean> {
    const { tasks } = membership.assignment;
    const ends =
      this.#underWay !== undefined && (this.#underWay.commit.answeredMs !== undefined || this.#isUrgent(tasks));
    if (ends) await this.#endAndOpen(tasks);
    if (this.isUnderWay || !this.#isDue(tasks, isIdle)) return ends;
    if (!(await this.#begin(membership))) await this.end();
    return true;
  }

  /**
   * Commits all that the running tasks have done.
   * @throws {KafkaError} see {@link beginCommit}
   * @throws {KafkaError | TaskStateDamagedError} see {@link CommitUnderWay.finish}
   */
  async complete(membership: Membership): Promise<void> {
    await this.end();
    if (!hasWork(membership.assignment.tasks)) return;
    await this.#begin(membership);
    await this.end();
  }

  /** The output is full: returns when it has room, which it has not before the commit under way has ended. @throws as {@link complete} */
  async makeRoom(tasks: readonly Task[]): Promise<void> {
    await this.#endAndOpen(tasks);
    await this.#options.output.drain();
  }

  /** Keys that are written again need commits, also where no record comes. */
  async demandMends({ tasks, runningTasks }: Assignment): Promise<void> {
    for (const task of runningTasks) {
      if (task.folder.keyMend === undefined || task.advanced) continue;
      await this.open(tasks);
      task.demandCommit();
    }
  }

  /**
   * Where no commit follows, a folder stays at the place in its changelog that was known before the last ones, and a restore would read
   * all since then again. An idle service therefore asks, and commits its positions alone: who has lost the partitions meanwhile, and
   * would take the writes of their new owner for its own, is refused by Kafka.
   */
  async demandPositions({ tasks, runningTasks }: Assignment): Promise<void> {
    if (hasWork(tasks) || this.isUnderWay) return;
    this.#options.applied.refreshWhenOld(partitionsOf(runningTasks));
    for (const task of runningTasks) {
      if (task.source !== undefined || unstatedOf(task, this.#options) <= UNSTATED_MAX) continue;
      await this.open(tasks);
      task.demandCommit();
    }
  }

  /** As {@link complete}, for the last time: the folders know their places in the changelogs. */
  async completeLast(membership: Membership): Promise<void> {
    await this.complete(membership);
    await this.#options.applied.refresh(partitionsOf(membership.assignment.runningTasks));
    await this.demandPositions(membership.assignment);
    await this.complete(membership);
  }

  /** Waits for the commit under way and ends it; nothing where none is. @throws as {@link complete} */
  async end(): Promise<void> {
    if (this.#underWay === undefined) return;
    const { metrics, applied, refused, recovery } = this.#options;
    const { commit, tasks, oldestTimestampMs, beganMs, stopTimer } = this.#underWay;
    try {
      await commit.finish();
    } catch (error) {
      stopTimer({ outcome: "failed" });
      throw error;
    } finally {
      this.#underWay = undefined;
    }
    stopTimer({ outcome: "committed" });
    this.#confirmedMs = beganMs;
    recovery.committed();
    metrics.lastCommit.setToCurrentTime();
    const ageMs = (commit.answeredMs ?? Date.now()) - oldestTimestampMs;
    if (Number.isFinite(ageMs)) metrics.endToEndLatency.observe(Math.max(0, ageMs) / 1000);
    applied.committed();
    applied.refreshWhenOld(partitionsOf(tasks));
    refused.committed(tasks);
  }

  /** What was written while a commit was under way is handed over. */
  async #endAndOpen(tasks: readonly Task[]): Promise<void> {
    await this.end();
    if (hasWork(tasks)) await this.open(tasks);
  }

  /** Whether what is done is to be committed as soon as no other commit is under way. */
  #isDue(tasks: readonly Task[], isIdle: boolean): boolean {
    if (!hasWork(tasks)) return false;
    return (
      performance.now() >= (isIdle ? Math.min(this.#dueMs, this.#mayBeginMs) : this.#dueMs) || this.#isUrgent(tasks)
    );
  }

  /** Whether what is done is to be committed before another record is processed. */
  #isUrgent(tasks: readonly Task[]): boolean {
    if (!hasWork(tasks)) return false;
    const { output, memory, processing, refused, recovery } = this.#options;
    // What went well since a thread died is kept before the next one dies; so is a record whose models took long.
    if (recovery.isHasty || refused.isFull || processing.jobs?.hasUncommitted) return true;
    return memory.isFull || output.records >= TRANSACTION_RECORDS_MAX;
  }

  /** Begins a commit; none is under way. @returns whether the next records may be processed before its end */
  async #begin({ consumer, assignment }: Membership): Promise<boolean> {
    const { identity, commitIntervalMs, output, processing, metrics, applied, onStep, refused } = this.#options;
    await processing.jobs?.settle();
    const tasks = assignment.runningTasks;
    const mayGoOn = this.#mayGoOn(tasks);
    // Results of a commit that has just ended wait for this transaction.
    await output.begin();
    const oldestTimestampMs = Math.min(...tasks.map((task) => task.oldestTimestampMs ?? Number.POSITIVE_INFINITY));
    processing.seal();
    refused.seal(tasks);
    const beganMs = performance.now();
    this.#mayBeginMs = beganMs + commitIntervalMs;
    const stopTimer = metrics.commitDuration.startTimer();
    const onCommitted = (committed: readonly OpenTask[]) => processing.committed(committed);
    try {
      const commit = await beginCommit(tasks, { identity, output, consumer, applied, onCommitted, onStep });
      this.#underWay = { commit, tasks, oldestTimestampMs, beganMs, stopTimer };
    } catch (error) {
      stopTimer({ outcome: "failed" });
      throw error;
    }
    return mayGoOn;
  }

  /**
   * Whether records may be processed while the commit is under way that begins now. Not where one of them may be at fault: the
   * search for it goes by transactions, a thread may die of it, and a job that took long would be dropped with its successors.
   * Nor for a source, whose position is its log's, nor while keys are mended, which are read from the folder.
   */
  #mayGoOn(tasks: readonly OpenTask[]): boolean {
    const { processing, refused, recovery } = this.#options;
    if (recovery.isHasty || refused.isCareful || processing.jobs?.hasUncommitted) return false;
    return tasks.every(({ source, folder }) => source === undefined && folder.keyMend === undefined);
  }
}

/** Whether something was processed that no commit has, neither one that has ended nor the one under way. */
export const hasWork = (tasks: readonly Task[]): boolean => tasks.some(({ advanced }) => advanced);

const partitionsOf = (tasks: readonly Task[]): number[] => tasks.map(({ partition }) => partition);
