/**
 * The loop of a service: take a batch, process it, commit when it is time; between batches answer rebalances.
 * Everything that may wait stands here and in what it calls; process() never does.
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { messageOf } from "../../errors.js";
import type { StepListener } from "../../failpoint.js";
import { type ConsumedRecord, inputRecordOf } from "../../kafka/consumer.js";
import { KafkaCode, KafkaError } from "../../kafka/kafka-error.js";
import { partitionKey, partitionName } from "../../kafka/topic-partition.js";
import type { AppliedPositions } from "../changelog/applied-positions.js";
import { commitTasks } from "../commit/commit.js";
import type { Output } from "../commit/output.js";
import { LongJobError, ThreadError } from "../jobs/job-threads.js";
import type { RecordJob } from "../jobs/record-jobs.js";
import type { StateMemory } from "../store/state-memory.js";
import { TaskStateDamagedError, withFolder } from "../task/damage.js";
import type { StateIdentity } from "../task/state-identity.js";
import type { OpenTask, Task } from "../task/task.js";
import { BatchPace } from "./batch-pace.js";
import { InputPositions } from "./input-positions.js";
import { Membership, type MembershipOptions } from "./membership.js";
import { MissingRights } from "./missing-rights.js";
import { ProcessFailure, type Processing } from "./record-processing.js";
import { RefusedWork } from "./refused-work.js";

/** Most records that a source generates between two looks around, and at once. */
const SOURCE_RECORDS = 1000;
const SOURCE_RECORDS_AT_ONCE = 50;
/** Waiting for a first record while work is uncommitted, or while there is none. */
const POLL_BUSY_MS = 10;
const POLL_IDLE_MS = 50;
/** A transaction is committed early where it has grown this large, so that memory is bounded whatever the interval. */
const TRANSACTION_RECORDS_MAX = 100_000;
/** Time of processing after which a commit may be due, and the rest of the process has its turn. */
const LOOK_MS = 10;
/** Worker threads that may die one after another without a commit between: the same work kills each of them. */
const THREAD_DEATHS_MAX = 10;
const RETRY_MS = 200;
/** Consumers that may be used up one after another without a commit between, and the longest pause before the next. */
const LOSSES_MAX = 10;
const LOSS_WAIT_MAX_MS = 5000;
/** Between two looks at whether the folders are still there. */
const FOLDER_LOOK_MS = 5000;
/** Another holder of the transactional id, or the broker after the transaction's timeout, has made this producer void. */
const FENCED: ReadonlySet<number> = new Set([
  KafkaCode.FENCED,
  KafkaCode.INVALID_PRODUCER_EPOCH,
  KafkaCode.PRODUCER_FENCED,
]);

export interface StreamLoopOptions extends MembershipOptions {
  readonly identity: StateIdentity;
  readonly commitIntervalMs: number;
  /** Asks for a clean end. */
  readonly stop: AbortSignal;
  /** Told when the end begins, whatever its cause: from here on only a deadline can help against a client that hangs. */
  readonly onLeave: () => void;
  /** Told of each step of a commit. */
  readonly onStep: StepListener;
  readonly output: Output;
  readonly memory: StateMemory;
  readonly processing: Processing;
  readonly applied: AppliedPositions;
  /** Detects partitions that were added to inputs. @throws {TopicError} series have moved among the partitions that are read */
  readonly watchGrowth: () => void;
}

export class StreamLoop {
  /** Where the inputs stand. */
  readonly positions: InputPositions;
  readonly #o: StreamLoopOptions;
  #membership: Membership | undefined;
  /** The batch at hand. */
  #batch: readonly ConsumedRecord[] = [];
  /** Set when uncommitted work was dropped: positions are read anew before the next record is taken. */
  #rewindNeeded = false;
  /** Set where that was for a job done aside: nothing is wrong, and the next turn goes on. */
  #rewindPlanned = false;
  /** Partitions whose records are held, as {@link partitionKey}: no more of them are read until the next rewind. */
  readonly #heldBack = new Set<string>();
  #commitDueMs = 0;
  #foldersSeenMs = 0;
  readonly #pace: BatchPace;
  readonly #refused: RefusedWork;
  /** Why work was dropped last, while it waits to be read again. */
  #dropped: string | undefined;
  #threadDeaths = 0;
  /** Memberships that ended since the last commit, and why the last one did. */
  #losses = 0;
  #loss: KafkaError | undefined;
  readonly #rights = new MissingRights();

