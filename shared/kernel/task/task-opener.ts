/** The folder of a task: opened, seen whose it is, moved aside where it cannot be used. What it lacks is for task-restore.ts. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreError } from "../../errors.js";
import type { Logger } from "../../logger.js";
import type { FolderMemory } from "../../memory-budget.js";
import type { Codec } from "../../service-definition.js";
import { changelogTopic, type Positions } from "../changelog/changelog.js";
import type { KernelMetrics } from "../metrics.js";
import { BufferedStore } from "../store/buffered-store.js";
import { LevelDbStore, type Manifest, moveAside, StoreDamagedError, StoreLockedError } from "../store/leveldb-store.js";
import type { StateMemory } from "../store/state-memory.js";
import { refuseUnknownFormat } from "../store/stored-value.js";
import type { Task } from "./task.js";

/** A former owner on this host may be stopping: it gets this long to close the folder. */
const LOCK_WAIT_MS = 5000;
const LOCK_POLL_MS = 50;

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
  /** Tasks of the service: partitions of its changelogs. */
  readonly tasks: number;
  readonly memory: StateMemory;
  /** LevelDB's in each folder. */
  readonly folderMemory: FolderMemory;
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
    task.wholeKeys = manifest === undefined || manifest.wholeKeys === true;
    // What a standby of a program that cut keys has came from the changelog.
    task.cutKeys = manifest?.cutKeys === true || (manifest?.standby === true && !task.wholeKeys);
    task.keyMend = undefined;
    this.#refuseOtherInputs(task);
    this.#refuseGrownSource(task);
    for (const [store, codec] of Object.entries(this.#o.codecs))
      refuseUnknownFormat(codec, manifest?.formats?.[store] ?? codec.format, `${db.directory}: store ${store}`);
    task.stores = Object.entries(this.#o.codecs).map(
      ([name, codec]) => new BufferedStore(name, codec, db, this.#o.memory),
    );
  }

  /** @throws {RangeError} the service has no such store */
  codec(store: string): Codec<object> {
    const codec = this.#o.codecs[store];
    if (codec === undefined) throw new RangeError(`expected a store of ${this.#o.application}, got ${store}`);
    return codec;
  }

  /** Number of the service's tasks. */
  get tasks(): number {
    return this.#o.tasks;
  }

  /** Whether the folder was written when the service had as many tasks as today: else state may have moved between them. */
  hasTasksOfToday({ manifest }: Task): boolean {
    return manifest?.tasks === this.#o.tasks;
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

  /** What the folder says of itself at `positions`. */
  manifest(task: Task, positions: Positions, changelogPositions: Positions): Manifest {
    return {
      format: 1,
      application: this.#o.application,
      partition: task.partition,
      topicIds: { ...this.#o.topicIds },
      tasks: this.#o.tasks,
      positions: { ...positions },
      changelogPositions: { ...changelogPositions },
      ...(task.wholeKeys ? { wholeKeys: true as const } : {}),
      ...(task.cutKeys ? { cutKeys: true as const } : {}),
      formats: Object.fromEntries(Object.entries(this.#o.codecs).map(([store, { format }]) => [store, format])),
    };
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
    return LevelDbStore.open(own, this.#o.folderMemory);
  }

  async #openOrRebuild(task: Task, directory: string): Promise<LevelDbStore> {
    try {
      return await LevelDbStore.open(directory, this.#o.folderMemory);
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
    return LevelDbStore.open(directory, this.#o.folderMemory);
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

  /** A source's series are its tasks' by their number, and their counters stay where they were: they would begin anew. */
  #refuseGrownSource({ id, manifest, db }: Task): void {
    const { inputs, tasks } = this.#o;
    if (manifest?.tasks === undefined || manifest.tasks === tasks || !inputs.every((input) => this.#isChangelog(input)))
      return;
    throw new StoreError(
      `${id}: ${db?.directory} was written with ${manifest.tasks} tasks, but changelog ${inputs.join(", ")} has ${tasks} partitions now: ` +
        "somebody has added some, and series would begin anew. Start under another APPLICATION_ID.",
    );
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

/**
 * A folder that was written when the service did not read one of its present inputs may lack what another instance, which
 * did, has written to the changelog meanwhile: its changelog is replayed from the beginning.
 */
function knownTo(inputs: readonly string[], manifest: Manifest): Manifest {
  const known = inputs.every((input) => manifest.topicIds[input] !== undefined);
  return known ? manifest : { ...manifest, changelogPositions: {} };
}
