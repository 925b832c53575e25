/**
 * From an open folder to a task that may run: compares its positions with the group's, and restores what it lacks; where the
 * changelog cannot stand for the state, does what ON_CHANGELOG_LOSS says.
 */
import { StoreError } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import { type LogRanges, logRanges } from "../../kafka/log-range.js";
import { ORIGIN, type Position, partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import { furthest, type Positions } from "../changelog/changelog.js";
import { ChangelogReader } from "../changelog/changelog-reader.js";
import type { ChangelogsRead, CutTail } from "../changelog/changelog-reading.js";
import type { KernelMetrics } from "../metrics.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import { ValueDamagedError } from "../store/stored-value.js";
import { lossError, rangeFault, rewriteError } from "./changelog-loss.js";
import { rewriteChangelogs } from "./changelog-rewrite.js";
import { CutKeys } from "./cut-keys.js";
import { hasTasksOfToday } from "./manifest-check.js";
import { changelogsOf, manifestOf, type StateIdentity } from "./state-identity.js";
import type { OpenTask } from "./task.js";
import type { TaskOpener } from "./task-opener.js";
import type { WriteBehind } from "./write-behind.js";

/** The group's position by input topic; undefined where it has none. */
export type CommittedPositions = ReadonlyMap<string, Position | undefined>;

/** What a restore works with. */
export interface TaskRestoreOptions {
  readonly identity: StateIdentity;
  readonly opener: TaskOpener;
  readonly saves: WriteBehind;
  /** Without transactions a changelog may be ahead of the group's positions. */
  readonly exactlyOnce: boolean;
  readonly onChangelogLoss: "stop" | "rebuild" | "accept";
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

/** Restores the tasks of a process, side by side. */
export class TaskRestore {
  readonly #options: TaskRestoreOptions;
  readonly #cutKeys: CutKeys;
  readonly #reader: ChangelogReader;
  /** What {@link examine} found, for the restore that follows it: by then the group's positions were known, as they have to be. */
  readonly #examined = new WeakMap<OpenTask, LogRanges>();

  constructor(options: TaskRestoreOptions) {
    this.#options = options;
    this.#reader = new ChangelogReader(options.clientOptions, options.identity.application);
    this.#cutKeys = new CutKeys(options);
  }

  /**
   * Notes whether the changelogs of opened tasks can still stand for their state.
   * @throws {KafkaError} the broker does not answer
   */
  async examine(tasks: readonly OpenTask[]): Promise<void> {
    const { admin, identity } = this.#options;
    const ranges = await logRanges(
      admin,
      tasks.flatMap((task) => changelogsOf(identity, task)),
    );
    for (const task of tasks) {
      task.folder.noteLoss(rangeFault(task, changelogsOf(identity, task), ranges));
      this.#examined.set(task, ranges);
    }
  }

  /**
   * Compares the folder with the group.
   * @returns whether the folder is exactly where the group is, so that the task can run at once
   * @throws {StateAheadError} the folder is ahead of the group
   */
  isCurrent(task: OpenTask, committed: CommittedPositions): boolean {
    const { manifest, changelogLoss, isAhead } = task.folder;
    // The commit that a standby was in the middle of may be there in part.
    if (manifest?.standby) return false;
    // What a repartition has moved is in the changelog alone.
    if (!hasTasksOfToday(this.#options.identity, manifest)) return false;
    // Values may be newer than the positions, but these were its group's once.
    let current = manifest !== undefined && changelogLoss === undefined && !isAhead;
    for (const input of task.inputs) {
      const stored = manifest?.positions[input];
      const group = committed.get(input);
      if (group !== undefined && stored !== undefined && stored > group)
        throw this.#ahead(task, input, "its folder", stored, group);
      if (group !== stored) current = false;
    }
    return current;
  }

  /**
   * Applies what its changelogs have to the folder, and settles the task's positions.
   * @returns false where the task was closed meanwhile
   * @throws {StateAheadError} the changelog is ahead of the group's positions as they were given
   * @throws {StoreError} it lacks what the group has committed, or is damaged
   */
  async restore(task: OpenTask, committed: CommittedPositions): Promise<boolean> {
    const { identity, admin } = this.#options;
    task.beginRestore();
    const changelogs = changelogsOf(identity, task);
    const ranges = this.#examined.get(task) ?? (await logRanges(admin, changelogs));
    this.#examined.delete(task);
    if (task.isClosed()) return false;
    task.folder.noteLoss(rangeFault(task, changelogs, ranges));
    const loss = task.folder.changelogLoss;
    if (loss !== undefined && (await this.#settleLoss(task, loss, committed))) return true;
    if (task.isClosed()) return false;
    const cutTail = await this.#cutKeys.tailOf(task);
    return !task.isClosed() && (await this.#read(task, committed, ranges, cutTail));
  }

  async #read(
    task: OpenTask,
    committed: CommittedPositions,
    ranges: LogRanges,
    cutTail: CutTail | undefined,
  ): Promise<boolean> {
    const { identity, metrics, logger } = this.#options;
    const { folder, partition } = task;
    const cause = folder.manifest === undefined ? "empty" : "behind";
    const label = { partition: String(partition) };
    let count = 0;
    const stopTimer = metrics.restoreDuration.startTimer();
    const read = await this.#reader.read({
      apply: (writes) => this.#take(task, writes),
      cutTail,
      partition,
      changelogs: changelogsOf(identity, task).map((changelog) => ({
        ...changelog,
        from: folder.manifest?.changelogPositions[changelog.store] ?? ORIGIN,
        range: ranges.get(partitionKey(changelog)) ?? { begin: ORIGIN, end: ORIGIN },
      })),
      cancelled: () => task.isClosed(),
      progress: (remaining, records) => {
        count += records;
        metrics.restoreRemaining.set(label, remaining);
        metrics.restored.inc(records);
      },
    });
    metrics.restoreRemaining.set(label, 0);
    if (read === undefined) return false;
    const positions = await this.#apply(task, committed, read);
    metrics.restores.inc({ cause });
    logger.info({ task: task.id, cause, records: count, seconds: stopTimer(), positions }, "state replayed");
    return true;
  }

  /** @throws {StoreError} a value cannot be read */
  async #take({ id, folder }: OpenTask, writes: readonly StoreWrite[]): Promise<void> {
    try {
      folder.applyLogged(writes);
    } catch (error) {
      if (!(error instanceof ValueDamagedError)) throw error;
      throw new StoreError(`${id}: its changelog is damaged: ${error.message}`, { cause: error });
    }
    await this.#options.saves.makeRoom(folder);
  }

  /** @returns the task's positions: they are in its folder now */
  async #apply(task: OpenTask, committed: CommittedPositions, read: ChangelogsRead): Promise<Positions> {
    const { folder } = task;
    const positions = this.#settle(task, committed, furthest(folder.manifest?.positions ?? {}, read.positions));
    if (read.cutKeys) folder.markCutKeys();
    folder.restored(manifestOf(this.#options.identity, task, positions, read.ends));
    return positions;
  }

  /** After the last restore: waits until its client is gone. */
  close(): Promise<void> {
    return this.#reader.close();
  }

  /** Readies a task that is about to run, see {@link CutKeys.ready}. */
  readyKeys(task: OpenTask): Promise<void> {
    return this.#cutKeys.ready(task);
  }

  /**
   * A changelog that was lost is refused, or rewritten from the folder, or the folder is reset to what is left of it.
   * @returns whether the folder is now what its changelog says
   */
  async #settleLoss(task: OpenTask, loss: string, committed: CommittedPositions): Promise<boolean> {
    const { opener, onChangelogLoss, logger } = this.#options;
    if (onChangelogLoss === "stop") throw lossError(task, loss);
    if (onChangelogLoss === "accept") {
      logger.warn({ task: task.id, loss }, "state may be lost: what is left of the changelog is used");
      await task.folder.save();
      await opener.reset(task, new Error(loss));
      if (!task.isClosed()) task.beginRestore();
      return false;
    }
    const { manifest } = task.folder;
    const isAt = (topic: string) => committed.get(topic) === manifest?.positions[topic];
    if (manifest === undefined || manifest.standby || task.folder.isAhead || !task.inputs.every(isAt))
      throw rewriteError(task, loss);
    await this.#rewrite(task, loss, manifest.positions);
    return true;
  }

  async #rewrite(task: OpenTask, loss: string, positions: Positions): Promise<void> {
    const { identity, clientOptions, admin, logger, metrics } = this.#options;
    const changelogs = changelogsOf(identity, task);
    const records = await rewriteChangelogs(task, changelogs, clientOptions);
    const ranges = await logRanges(admin, changelogs);
    const ends = changelogs.map((changelog) => [changelog.store, ranges.get(partitionKey(changelog))?.end ?? ORIGIN]);
    task.folder.markWholeKeys();
    task.folder.restored(manifestOf(identity, task, positions, Object.fromEntries(ends)));
    await task.folder.save();
    metrics.restores.inc({ cause: "changelog-rebuilt" });
    logger.warn({ task: task.id, loss, records }, "changelog rebuilt from the folder");
  }

  /** The group's positions are the truth. Where it has none (expired, deleted) the state's own are used. */
  #settle(task: OpenTask, committed: CommittedPositions, state: Positions): Positions {
    const { exactlyOnce, logger } = this.#options;
    const positions: Record<string, Position> = { ...state };
    for (const input of task.inputs) {
      const group = committed.get(input);
      if (group === undefined) {
        if (state[input] !== undefined)
          logger.warn(
            { task: task.id, topic: input, position: state[input] },
            "group has no position: the state's own is used",
          );
        continue;
      }
      if (exactlyOnce && (state[input] ?? 0) > group)
        throw this.#ahead(task, input, "its changelog", state[input] ?? 0, group);
      if ((state[input] ?? 0) < group) this.#acceptLacking(task, input, state[input], group);
      positions[input] = group;
    }
    return positions;
  }

  /** Every commit leaves its positions in the changelog, so a state of earlier positions than its group's lacks commits. */
  #acceptLacking(task: OpenTask, input: string, position: number | undefined, group: number): void {
    const { identity, onChangelogLoss, logger } = this.#options;
    const place = `${input}[${task.partition}]`;
    const loss =
      `group ${identity.application} is at ${place}@${group}, but ` +
      (position === undefined ? "its changelog has no state at all" : `its changelog only comes to ${position}`);
    if (onChangelogLoss === "accept") {
      logger.warn({ task: task.id, loss }, "state may be lost: the group's position is used");
      return;
    }
    throw new StoreError(
      `${task.id}: ${loss}: the changelog was deleted or truncated, or somebody set the group forward. Set the group back to ` +
        `${position ?? 0} to process those records again, or ON_CHANGELOG_LOSS=accept to go on without them.`,
    );
  }

  #ahead(task: OpenTask, input: string, what: string, position: number, group: number): StateAheadError {
    return new StateAheadError(
      `${task.id}: ${what} is at ${input}[${task.partition}]@${position}, but group ${this.#options.identity.application} is at ${group}. ` +
        `Somebody set the group back; its state would learn records twice. Set the group to ${position}, or start under another APPLICATION_ID.`,
    );
  }
}

/** A state that has learned from more than its group has committed. */
export class StateAheadError extends StoreError {
  override readonly name = "StateAheadError";
}