  constructor(options: StreamLoopOptions) {
    this.#o = options;
    const { jobs } = options.processing;
    this.#pace = new BatchPace(jobs?.count ?? 1);
    this.positions = new InputPositions(jobs, () => ({
      membership: this.#membership,
      batch: this.#batch,
      dropped: this.#rewindNeeded,
    }));
    this.#refused = new RefusedWork(options);
  }

  get isMember(): boolean {
    return this.#membership !== undefined;
  }

  get tasks(): Task[] {
    return this.#membership?.assignment.tasks ?? [];
  }

  /** Whether the task of this partition may take records. */
  isRunning(partition: number): boolean {
    return this.#membership?.assignment.running(partition) !== undefined;
  }

  /** Why the last membership ended; undefined once work was committed since. */
  get loss(): KafkaError | undefined {
    return this.#loss;
  }

  /** What Kafka does not allow the service, as it says; undefined where nothing is missing. */
  get missingRight(): string | undefined {
    return this.#rights.reason(performance.now());
  }

  /** Whether dropped work waits to be read again, for want of Kafka. */
  get rewinding(): boolean {
    return this.#rewindNeeded && !this.#rewindPlanned;
  }

  /** Why work was dropped that waits to be read again; undefined where none does. */
  get dropped(): string | undefined {
    return this.#rewindNeeded ? this.#dropped : undefined;
  }

  /**
   * Runs until it is told to stop; then commits, closes the stores and leaves the group. Where the client says that its membership
   * cannot go on, the service becomes a member anew: a broker that is just starting may answer a heartbeat so.
   * @throws {StoreError | TopicError} going on would be wrong
   * @throws {KafkaError} one membership after another ended without a commit between
   */
  async run(): Promise<void> {
    while (!this.#o.stop.aborted) {
      const membership = await this.#join();
      if (membership === undefined) continue;
      let goesOn = false;
      try {
        while (!this.#o.stop.aborted && membership.failure === undefined) {
          if (membership.assignment.failure !== undefined) throw membership.assignment.failure;
          await this.#turn(membership);
        }
        if (membership.failure === undefined) {
          await this.#commitLast(membership);
        } else {
          await this.#loseAll(membership.failure, membership);
          goesOn = !this.#o.stop.aborted;
        }
      } finally {
        if (!goesOn) this.#o.onLeave();
        // The membership stays known until it is gone: what asks for a position meanwhile finds its consumer.
        await membership.leave();
        this.#membership = undefined;
      }
      if (goesOn) await delay(this.#waitAfterLoss());
    }
  }

  /** @returns undefined where Kafka does not answer, after a pause */
  async #join(): Promise<Membership | undefined> {
    try {
      this.#membership = await Membership.join(this.#o);
      return this.#membership;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.#o.logger.warn({ err: error }, "waiting for Kafka");
      await delay(RETRY_MS);
      return undefined;
    }
  }

