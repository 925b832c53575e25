/**
 * From an open folder to a task that may run: compare its positions with the group's, replay what it lacks; where the changelog
 * cannot stand for the state, do what ON_CHANGELOG_LOSS says.
 */
import { setTimeout as delay } from "node:timers/promises";
import { StoreError } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import { logRanges } from "../../kafka/log-range.js";
import { ORIGIN, type Position, partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { Codec } from "../../service-definition.js";
import { type Changelog, changelogTopic, furthest, type Positions } from "../changelog/changelog.js";
import { replayChangelogs } from "../changelog/read-changelogs.js";
import type { KernelMetrics } from "../metrics.js";
import { lossError, rangeFault, rebuildError } from "./changelog-loss.js";
import { rebuildChangelogs } from "./changelog-rewrite.js";
import { CutKeys } from "./cut-keys.js";
import type { Task } from "./task.js";
import type { TaskOpener } from "./task-opener.js";

/** The group's position by input topic; undefined where it has none. */
export type CommittedPositions = ReadonlyMap<string, Position | undefined>;

export interface TaskReplayOptions {
  readonly application: string;
  readonly codecs: Readonly<Record<string, Codec<object>>>;
  readonly opener: TaskOpener;
  /** Without transactions a changelog may be ahead of the group's positions. */
  readonly exactlyOnce: boolean;
  readonly onChangelogLoss: "stop" | "rebuild" | "accept";
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

/** Replays side by side; the shares of memory-budget.ts count on it. */
const REPLAYS_AT_ONCE = 4;
const TURN_POLL_MS = 50;

export class TaskReplay {
  readonly #o: TaskReplayOptions;
  readonly #cutKeys: CutKeys;
  #replaying = 0;

  constructor(options: TaskReplayOptions) {
    this.#o = options;
    this.#cutKeys = new CutKeys(options);
  }

  /**
   * Looks whether the changelogs of opened tasks can still stand for their state.
   * @throws {KafkaError} the broker does not answer
   */
  async examine(tasks: readonly Task[]): Promise<void> {
    const ranges = await logRanges(
      this.#o.admin,
      tasks.flatMap((task) => this.#changelogsOf(task)),
    );
    for (const task of tasks) task.changelogLoss ??= rangeFault(task, this.#changelogsOf(task), ranges);
  }

  /**
   * Compares the folder with the group.
   * @returns whether the folder is exactly where the group is, so that the task can run at once
   * @throws {StoreError} the folder is ahead of the group
   */
  isCurrent(task: Task, committed: CommittedPositions): boolean {
    // The commit that a standby was in the middle of may be there in part.
    if (task.manifest?.standby) return false;
    // What a repartition has moved is in the changelog alone.
    if (!this.#o.opener.hasTasksOfToday(task)) return false;
    let current = task.manifest !== undefined && task.changelogLoss === undefined;
    for (const input of task.inputs) {
      const stored = task.manifest?.positions[input];
      const group = committed.get(input);
      if (group !== undefined && stored !== undefined && stored > group)
        throw this.#ahead(task, input, "its folder", stored, group);
      if (group !== stored) current = false;
    }
    return current;
  }

  /**
   * Replays the changelogs into the folder and settles the task's positions.
   * @returns false where the task was closed meanwhile
   * @throws {StateAheadError} the changelog is ahead of the group's positions as they were given
   * @throws {StoreError} it lacks what the group has committed, or is damaged
   */
  async replay(task: Task, committed: CommittedPositions): Promise<boolean> {
    const { opener, metrics, logger, admin, clientOptions, application } = this.#o;
    if (task.db === undefined) return false;
    task.state = "restoring";
    const changelogs = this.#changelogsOf(task);
    const ranges = await logRanges(admin, changelogs);
    if (isClosed(task)) return false;
    task.changelogLoss ??= rangeFault(task, changelogs, ranges);
    if (task.changelogLoss !== undefined && (await this.#rebuilt(task, task.changelogLoss, committed))) return true;
    const cutTail = await this.#cutKeys.tailOf(task);
    const cause = task.manifest === undefined ? "empty" : "behind";
    const label = { partition: String(task.partition) };
    let count = 0;
    await this.#waitForTurn(task);
    if (isClosed(task)) return false;
    const ended = metrics.restoreDuration.startTimer();
    this.#replaying++;
    const replayed = await replayChangelogs(clientOptions, application, {
      db: task.db,
      cutTail,
      partition: task.partition,
      changelogs: changelogs.map((changelog) => ({
        ...changelog,
        from: task.manifest?.changelogPositions[changelog.store] ?? ORIGIN,
        range: ranges.get(partitionKey(changelog)) ?? { begin: ORIGIN, end: ORIGIN },
      })),
      cancelled: () => isClosed(task),
      progress: (remaining, records) => {
        count += records;
        metrics.restoreRemaining.set(label, remaining);
        metrics.restored.inc(records);
      },
    }).finally(() => this.#replaying--);
    metrics.restoreRemaining.set(label, 0);
    if (replayed === undefined) return false;
    const positions = this.#settle(task, committed, furthest(task.manifest?.positions ?? {}, replayed.positions));
    task.cutKeys ||= replayed.cutKeys;
    task.manifest = opener.manifest(task, positions, replayed.ends);
    await task.db.write([], task.manifest);
    task.changelogLoss = undefined;
    for (const store of task.stores) store.discard();
    metrics.restores.inc({ cause });
    logger.info({ task: task.id, cause, records: count, seconds: ended(), positions }, "state replayed");
    return true;
  }

  /** Each replay has a client and batches of its own, so there are only so many at a time. A task that is closed goes on at once. */
  async #waitForTurn(task: Task): Promise<void> {
    while (this.#replaying >= REPLAYS_AT_ONCE && !isClosed(task)) await delay(TURN_POLL_MS);
  }

  /** Readies a task that is about to run, see {@link CutKeys.ready}. */
  readyKeys(task: Task): Promise<void> {
    return this.#cutKeys.ready(task);
  }

  /**
   * A changelog that was lost is refused, rebuilt from the folder, or the folder gives way to what is left of it.
   * @returns whether the folder is now what its changelog says
   */
  async #rebuilt(task: Task, loss: string, committed: CommittedPositions): Promise<boolean> {
    const { opener, onChangelogLoss, clientOptions, admin, logger, metrics } = this.#o;
    if (onChangelogLoss === "stop") throw lossError(task, loss);
    if (onChangelogLoss === "accept") {
      logger.warn({ task: task.id, loss }, "state may be lost: what is left of the changelog is used");
      await opener.reopenEmpty(task, new Error(loss));
      task.state = "restoring";
      return false;
    }
    const isAt = (topic: string) => committed.get(topic) === positionIn(task, topic);
    if (task.manifest === undefined || task.manifest.standby || !task.inputs.every(isAt))
      throw rebuildError(task, loss);
    const changelogs = this.#changelogsOf(task);
    const records = await rebuildChangelogs(task, changelogs, clientOptions);
    const ranges = await logRanges(admin, changelogs);
    task.wholeKeys = true;
    const ends = changelogs.map((changelog) => [changelog.store, ranges.get(partitionKey(changelog))?.end ?? ORIGIN]);
    task.manifest = opener.manifest(task, task.manifest.positions, Object.fromEntries(ends));
    await task.db?.write([], task.manifest);
    task.changelogLoss = undefined;
    metrics.restores.inc({ cause: "changelog-rebuilt" });
    logger.warn({ task: task.id, loss, records }, "changelog rebuilt from the folder");
    return true;
  }

  #changelogsOf({ partition }: Task): (Changelog & { readonly codec: Codec<object> })[] {
    return Object.entries(this.#o.codecs).map(([store, codec]) => ({
      store,
      codec,
      topic: changelogTopic(this.#o.application, store),
      partition,
    }));
  }

  /** The group's positions are the truth. Where it has none (expired, deleted) the state's own go on. */
  #settle(task: Task, committed: CommittedPositions, state: Positions): Positions {
    const positions: Record<string, Position> = { ...state };
    for (const input of task.inputs) {
      const group = committed.get(input);
      if (group === undefined) {
        if (state[input] !== undefined)
          this.#o.logger.warn(
            { task: task.id, topic: input, position: state[input] },
            "group has no position: the state's own is used",
          );
        continue;
      }
      if (this.#o.exactlyOnce && (state[input] ?? 0) > group)
        throw this.#ahead(task, input, "its changelog", state[input] ?? 0, group);
      if ((state[input] ?? 0) < group) this.#acceptBehind(task, input, state[input], group);
      positions[input] = group;
    }
    return positions;
  }

  /** Every commit leaves its positions in the changelog, so a state behind its group lacks commits. */
  #acceptBehind(task: Task, input: string, position: number | undefined, group: number): void {
    const place = `${input}[${task.partition}]`;
    const loss =
      `group ${this.#o.application} is at ${place}@${group}, but ` +
      (position === undefined ? "its changelog has no state at all" : `its changelog only comes to ${position}`);
    if (this.#o.onChangelogLoss === "accept") {
      this.#o.logger.warn({ task: task.id, loss }, "state may be lost: the group's position is used");
      return;
    }
    throw new StoreError(
      `${task.id}: ${loss}: the changelog was deleted or truncated, or somebody set the group forward. Set the group back to ` +
        `${position ?? 0} to process those records again, or ON_CHANGELOG_LOSS=accept to go on without them.`,
    );
  }

  #ahead(task: Task, input: string, what: string, position: number, group: number): StateAheadError {
    return new StateAheadError(
      `${task.id}: ${what} is at ${input}[${task.partition}]@${position}, but group ${this.#o.application} is at ${group}. ` +
        `Somebody set the group back; its state would learn records twice. Set the group to ${position}, or start under another APPLICATION_ID.`,
    );
  }
}

/** A state that has learned from more than its group has committed. */
export class StateAheadError extends StoreError {}

const isClosed = (task: Task): boolean => task.state === "closed";
const positionIn = (task: Task, topic: string): Position | undefined => task.manifest?.positions[topic];
