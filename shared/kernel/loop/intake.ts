/** Where a service's records come from: batches that its consumer reads, or what its source generates. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StepListener } from "../../failpoint.js";
import { EMPTY_BATCH, type RecordBatch, RecordView } from "../../kafka/record-batch.js";
import { partitionKey } from "../../kafka/topic-partition.js";
import type { Output } from "../commit/output.js";
import type { KernelMetrics } from "../metrics.js";
import type { StateMemory } from "../store/state-memory.js";
import type { InputWatch } from "../task/input-loss.js";
import type { OpenTask } from "../task/task.js";
import type { BatchPace } from "./batch-pace.js";
import type { Membership } from "./membership.js";
import type { Processing } from "./record-processing.js";
import type { RefusedWork } from "./refused-work.js";

/** How often a long batch yields to the event loop and checks whether a commit is due. */
const COMMIT_CHECK_MS = 10;
/** Waiting for a first record while work is uncommitted, or while there is none. */
const POLL_BUSY_MS = 10;
const POLL_IDLE_MS = 50;
/** Most records that a source generates in one turn, and at once. */
const SOURCE_RECORDS = 1000;
const SOURCE_RECORDS_AT_ONCE = 50;

/** What an intake uses of the loop. */
export interface Turn {
  readonly membership: Membership;
  /** Whether something is not committed, or is being committed. */
  isBusy(): boolean;
  /** Whether the rest of a batch is left: the service stops, or goes back to the group's positions. */
  isOver(): boolean;
  /** Opens the transaction; to be called before a record is processed. */
  beginWork(): Promise<void>;
  /** Commits what is processed: something else is waited for. */
  finishWork(): Promise<void>;
  /** The output is full: returns when it has room. */
  makeRoom(): Promise<void>;
  /** @returns whether a commit has ended or begun: {@link beginWork} before the next record */
  commitWhenDue(): Promise<boolean>;
}

export interface Intake {
  /** Records that were taken and are not processed yet, and processed ones before them. */
  readonly batch: RecordBatch;
  /** Takes what is there, and processes it. @returns whether there was something */
  take(turn: Turn): Promise<boolean>;
  /** Polls, as a member of a group must, and drops what comes. */
  discard(turn: Turn): Promise<void>;
  /** All partitions are read again: none is held back. */
  release(): void;
  /** Whether records were deleted before they were read; asks Kafka from time to time. */
  detectsLoss(running: readonly OpenTask[]): boolean;
}

export interface BatchIntakeOptions {
  readonly processing: Processing;
  readonly output: Output;
  readonly memory: StateMemory;
  readonly refused: RefusedWork;
  readonly pace: BatchPace;
  readonly inputs: InputWatch;
  readonly metrics: KernelMetrics;
  readonly onStep: StepListener;
}

/** Records that the consumer reads. */
export class BatchIntake implements Intake {
  readonly #options: BatchIntakeOptions;
  #batch = EMPTY_BATCH;
  readonly #view = new RecordView();
  /** Partitions whose records are held, as {@link partitionKey}: no more of them are read until the next rewind. */
  readonly #heldBack = new Set<string>();

  constructor(options: BatchIntakeOptions) {
    this.#options = options;
  }

  get batch(): RecordBatch {
    return this.#batch;
  }

