/**
 * From "this partition is yours" to a task that may run: open the folder, see whose it is, compare its positions with the
 * group's, replay what it lacks.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { Codec } from "../service-definition.js";
import { changelogTopic, furthest, type Positions } from "./changelog.js";
import { lossError, rangeFault, rebuildError } from "./changelog-loss.js";
import { rebuildChangelogs } from "./changelog-rebuild.js";
import type { Admin } from "./kafka-admin.js";
import type { ClientOptions, TopicPartition } from "./kafka-client.js";
import { LevelDbStore, type Manifest, moveAside, StoreDamagedError, StoreLockedError } from "./leveldb-store.js";
import { logRanges, rangeKey } from "./log-range.js";
import type { KernelMetrics } from "./metrics.js";
import { replayChangelogs } from "./restore.js";
import { BufferedStore } from "./state-store.js";
import { refuseUnknownFormat } from "./stored-value.js";
import type { Task } from "./task.js";

/** A former owner on this host may be stopping: it gets this long to close the folder. */
const LOCK_WAIT_MS = 5000;
const LOCK_POLL_MS = 50;

/** The group's position by input topic; undefined where it has none. */
export type CommittedPositions = ReadonlyMap<string, number | undefined>;

export interface TaskOpenerOptions {
  readonly application: string;
  /** Folder of this service's tasks. */
  readonly directory: string;
  readonly slot: number;
  readonly codecs: Readonly<Record<string, Codec<object>>>;
  /** All inputs of the service; where the assignor splits them, a task has some of them only. */
  readonly inputs: readonly string[];
  /** Of these inputs and the changelogs. */
  readonly topicIds: Readonly<Record<string, string>>;
  readonly cacheEntries: number;
  /** Without transactions a changelog may be ahead of the group's positions. */
  readonly exactlyOnce: boolean;
  readonly onChangelogLoss: "stop" | "rebuild" | "accept";
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class TaskOpener {
  readonly #o: TaskOpenerOptions;

  constructor(options: TaskOpenerOptions) {
    this.#o = options;
  }

  /** Opens the task's folder, moving aside what cannot be used. */
  async open(task: Task): Promise<void> {
    await this.#take(task, await this.#openFolder(task, this.#directoryOf(task)));
  }

  /**
   * Opens the folder that the task would have here, to keep a copy of it warm.
   * @returns false where another process of this host has it
   * @throws {StoreError} its changelog is not the one that it was written beside
   */
  async openStandby(task: Task): Promise<boolean> {
    try {
      await this.#take(task, await this.#openOrRebuild(task, this.#directoryOf(task)));
    } catch (error) {
      if (error instanceof StoreLockedError) return false;
      throw error;
    }
    if (task.changelogLoss !== undefined) throw new StoreError(`${task.id}: ${task.changelogLoss}`);
    return true;
  }

  #directoryOf({ partition }: Task): string {
    return join(this.#o.directory, String(partition));
  }

  async #take(task: Task, opened: LevelDbStore): Promise<void> {
    let db = opened;
    let manifest: Manifest | undefined;
    try {
      manifest = db.manifest();
      if (manifest !== undefined && !this.#isOurs(manifest, task)) {
        throw new StoreDamagedError(
          `${db.directory} belongs to ${manifest.application}, partition ${manifest.partition}`,
        );
      }
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      await db.close();
      db = await this.#rebuildFolder(task, db.directory, error);
      manifest = undefined;
    }
    task.db = db;
    task.manifest = manifest === undefined ? undefined : knownTo(this.#o.inputs, manifest);
    task.changelogLoss = this.#replacedChangelog(task);
    this.#refuseOtherInputs(task);
    for (const [store, codec] of Object.entries(this.#o.codecs))
      refuseUnknownFormat(codec, manifest?.formats?.[store] ?? codec.format, `${db.directory}: store ${store}`);
    task.stores = Object.entries(this.#o.codecs).map(
      ([name, codec]) => new BufferedStore(name, codec, db, this.#o.cacheEntries),
    );
  }

  /** @throws {RangeError} the service has no such store */
  codec(store: string): Codec<object> {
    const codec = this.#o.codecs[store];
    if (codec === undefined) throw new RangeError(`expected a store of ${this.#o.application}, got ${store}`);
    return codec;
  }

  /** Whether the task has every input, so that nobody else writes its changelog partition. */
  isWhole(task: Task): boolean {
    return this.#o.inputs.every((input) => task.inputs.includes(input));
  }

  /** Moves the folder of a task aside whose values turned out to be damaged, and opens an empty one. */
  async reopenEmpty(task: Task, error: Error): Promise<void> {
    const directory = task.db?.directory;
    await task.close();
    if (directory !== undefined) await (await this.#rebuildFolder(task, directory, error)).close();
    task.state = "created";
    await this.open(task);
  }

  /**
   * Looks whether the changelogs of opened tasks can still stand for their state.
   * @throws {KafkaError} the broker does not answer
   */
  async examine(tasks: readonly Task[]): Promise<void> {
    const ranges = await logRanges(
      this.#o.admin,
      tasks.flatMap((task) => this.#changelogPartitions(task)),
    );
    for (const task of tasks)
      task.changelogLoss ??= rangeFault(task, this.#o.application, Object.keys(this.#o.codecs), ranges);
  }

  /**
   * Compares the folder with the group.
   * @returns whether the folder is exactly where the group is, so that the task can run at once
   * @throws {StoreError} the folder is ahead of the group
   */
  isCurrent(task: Task, committed: CommittedPositions): boolean {
    // The commit that a standby was in the middle of may be there in part.
    if (task.manifest?.standby) return false;
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
   * @throws {StoreError} the changelog is ahead of the group, lacks what the group has committed, or is damaged
   */
  async replay(task: Task, committed: CommittedPositions): Promise<boolean> {
    const { metrics, logger, admin, clientOptions, application, codecs } = this.#o;
    if (task.db === undefined) return false;
    task.state = "restoring";
    const ranges = await logRanges(admin, this.#changelogPartitions(task));
    task.changelogLoss ??= rangeFault(task, application, Object.keys(codecs), ranges);
    if (task.changelogLoss !== undefined && (await this.#rebuilt(task, task.changelogLoss, committed))) return true;
    const cause = task.manifest === undefined ? "empty" : "behind";
    const ended = metrics.restoreDuration.startTimer();
    const label = { partition: String(task.partition) };
    const changelogs = Object.entries(codecs).map(([store, codec]) => {
      const topic = changelogTopic(application, store);
      return {
        store,
        codec,
        topic,
        from: task.manifest?.changelogPositions[store] ?? 0,
        range: ranges.get(rangeKey({ topic, partition: task.partition })) ?? { begin: 0, end: 0 },
      };
    });
    let count = 0;
    const replayed = await replayChangelogs(clientOptions, application, {
      db: task.db,
      partition: task.partition,
      changelogs,
      cancelled: () => task.state === "closed",
      progress: (remaining, records) => {
        count += records;
        metrics.restoreRemaining.set(label, remaining);
        metrics.restored.inc(records);
      },
    });
    metrics.restoreRemaining.set(label, 0);
    if (replayed === undefined) return false;
    const positions = this.#settle(task, committed, furthest(task.manifest?.positions ?? {}, replayed.positions));
    task.manifest = this.manifest(task, positions, replayed.ends);
    await task.db.write([], task.manifest);
    task.changelogLoss = undefined;
    for (const store of task.stores) store.discard();
    metrics.restores.inc({ cause });
    logger.info({ task: task.id, cause, records: count, seconds: ended(), positions }, "state replayed");
    return true;
  }

  /**
   * A changelog that was lost is refused, rebuilt from the folder, or the folder gives way to what is left of it.
   * @returns whether the folder is now what its changelog says
   */
  async #rebuilt(task: Task, loss: string, committed: CommittedPositions): Promise<boolean> {
    const { onChangelogLoss, application, codecs, clientOptions, admin, logger, metrics } = this.#o;
    if (onChangelogLoss === "stop") throw lossError(task, loss);
    if (onChangelogLoss === "accept") {
      logger.warn({ task: task.id, loss }, "state may be lost: what is left of the changelog is used");
      await this.reopenEmpty(task, new Error(loss));
      task.state = "restoring";
      return false;
    }
    const isAt = (topic: string) => committed.get(topic) === positionIn(task, topic);
    if (task.manifest === undefined || task.manifest.standby || !task.inputs.every(isAt))
      throw rebuildError(task, loss);
    const records = await rebuildChangelogs(task, application, Object.keys(codecs), clientOptions);
    const ranges = await logRanges(admin, this.#changelogPartitions(task));
    const ends = Object.keys(codecs).map((store) => {
      const topic = changelogTopic(application, store);
      return [store, ranges.get(rangeKey({ topic, partition: task.partition }))?.end ?? 0];
    });
    task.manifest = this.manifest(task, task.manifest.positions, Object.fromEntries(ends));
    await task.db?.write([], task.manifest);
    task.changelogLoss = undefined;
    metrics.restores.inc({ cause: "changelog-rebuilt" });
    logger.warn({ task: task.id, loss, records }, "changelog rebuilt from the folder");
    return true;
  }

  #changelogPartitions({ partition }: Task): TopicPartition[] {
    return Object.keys(this.#o.codecs).map((store) => ({
      topic: changelogTopic(this.#o.application, store),
      partition,
    }));
  }

  /** What the folder says of itself at `positions`. */
  manifest(task: Task, positions: Positions, changelogPositions: Readonly<Record<string, number>>): Manifest {
    return {
      format: 1,
      application: this.#o.application,
      partition: task.partition,
      topicIds: { ...this.#o.topicIds },
      positions: { ...positions },
      changelogPositions: { ...changelogPositions },
      formats: Object.fromEntries(Object.entries(this.#o.codecs).map(([store, { format }]) => [store, format])),
    };
  }

  /** The group's positions are the truth. Where it has none (expired, deleted) the state's own go on. */
  #settle(task: Task, committed: CommittedPositions, state: Positions): Positions {
    const positions: Record<string, number> = { ...state };
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

  #ahead(task: Task, input: string, what: string, position: number, group: number): StoreError {
    return new StoreError(
      `${task.id}: ${what} is at ${input}[${task.partition}]@${position}, but group ${this.#o.application} is at ${group}. ` +
        `Somebody set the group back; its state would learn records twice. Set the group to ${position}, or start under another APPLICATION_ID.`,
    );
  }

  async #openFolder(task: Task, directory: string): Promise<LevelDbStore> {
    // Whoever has the rest of a split task may have its folder for as long as that lasts.
    const deadline = performance.now() + (this.isWhole(task) ? LOCK_WAIT_MS : 0);
    for (;;) {
      try {
        return await this.#openOrRebuild(task, directory);
      } catch (error) {
        if (!(error instanceof StoreLockedError)) throw error;
        if (performance.now() >= deadline) break;
        await delay(LOCK_POLL_MS);
      }
    }
    // Whoever holds it may be stopped rather than dead. Its folder is left alone; this instance builds its own.
    const own = `${directory}.slot-${this.#o.slot}`;
    this.#o.logger.warn(
      { task: task.id, directory, own },
      "folder is locked by another process: a private one is used",
    );
    return LevelDbStore.open(own);
  }

  async #openOrRebuild(task: Task, directory: string): Promise<LevelDbStore> {
    try {
      return await LevelDbStore.open(directory);
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      return this.#rebuildFolder(task, directory, error);
    }
  }

  async #rebuildFolder(task: Task, directory: string, error: Error): Promise<LevelDbStore> {
    const aside = await moveAside(directory);
    this.#o.metrics.damagedStores.inc();
    this.#o.logger.error(
      { task: task.id, directory, aside, err: error },
      "folder moved aside; it is rebuilt from the changelog",
    );
    return LevelDbStore.open(directory);
  }

  #isOurs(manifest: Manifest, task: Task): boolean {
    return manifest.application === this.#o.application && manifest.partition === task.partition;
  }

  #refuseOtherInputs(task: Task): void {
    for (const [topic, id] of Object.entries(task.manifest?.topicIds ?? {})) {
      const found = this.#o.topicIds[topic];
      if (found !== undefined && found !== id && !this.#isChangelog(topic)) {
        throw new StoreError(
          `${task.id}: ${task.db?.directory} was built from topic ${topic} with id ${id}, but that topic now has id ${found}: it was deleted and made again. ` +
            "Its offsets mean nothing to this state. Move the folder away to start anew, or start under another APPLICATION_ID.",
        );
      }
    }
  }

  /** Why a changelog is not the one that the folder was written beside. */
  #replacedChangelog(task: Task): string | undefined {
    for (const [topic, id] of Object.entries(task.manifest?.topicIds ?? {})) {
      const found = this.#o.topicIds[topic];
      if (found !== undefined && found !== id && this.#isChangelog(topic))
        return `changelog ${topic} with id ${id} was deleted; the topic of that name now has id ${found}`;
    }
    return undefined;
  }

  #isChangelog(topic: string): boolean {
    return Object.keys(this.#o.codecs).some((store) => changelogTopic(this.#o.application, store) === topic);
  }
}

const positionIn = (task: Task, topic: string): number | undefined => task.manifest?.positions[topic];

/**
 * A folder that was written when the service did not read one of its present inputs may lack what another instance, which
 * did, has written to the changelog meanwhile: its changelog is replayed from the beginning.
 */
function knownTo(inputs: readonly string[], manifest: Manifest): Manifest {
  const known = inputs.every((input) => manifest.topicIds[input] !== undefined);
  return known ? manifest : { ...manifest, changelogPositions: {} };
}
