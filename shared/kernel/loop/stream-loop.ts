/**
 * The loop of a service: takes records, processes them, commits when that is due, and serves rebalances in between. Everything
 * that may wait stands here and in what it calls; process() never does.
 *
 *   mode        entered                                         left
 *   joining     at the start; after a fatal consumer error      to running, when the consumer has subscribed
 *   running     from joining and rewinding                      to rewinding, joining or stopping
 *   restoring   beside running: a task came whose folder lags   when its state is whole; the other tasks run meanwhile
 *   rewinding   work was dropped (see recovery.ts); or records  to running, when producer, consumer and tasks are at the
 *               that had to wait can be processed now           group's positions
 *   stopping    told to stop, or after an error without a fate  the service ends: last commit, folders closed, group left
 * While Kafka commits, the next records are processed; all else that concerns tasks or the transaction waits for the commit's end.
 */
import type { KafkaError } from "../../kafka/kafka-error.js";
import { PROMPT, pause, persistently } from "../../kafka/patience.js";
import { partitionName } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { Output } from "../commit/output.js";
import type { RecordJobs } from "../jobs/record-jobs.js";
import type { Task } from "../task/task.js";
import type { WriteBehind } from "../task/write-behind.js";
import { type Commits, hasWork } from "./commits.js";
import { InputPositions } from "./input-positions.js";
import type { Intake, Turn } from "./intake.js";
import type { Membership } from "./membership.js";
import { lostError, type Recovery, type Rewind } from "./recovery.js";
import type { RefusedWork } from "./refused-work.js";

/** Between two attempts to rewind. */
const REWIND_RETRY_MS = 200;

export interface StreamLoopOptions {
  /** Makes the service a member of its group. @throws {KafkaError} Kafka does not answer */
  readonly join: () => Promise<Membership>;
  readonly intake: Intake;
  readonly commits: Commits;
  readonly saves: WriteBehind;
  readonly recovery: Recovery;
  readonly refused: RefusedWork;
  /** The heavy work under way; undefined where the service has none. */
  readonly jobs: RecordJobs | undefined;
  readonly output: Output;
  /** Detects partitions that were added to inputs. @throws {TopicError} series have moved among the partitions that are read */
  readonly watchGrowth: () => void;
  /** Asks for a clean end. */
  readonly stop: AbortSignal;
  /** Called when the end begins, whatever its cause: from here on only a deadline helps against a client that hangs. */
  readonly onLeave: () => void;
  readonly logger: Logger;
}

export class StreamLoop {
  /** Where the inputs stand. */
  readonly positions: InputPositions;
  readonly #options: StreamLoopOptions;
  #membership: Membership | undefined;
  /** Set while the loop is to go back to the group's positions. */
  #rewind: Rewind | undefined;

  constructor(options: StreamLoopOptions) {
    this.#options = options;
    this.positions = new InputPositions(options.jobs, () => ({
      membership: this.#membership,
      batch: options.intake.batch,
      dropped: this.#rewind !== undefined,
    }));
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
    return this.#options.recovery.loss;
  }

  /** What keeps the service from its work, as a sentence; undefined where nothing does. */
  get hindrance(): string | undefined {
    return this.#options.recovery.hindrance.reason(performance.now());
  }

  /** See {@link Commits.confirmedMs}. */
  get confirmedMs(): number {
    return this.#options.commits.confirmedMs;
  }

  /** Whether dropped work waits to be read again because Kafka does not answer. */
  get rewinding(): boolean {
    return this.#rewind?.planned === false;
  }

  /** Why work was dropped that waits to be read again; undefined where none waits. */
  get dropped(): string | undefined {
    return this.#rewind?.reason;
  }

  /**
   * Runs until it is told to stop; then commits, closes the folders and leaves the group. After a fatal error of the consumer
   * the service joins the group with another one: a broker that is just starting may answer a heartbeat with such an error.
   * @throws {StoreError | TopicError} to continue would be wrong
   * @throws {KafkaError} one membership after another ended without a commit between
   */
  async run(): Promise<void> {
    const { stop, recovery, onLeave } = this.#options;
    while (!stop.aborted) {
      const membership = await this.#join();
      if (membership === undefined) continue;
      let joinsAgain = false;
      try {
        await this.#runAs(membership);
        if (membership.failure === undefined) {
          await this.#commitLast(membership);
        } else {
          await this.#settleCommit(membership);
          recovery.lose(membership.failure);
          await this.#dropLost(membership);
          joinsAgain = !stop.aborted;
        }
      } finally {
        if (!joinsAgain) onLeave();
        // The membership stays known until it has ended: whoever asks for a position meanwhile finds its consumer.
        await membership.leave();
        this.#membership = undefined;
      }
      if (joinsAgain) await pause(recovery.lossWaitMs, stop);
    }
  }