  async #turn(membership: Membership): Promise<void> {
    try {
      await this.#serveRebalances(membership);
      if (this.#o.processing.jobs?.takeReleased()) await this.#readHeldAgain(membership);
      if (this.#rewindNeeded && !(await this.#rewind(membership))) return await delay(RETRY_MS);
      if (this.#o.isSource) await this.#generate(membership);
      else await this.#consumeBatch(membership);
      await this.#mendKeys(membership);
      if (this.#commitDue()) await this.#commit(membership);
      await this.#lookAround(membership);
    } catch (error) {
      await this.#recover(error, membership);
    }
  }

  /**
   * What nobody tells a service of: an input that lost what is to be read next, or got more partitions, a folder that was deleted.
   * @throws {TopicError} series have moved among the partitions that are read
   * @throws {TaskStateDamagedError} a folder is gone
   */
  async #lookAround(membership: Membership): Promise<void> {
    const running = membership.assignment.runningTasks;
    const { inputs, isSource } = this.#o;
    this.#o.watchGrowth();
    if (!isSource) inputs.refreshWhenOld(running);
    const refusal = membership.takeRefusal();
    this.#rights.failed(refusal, performance.now());
    if ((inputs.lossSeen || refusal !== undefined) && !this.#rewindNeeded) {
      await this.#commitOrRecover(membership);
      this.#rewindNeeded = true;
    }
    if (performance.now() - this.#foldersSeenMs < FOLDER_LOOK_MS) return;
    this.#foldersSeenMs = performance.now();
    for (const task of running) await withFolder(task, task.folder.db.refuseGone());
  }

  // -- records ---------------------------------------------------------------------------------------------------

  async #consumeBatch(membership: Membership): Promise<void> {
    const records = await this.#takeBatch(membership);
    // The client fetches the next batch while this one is processed.
    membership.fetch(this.#batchRecords(), this.#pollMs());
    if (records.length === 0) return;
    this.#batch = records;
    try {
      await this.#processBatch(records, membership);
    } finally {
      this.#batch = [];
    }
  }

  async #processBatch(records: readonly ConsumedRecord[], membership: Membership): Promise<void> {
    const { metrics, output, memory, processing, onStep } = this.#o;
    const { jobs } = processing;
    let processed = 0;
    onStep("after-poll");
    await this.#beginWork();
    const ended = metrics.processDuration.startTimer();
    const beganMs = performance.now();
    let lookedMs = beganMs;
    for (const record of records) {
      const task = membership.assignment.running(record.partition);
      // A batch may still hold records of a partition that is gone, being replayed, or was rewound.
      if (task === undefined || record.offset < (task.positions.get(record.topic) ?? 0)) continue;
      if (!this.#refused.admits(record)) continue;
      if (jobs?.holds(record)) {
        this.#holdBack(record, membership);
        continue;
      }
      if (jobs?.isDone(record)) await jobs.settle();
      this.#refused.take(task, record);
      processing.process(task, inputRecordOf(record));
      processed++;
      if (jobs?.isFull) await jobs.advance();
      if (output.isFull) await output.drain();
      const isFull = memory.isFull || this.#refused.isFull || jobs?.hasUncommitted;
      if (!isFull && performance.now() - lookedMs < LOOK_MS) continue;
      await this.#look(membership);
      lookedMs = performance.now();
      // The rest belongs to the next start, or is read again.
      if (this.#o.stop.aborted || this.#rewindNeeded) break;
    }
    await jobs?.settle();
    ended();
    if (processed > 0) this.#pace.learn(processed, performance.now() - beganMs);
    metrics.batchRecords.observe(records.length);
    await output.drain();
    onStep("after-process");
  }

  /** The record and those behind it wait: they are not read on, and read again when it can be processed. */
  #holdBack(record: ConsumedRecord, { consumer }: Membership): void {
    const { topic, partition } = record;
    const key = partitionKey(record);
    if (this.#heldBack.has(key)) return;
    this.#heldBack.add(key);
    consumer.pause([{ topic, partition }]);
  }

  /** A record that was held can be processed: all is committed, and every partition read from there. */
  async #readHeldAgain(membership: Membership): Promise<void> {
    await this.#commitOrRecover(membership);
    this.#rewindPlanned ||= !this.#rewindNeeded;
    this.#rewindNeeded = true;
  }

  /** A slow model must not stretch a transaction over a whole batch, nor keep the event loop from everything else. */
  async #look(membership: Membership): Promise<void> {
    if (!this.#commitDue()) return await nextTurn();
    await this.#commit(membership);
    await this.#beginWork();
  }

  async #generate(membership: Membership): Promise<void> {
    const { output, onStep } = this.#o;
    let count = 0;
    for (const task of membership.assignment.runningTasks) {
      await this.#beginWork();
      count += await this.#generateOf(task);
    }
    await output.drain();
    if (count > 0) onStep("after-process");
    // This is also the pace of an idle source.
    await membership.wait(count >= SOURCE_RECORDS ? 0 : POLL_BUSY_MS);
  }

  /** In parts, so that no more waits for the client's queue than one of them. */
  async #generateOf(task: OpenTask): Promise<number> {
    const { processing, output } = this.#o;
    let count = 0;
    while (count < SOURCE_RECORDS) {
      const room = this.#refused.room(task, SOURCE_RECORDS_AT_ONCE);
      const generated = processing.generate(task, performance.now(), room);
      this.#refused.generated(task, generated);
      count += generated;
      if (output.isFull) await output.drain();
      if (generated < SOURCE_RECORDS_AT_ONCE) break;
    }
    return count;
  }

  /** Keys that are written anew need commits, also where no record comes. */
  async #mendKeys({ assignment }: Membership): Promise<void> {
    for (const task of assignment.runningTasks) {
      if (task.folder.keyMend === undefined || task.advanced) continue;
      await this.#beginWork();
      task.demandCommit();
    }
  }

