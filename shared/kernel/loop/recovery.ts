/**
 * What follows an error of the loop: work that is not committed is dropped, and processed again from the group's positions.
 * What was visible stays, what was not is done again.
 *
 *   error                 what is done before the records are processed again
 *   ProcessFailure        the record is rejected: it becomes a dead letter
 *   TaskStateDamagedError the task's folder is reset, and its state restored
 *   ThreadError           another thread is started, batches begin small again; the eleventh without a commit between is fatal
 *   LongJobError          the job is done aside: its partition waits for it, the others do not
 *   KafkaError, refusal   the record at fault is searched for and rejected, see refused-work.ts
 *   AwayError             nothing, until it may be tried again, see hindrance.ts
 *   KafkaError, other     a producer whose state is unknown is replaced
 *   any other             nothing is: the service ends
 */
import { AwayLines } from "../../away-lines.js";
import { AwayError, messageOf } from "../../errors.js";
import { KafkaCode, KafkaError } from "../../kafka/kafka-error.js";
import type { Logger } from "../../logger.js";
import type { Output } from "../commit/output.js";
import { LongJobError, ThreadError } from "../jobs/job-threads.js";
import type { RecordJob } from "../jobs/record-jobs.js";
import type { KernelMetrics } from "../metrics.js";
import { TaskStateDamagedError } from "../task/damage.js";
import type { Task } from "../task/task.js";
import type { BatchPace } from "./batch-pace.js";
import { Hindrance } from "./hindrance.js";
import type { Membership } from "./membership.js";
import { ProcessFailure, type Processing } from "./record-processing.js";
import type { RefusedWork } from "./refused-work.js";

/** Worker threads that may die one after another without a commit between: the same work kills each of them. */
const THREAD_DEATHS_MAX = 10;
/** Most fatal consumer errors in a row without a commit, and the longest back-off between two consumers. */
const LOSSES_MAX = 10;
const LOSS_WAIT_MIN_MS = 200;
const LOSS_WAIT_MAX_MS = 5000;
/** Another holder of the transactional id, or the broker after the transaction's timeout, has made this producer void. */
const FENCED: ReadonlySet<number> = new Set([
  KafkaCode.FENCED,
  KafkaCode.INVALID_PRODUCER_EPOCH,
  KafkaCode.PRODUCER_FENCED,
]);

/** Consumer and tasks are to go back to the group's positions before another record is processed. */
export interface Rewind {
  /** Nothing is wrong: a record is done aside, or can be processed now. */
  readonly planned: boolean;
  /** Why work was dropped; undefined where none was. */
  readonly reason: string | undefined;
}

/** `later`: a pause after a refusal lasts, or a rebalance has to be served first. `failed`: Kafka does not answer. */
export type RewindOutcome = "done" | "later" | "failed";