  async #join(): Promise<Membership | undefined> {
    const { join, stop, logger } = this.#options;
    const onFailure = (error: KafkaError) => logger.warn({ err: error }, "waiting for Kafka");
    this.#membership = await persistently(join, { patience: PROMPT, stop, onFailure });
    return this.#membership;
  }

  /** Until the service is told to stop, or the consumer has a fatal error. */
  async #runAs(membership: Membership): Promise<void> {
    const { stop } = this.#options;
    const turn = this.#turnOf(membership);
    while (!stop.aborted && membership.failure === undefined) {
      if (membership.assignment.failure !== undefined) {
        await this.#settleCommit(membership);
        throw membership.assignment.failure;
      }
      try {
        await this.#take(turn);
      } catch (error) {
        await this.#recover(error, membership);
      }
    }
  }

  async #take(turn: Turn): Promise<void> {
    const { intake, commits, saves, stop, jobs, refused } = this.#options;
    const { membership } = turn;
    await this.#serveRebalances(membership);
    // A record that was held can be processed: everything is committed, and every partition is read from there.
    if (jobs?.takeReleased()) {
      await this.#commitOrRecover(membership);
      this.#readAgain(true);
    }
    if (refused.takeReleased()) this.#readAgain(false);
    if (this.#rewind !== undefined && !(await this.#rewound(turn))) return await pause(REWIND_RETRY_MS, stop);
    const isIdle = !(await intake.take(turn));
    await commits.demandMends(membership.assignment);
    if (isIdle) await commits.demandPositions(membership.assignment);
    await commits.advance(membership, isIdle);
    await saves.save(membership.assignment.runningTasks);
    await this.#detectLosses(membership);
  }

  #turnOf(membership: Membership): Turn {
    const { commits, refused, stop } = this.#options;
    const { assignment } = membership;
    return {
      membership,
      isBusy: () => hasWork(assignment.tasks) || commits.isUnderWay,
      isOver: () => stop.aborted || this.#rewind !== undefined || refused.hasReleased,
      beginWork: () => commits.open(assignment.tasks),
      finishWork: () => commits.complete(membership),
      makeRoom: () => commits.makeRoom(assignment.tasks),
      commitWhenDue: () => commits.advance(membership),
    };
  }

  /**
   * Detects what no callback reports: input records deleted before they were read, partitions added to an input.
   * @throws {TopicError} series have moved among the partitions that are read
   */
  async #detectLosses(membership: Membership): Promise<void> {
    const { intake, recovery, watchGrowth } = this.#options;
    watchGrowth();
    const isLost = intake.detectsLoss(membership.assignment.runningTasks);
    const refusal = membership.takeRefusal();
    recovery.hindrance.failed(refusal, performance.now());
    if ((isLost || refusal !== undefined) && this.#rewind === undefined) {
      await this.#commitOrRecover(membership);
      this.#readAgain(false);
    }
  }

  /** The loop goes back to the group's positions, if it does not do so already. */
  #readAgain(planned: boolean): void {
    this.#rewind ??= { planned, reason: undefined };
  }

  // -- commit ----------------------------------------------------------------------------------------------------

  /** Waits for the commit under way before anything that it must not meet. Where it fails, its work and the open work are dropped. */
  async #settleCommit(membership: Membership): Promise<void> {
    try {
      await this.#options.commits.end();
    } catch (error) {
      await this.#drop(error, membership);
    }
  }

  /** After a failed commit the next turn processes the records again; the caller continues. */
  async #commitOrRecover(membership: Membership): Promise<void> {
    if (this.#rewind !== undefined) return;
    try {
      await this.#options.commits.complete(membership);
    } catch (error) {
      await this.#recover(error, membership);
    }
  }

  async #commitLast(membership: Membership): Promise<void> {
    if (this.#rewind !== undefined) return;
    try {
      await this.#options.commits.completeLast(membership);
    } catch (error) {
      await this.#options.recovery.abandon(error);
    }
  }

  // -- recovery --------------------------------------------------------------------------------------------------

  /**
   * A transaction that Kafka commits cannot be aborted: what becomes of it comes first.
   * @throws the error itself where it has no fate
   */
  async #recover(error: unknown, membership: Membership): Promise<void> {
    await this.#settleCommit(membership);
    await this.#drop(error, membership);
  }

  async #drop(error: unknown, membership: Membership): Promise<void> {
    const { recovery } = this.#options;
    this.#rewind = recovery.judge(error, membership.assignment.tasks);
    await recovery.drop(error, membership);
  }

  /** Partitions belong to another instance already, which processes their records again from the last commit. */
  async #dropLost(membership: Membership): Promise<void> {
    await this.#settleCommit(membership);
    if (hasWork(this.tasks) || this.#options.output.records > 0) await this.#recover(lostError(), membership);
  }

  /** @returns false where the rewind has to be tried again */
  async #rewound(turn: Turn): Promise<boolean> {
    const { intake, recovery } = this.#options;
    // Records that were on their way belong to the dropped work.
    await intake.discard(turn);
    const next = await recovery.rewind(turn.membership);
    if (next === "failed" && this.#rewind !== undefined) this.#rewind = { ...this.#rewind, planned: false };
    if (next !== "done") return false;
    this.#rewind = undefined;
    intake.release();
    return true;
  }

  // -- rebalance -------------------------------------------------------------------------------------------------

  async #serveRebalances(membership: Membership): Promise<void> {
    const { logger, refused, intake } = this.#options;
    for (let event = membership.nextRebalance(); event !== undefined; event = membership.nextRebalance()) {
      const lost = event.kind === "revoke" && event.lost;
      logger.info({ kind: event.kind, lost, partitions: event.partitions.map(partitionName) }, "rebalance");
      // Work is committed before a partition is given up. A lost one belongs to somebody else already: its work is dropped.
      if (lost) await this.#dropLost(membership);
      else await this.#commitOrRecover(membership);
      refused.forget();
      if (event.kind === "assign") await membership.assignment.add(event.partitions);
      else await membership.assignment.remove(event.partitions);
      intake.release();
    }
  }
}