  async #beginWork(): Promise<void> {
    const { output, commitIntervalMs } = this.#o;
    if (!this.#hasWork()) this.#commitDueMs = performance.now() + commitIntervalMs;
    await output.begin();
  }

  #takeBatch(membership: Membership): Promise<ConsumedRecord[]> {
    return membership.take(this.#batchRecords(), this.#pollMs());
  }

  #batchRecords(): number {
    return this.#refused.most(this.#pace.records);
  }

  #pollMs(): number {
    return this.#hasWork() ? POLL_BUSY_MS : POLL_IDLE_MS;
  }

  // -- commit ----------------------------------------------------------------------------------------------------

  #hasWork(): boolean {
    return this.tasks.some(({ advanced }) => advanced);
  }

  #commitDue(): boolean {
    if (!this.#hasWork()) return false;
    const { output, memory, processing } = this.#o;
    // What went well since a thread died is kept, before the next one dies; so is a record whose models took long.
    if (this.#threadDeaths > 0 || this.#refused.isFull || processing.jobs?.hasUncommitted) return true;
    return memory.isFull || performance.now() >= this.#commitDueMs || output.records >= TRANSACTION_RECORDS_MAX;
  }

  async #commit({ consumer, assignment }: Membership): Promise<void> {
    if (!this.#hasWork()) return;
    const { identity, output, processing, metrics, applied, onStep } = this.#o;
    await processing.jobs?.settle();
    const tasks = assignment.runningTasks;
    const oldest = Math.min(...tasks.map(({ oldestTimestampMs }) => oldestTimestampMs ?? Number.POSITIVE_INFINITY));
    const ended = metrics.commitDuration.startTimer();
    try {
      const onCommitted = () => processing.committed(tasks);
      await commitTasks(tasks, { identity, output, consumer, applied, onCommitted, onStep });
    } catch (error) {
      ended({ outcome: "failed" });
      throw error;
    }
    ended({ outcome: "committed" });
    this.#threadDeaths = 0;
    this.#losses = 0;
    if (this.#refused.committed(tasks)) this.#rewindNeeded = true;
    this.#loss = undefined;
    this.#rights.granted();
    metrics.lastCommit.setToCurrentTime();
    if (Number.isFinite(oldest)) metrics.endToEndLatency.observe(Math.max(0, Date.now() - oldest) / 1000);
    applied.refreshWhenOld(tasks.map(({ partition }) => partition));
  }

  /** A failed commit is recovered from by the next turn; who called goes on. */
  async #commitOrRecover(membership: Membership): Promise<void> {
    if (this.#rewindNeeded) return;
    try {
      await this.#commit(membership);
    } catch (error) {
      await this.#recover(error, membership);
    }
  }

  async #commitLast(membership: Membership): Promise<void> {
    if (this.#rewindNeeded) return;
    try {
      await this.#commit(membership);
    } catch (error) {
      if (!(error instanceof KafkaError) && !(error instanceof TaskStateDamagedError)) throw error;
      this.#o.logger.warn({ err: error }, "last commit failed: the next owner repeats what it lacks");
      await this.#o.output.recover(error);
    }
  }

  // -- failures --------------------------------------------------------------------------------------------------

  /**
   * Drops what is uncommitted: what was visible stays, what was not is done again.
   * @throws whatever is no failure of Kafka, of a record or of a folder
   */
  async #recover(error: unknown, { assignment }: Membership): Promise<void> {
    const { metrics, logger, output } = this.#o;
    if (error instanceof ProcessFailure) {
      metrics.aborts.inc({ cause: "process-failed" });
      logger.error(
        { task: error.task.id, record: error.place, err: error },
        "process() failed: its batch is replayed without it",
      );
      const cause = error.cause instanceof Error ? error.cause : error;
      error.task.reject(error.record, { error: cause, form: "whole" });
    } else if (error instanceof TaskStateDamagedError) {
      metrics.aborts.inc({ cause: "store-damaged" });
    } else if (error instanceof ThreadError && ++this.#threadDeaths <= THREAD_DEATHS_MAX) {
      metrics.aborts.inc({ cause: "thread-died" });
      this.#pace.restart();
      logger.error({ err: error }, "a worker thread died: its batch is replayed on another");
    } else if (error instanceof LongJobError) {
      this.#setAside(error);
    } else if (error instanceof KafkaError && error.isRefusal) {
      metrics.aborts.inc({ cause: "output-refused" });
      this.#refused.refused(error, assignment.tasks);
    } else if (error instanceof KafkaError) {
      metrics.aborts.inc({ cause: "kafka" });
      this.#rights.failed(error, performance.now());
      const dropped = "uncommitted work dropped; it is done again";
      logger.warn({ err: error }, error.isForbidden ? `Kafka does not allow it: ${dropped}` : dropped);
    } else {
      throw error;
    }
    this.#rewindPlanned = error instanceof LongJobError;
    this.#rewindNeeded = true;
    this.#dropped = messageOf(error);
    this.#refused.aborted();
    await this.#o.processing.discard();
    await output.recover(error);
    const refused = error instanceof KafkaError && error.isRefusal;
    if (!output.ready && !refused) {
      const fenced = error instanceof KafkaError && FENCED.has(error.code);
      metrics.producerReplacements.inc({ reason: fenced ? "fenced" : "failed" });
    }
    if (error instanceof TaskStateDamagedError) await assignment.reset(error.task, error);
  }

  /** The record at fault is done aside, those before it are committed when they are done again, the other partitions go on. */
  #setAside({ job, message }: LongJobError): void {
    const { metrics, logger, processing } = this.#o;
    // Jobs come back as they were submitted.
    const { origin } = job as RecordJob;
    metrics.aborts.inc({ cause: "long-job" });
    this.#pace.restart();
    logger.warn(
      { task: origin.task.id, ...origin.place, err: message },
      "the models of a record take long: its partition waits for them, the others go on",
    );
    processing.jobs?.setAside(job as RecordJob);
  }

  /** @returns false where Kafka does not answer yet, or a rebalance has to be served first */
  async #rewind(membership: Membership): Promise<boolean> {
    try {
      // Records that were on their way belong to the dropped work; polling keeps the membership alive.
      await this.#takeBatch(membership);
      if (!this.#o.output.mayConnect || !this.#rights.mayTry(performance.now())) return false;
      await this.#o.output.connect();
      if (membership.rebalanced) return false;
      await membership.assignment.rewind();
      this.#rewindNeeded = false;
      this.#rewindPlanned = false;
      this.#heldBack.clear();
      this.#rights.tried(performance.now());
      return true;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.#rewindPlanned = false;
      this.#rights.failed(error, performance.now());
      this.#o.logger.warn({ err: error }, error.isForbidden ? "Kafka does not allow it" : "waiting for Kafka");
      return false;
    }
  }

  // -- rebalance -------------------------------------------------------------------------------------------------

  async #serveRebalances(membership: Membership): Promise<void> {
    for (let event = membership.nextRebalance(); event !== undefined; event = membership.nextRebalance()) {
      const lost = event.kind === "revoke" && event.lost;
      this.#o.logger.info({ kind: event.kind, lost, partitions: event.partitions.map(partitionName) }, "rebalance");
      // Work is committed before a partition is given up. A lost one belongs to somebody else already: its work is dropped.
      if (!lost) await this.#commitOrRecover(membership);
      else await this.#dropWork(membership);
      if (this.#refused.forget()) this.#rewindNeeded = true;
      if (event.kind === "assign") await membership.assignment.add(event.partitions);
      else await membership.assignment.remove(event.partitions);
      this.#heldBack.clear();
    }
  }

  /** Partitions are somebody else's already: what was done for them since the last commit is done by the next owner. */
  async #dropWork(membership: Membership): Promise<void> {
    if (this.#hasWork() || this.#o.output.records > 0) await this.#recover(lostError(), membership);
  }

  /** @throws {KafkaError} as often in a row as it may happen */
  async #loseAll(failure: KafkaError, membership: Membership): Promise<void> {
    this.#loss = failure;
    if (++this.#losses > LOSSES_MAX) throw failure;
    this.#o.metrics.consumerReplacements.inc();
    this.#o.logger.warn(
      { err: failure, losses: this.#losses },
      "the consumer is used up: joining the group with another",
    );
    await this.#dropWork(membership);
  }

  #waitAfterLoss(): number {
    return Math.min(RETRY_MS * 2 ** (this.#losses - 1), LOSS_WAIT_MAX_MS);
  }
}

const lostError = () =>
  new KafkaError("revoke", { code: -1, message: "partitions were lost", isTxnRequiresAbort: true });