export interface RecoveryOptions {
  readonly output: Output;
  readonly processing: Processing;
  readonly refused: RefusedWork;
  readonly pace: BatchPace;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

interface Fate {
  readonly is: (error: unknown) => boolean;
  /** Label of the metric of aborts. */
  readonly cause: string;
  readonly prepare: (error: unknown, tasks: readonly Task[]) => void;
}

export class Recovery {
  readonly hindrance = new Hindrance();
  readonly #options: RecoveryOptions;
  /** The first that fits decides. */
  readonly #fates: readonly Fate[] = [
    fate(ProcessFailure, "process-failed", (error) => this.#reject(error)),
    fate(TaskStateDamagedError, "store-damaged", () => undefined),
    fate(
      ThreadError,
      "thread-died",
      (error) => this.#replaceThread(error),
      () => this.#threadDeaths <= THREAD_DEATHS_MAX,
    ),
    fate(LongJobError, "long-job", (error) => this.#setAside(error)),
    fate(AwayError, "away", (error) => this.#await(error)),
    fate(
      KafkaError,
      "output-refused",
      (error, tasks) => this.#options.refused.refused(error, tasks),
      (error) => error.isRefusal,
    ),
    fate(KafkaError, "kafka", (error) => this.#logDropped(error)),
  ];
  readonly #awayLines: AwayLines;
  #threadDeaths = 0;
  /** Memberships that ended since the last commit, and why the last one did. */
  #losses = 0;
  #loss: KafkaError | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#awayLines = new AwayLines(options.logger);
  }

  /** Why the last membership ended; undefined once work was committed since. */
  get loss(): KafkaError | undefined {
    return this.#loss;
  }

  /** Whether what goes well is to be committed at once, before another thread dies. */
  get isHasty(): boolean {
    return this.#threadDeaths > 0;
  }

  /** Pause before the next membership, in ms. */
  get lossWaitMs(): number {
    return Math.min(LOSS_WAIT_MIN_MS * 2 ** (this.#losses - 1), LOSS_WAIT_MAX_MS);
  }

  /** Work was committed: errors are counted from here. */
  committed(): void {
    this.#threadDeaths = 0;
    this.#losses = 0;
    this.#loss = undefined;
    this.hindrance.granted();
  }

  /**
   * Finds the fate of an error, and prepares it. {@link drop} must follow.
   * @throws the error itself where it has none: to continue would be wrong
   */
  judge(error: unknown, tasks: readonly Task[]): Rewind {
    if (error instanceof ThreadError) this.#threadDeaths++;
    const found = this.#fates.find(({ is }) => is(error));
    if (found === undefined) throw error;
    this.#options.metrics.aborts.inc({ cause: found.cause });
    found.prepare(error, tasks);
    return { planned: error instanceof LongJobError, reason: messageOf(error) };
  }

  /** Drops all work that is not committed, in the output and in the tasks' models. */
  async drop(error: unknown, { assignment }: Membership): Promise<void> {
    const { refused, processing, output, metrics } = this.#options;
    refused.aborted();
    await processing.discard();
    await output.recover(error);
    const isRefusal = error instanceof KafkaError && error.isRefusal;
    if (!output.ready && !isRefusal) {
      const fenced = error instanceof KafkaError && FENCED.has(error.code);
      metrics.producerReplacements.inc({ reason: fenced ? "fenced" : "failed" });
    }
    // Where a commit met the same damage as the work beside it, the folder is reset already.
    if (error instanceof TaskStateDamagedError && error.task.state !== "created")
      await assignment.reset(error.task, error);
  }

  /** Goes back to the group's positions, with a producer that works. */
  async rewind(membership: Membership): Promise<RewindOutcome> {
    const { output, logger } = this.#options;
    try {
      if (!output.mayConnect || !this.hindrance.mayTry(performance.now())) return "later";
      await output.connect();
      if (membership.rebalanced) return "later";
      await membership.assignment.rewind();
      this.hindrance.tried(performance.now());
      return "done";
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.hindrance.failed(error, performance.now());
      logger.warn({ err: error }, error.isForbidden ? "Kafka does not allow it" : "waiting for Kafka");
      return "failed";
    }
  }

  /**
   * The last commit failed: the next owner of the partitions processes the records again.
   * @throws the error itself where it is no failure of Kafka or of a folder
   */
  async abandon(error: unknown): Promise<void> {
    if (!(error instanceof KafkaError) && !(error instanceof TaskStateDamagedError)) throw error;
    this.#options.logger.warn({ err: error }, "last commit failed: the next owner repeats what it lacks");
    await this.#options.output.recover(error);
  }

  /** The consumer had a fatal error: another one may join the group. @throws {KafkaError} too many in a row */
  lose(failure: KafkaError): void {
    const { metrics, logger } = this.#options;
    this.#loss = failure;
    if (++this.#losses > LOSSES_MAX) throw failure;
    metrics.consumerReplacements.inc();
    logger.warn({ err: failure, losses: this.#losses }, "the consumer is used up: joining the group with another");
  }

  #reject(error: ProcessFailure): void {
    this.#options.logger.error(
      { task: error.task.id, record: error.place, err: error },
      "process() failed: its batch is replayed without it",
    );
    const cause = error.cause instanceof Error ? error.cause : error;
    error.task.reject(error.record, { error: cause, form: "whole" });
  }

  #replaceThread(error: ThreadError): void {
    this.#options.pace.restart();
    this.#options.logger.error({ err: error }, "a worker thread died: its batch is replayed on another");
  }

  /** The record's job is done aside. Records before it are committed when they are processed again, other partitions do not wait. */
  #setAside({ job, message }: LongJobError): void {
    const { processing, pace, logger } = this.#options;
    // Jobs come back as they were submitted.
    const { origin } = job as RecordJob;
    pace.restart();
    logger.warn(
      { task: origin.task.id, ...origin.place, err: message },
      "the models of a record take long: its partition waits for them, the others go on",
    );
    processing.jobs?.setAside(job as RecordJob);
  }

  #await(error: AwayError): void {
    this.hindrance.failed(error, performance.now());
    this.#awayLines.tell(error);
  }

  #logDropped(error: KafkaError): void {
    this.hindrance.failed(error, performance.now());
    const dropped = "uncommitted work dropped; it is done again";
    this.#options.logger.warn({ err: error }, error.isForbidden ? `Kafka does not allow it: ${dropped}` : dropped);
  }
}

/** Partitions that belong to another instance already: this one's work on them is dropped. */
export const lostError = () =>
  new KafkaError("revoke", { code: -1, message: "partitions were lost", isTxnRequiresAbort: true });

function fate<E extends Error>(
  kind: abstract new (...parameters: never[]) => E,
  cause: string,
  prepare: (error: E, tasks: readonly Task[]) => void,
  when: (error: E) => boolean = () => true,
): Fate {
  return {
    cause,
    is: (error) => error instanceof kind && when(error),
    prepare: (error, tasks) => prepare(error as E, tasks),
  };
}