  async take(turn: Turn): Promise<boolean> {
    const batch = await this.#fetched(turn);
    const isThere = batch.count > 0;
    // The client fetches the next batch while this one is processed.
    turn.membership.fetch(this.#limit(), isThere ? POLL_BUSY_MS : pollMs(turn));
    if (!isThere) return false;
    this.#batch = batch;
    try {
      await this.#process(batch, turn);
    } finally {
      this.#batch = EMPTY_BATCH;
    }
    return true;
  }

  async discard(turn: Turn): Promise<void> {
    await this.#fetched(turn);
  }

  release(): void {
    this.#heldBack.clear();
  }

  detectsLoss(running: readonly OpenTask[]): boolean {
    const { inputs } = this.#options;
    inputs.refreshWhenOld(running);
    return inputs.lossSeen;
  }

  async #process(batch: RecordBatch, turn: Turn): Promise<void> {
    const { metrics, output, memory, processing, refused, pace, onStep } = this.#options;
    const { jobs } = processing;
    const { membership } = turn;
    let processed = 0;
    onStep("after-poll");
    await fetched(processing.fetch(batch), turn);
    await turn.beginWork();
    const stopTimer = metrics.processDuration.startTimer();
    const beganMs = performance.now();
    let checkedMs = beganMs;
    for (let k = 0; k < batch.count; k++) {
      const record = this.#view.at(batch, k);
      const task = membership.assignment.running(record.partition);
      // A batch may still hold records of a partition that was revoked, is being restored, or was rewound.
      if (task === undefined || record.offset < (task.positions.get(record.topic) ?? 0)) continue;
      if (!refused.admits(record)) continue;
      if (jobs?.holds(record)) {
        this.#holdBack(record, membership);
        continue;
      }
      if (jobs?.isDone(record)) await jobs.settle();
      refused.take(task, record);
      // What comes of a job may be asked for its record once others are processed.
      processing.process(task, jobs === undefined ? record : record.copy());
      processed++;
      if (jobs?.isFull) await jobs.advance();
      if (output.isFull) await turn.makeRoom();
      const isFull = memory.isFull || refused.isFull || jobs?.hasUncommitted;
      if (!isFull && performance.now() - checkedMs < COMMIT_CHECK_MS) continue;
      await commitOrYield(turn);
      checkedMs = performance.now();
      if (turn.isOver()) break;
    }
    await jobs?.settle();
    stopTimer();
    if (processed > 0) pace.learn(processed, performance.now() - beganMs);
    metrics.batchRecords.observe(batch.count);
    await output.drain();
    onStep("after-process");
  }

  /** The record and those after it wait: no more are read, and they are read again when it can be processed. */
  #holdBack(record: RecordView, { consumer }: Membership): void {
    const { topic, partition } = record;
    const key = partitionKey(record);
    if (this.#heldBack.has(key)) return;
    this.#heldBack.add(key);
    consumer.pause([{ topic, partition }]);
  }

  #fetched(turn: Turn): Promise<RecordBatch> {
    return turn.membership.take(this.#limit(), pollMs(turn));
  }

  #limit(): number {
    return this.#options.refused.most(this.#options.pace.records);
  }
}

export interface SourceIntakeOptions {
  readonly processing: Processing;
  readonly output: Output;
  readonly refused: RefusedWork;
  readonly onStep: StepListener;
}

/** Records that the service itself generates. Its partitions are never read, but its membership lives by polling. */
export class SourceIntake implements Intake {
  readonly batch = EMPTY_BATCH;
  readonly #options: SourceIntakeOptions;

  constructor(options: SourceIntakeOptions) {
    this.#options = options;
  }

  async take(turn: Turn): Promise<boolean> {
    const { output, onStep } = this.#options;
    let count = 0;
    for (const task of turn.membership.assignment.runningTasks) {
      await turn.beginWork();
      count += await this.#generate(task);
    }
    await output.drain();
    if (count > 0) onStep("after-process");
    // This is also the pace of an idle source.
    await turn.membership.wait(count >= SOURCE_RECORDS ? 0 : POLL_BUSY_MS);
    return count > 0;
  }

  discard(turn: Turn): Promise<void> {
    return turn.membership.wait(pollMs(turn));
  }

  release(): void {
    // A source holds nothing back.
  }

  detectsLoss(): boolean {
    return false;
  }

  /** In parts, so that no more than one of them waits for room in the client's queue. */
  async #generate(task: OpenTask): Promise<number> {
    const { processing, output, refused } = this.#options;
    let count = 0;
    while (count < SOURCE_RECORDS) {
      const room = refused.room(task, SOURCE_RECORDS_AT_ONCE);
      const generated = processing.generate(task, performance.now(), room);
      refused.generated(task, generated);
      count += generated;
      if (output.isFull) await output.drain();
      if (generated < SOURCE_RECORDS_AT_ONCE) break;
    }
    return count;
  }
}

/** Waits for what a batch needs; what is processed already neither waits for that, nor is it dropped where it does not come. */
async function fetched(fetching: Promise<void> | undefined, turn: Turn): Promise<void> {
  if (fetching === undefined) return;
  const [answer, finished] = await Promise.allSettled([fetching, turn.finishWork()]);
  if (finished.status === "rejected") throw finished.reason;
  if (answer.status === "rejected") throw answer.reason;
}

/** A slow model must not stretch a transaction over a whole batch, nor keep the event loop from everything else. */
async function commitOrYield(turn: Turn): Promise<void> {
  if (await turn.commitWhenDue()) await turn.beginWork();
  else await nextTurn();
}

const pollMs = (turn: Turn): number => (turn.isBusy() ? POLL_BUSY_MS : POLL_IDLE_MS);
