/** Opens the folders of tasks, and resets those that cannot be used. What a folder lacks is for task-restore.ts. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreError } from "../../errors.js";
import { FolderDamagedError, FolderLockedError } from "../../folder-lock.js";
import type { Logger } from "../../logger.js";
import type { FolderMemory } from "../../memory-budget.js";
import type { AnyCodec } from "../../service-definition.js";
import type { KernelMetrics } from "../metrics.js";
import { BufferedStore } from "../store/buffered-store.js";
import { LevelDbStore, moveAside } from "../store/leveldb-store.js";
import type { Manifest } from "../store/manifest.js";
import { PackedStore } from "../store/packed-store.js";
import type { StateMemory } from "../store/state-memory.js";
import type { OpenStore } from "../store/task-store.js";
import { isOwn, refuseUnusable, reliableManifest, replacedChangelog } from "./manifest-check.js";
import { isWhole, type StateIdentity } from "./state-identity.js";
import type { OpenTask, Task } from "./task.js";
import { TaskFolder } from "./task-folder.js";

/** A former owner on this host may be stopping: it gets this long to close the folder. */
const LOCK_WAIT_MS = 5000;
const LOCK_POLL_MS = 50;

/** Whose folders, where they are, and the memory for them. */
export interface TaskOpenerOptions {
  readonly identity: StateIdentity;
  /** Folder of this service's tasks. */
  readonly directory: string;
  readonly slot: number;
  readonly memory: StateMemory;
  /** LevelDB's in each folder. */
  readonly folderMemory: FolderMemory;
  /** Called when a piece of a pass is in a folder. */
  readonly onPiece: () => void;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

/** Opens folders for all tasks and standbys of a process. */
export class TaskOpener {
  readonly #options: TaskOpenerOptions;

  constructor(options: TaskOpenerOptions) {
    this.#options = options;
  }

  /**
   * Opens the task's folder, after a reset where it cannot be used.
   * @throws {StoreError} it is sound, and nothing can go on from it
   */
  async open(task: Task): Promise<OpenTask> {
    task.opened(await this.#openFolder(task));
    return task;
  }

  /**
   * Opens the folder that the task would have here, to keep a copy of it warm.
   * @returns undefined where another process of this host has it
   * @throws {StoreError} its changelog is not the one that it was written beside
   */
  async openStandby(task: Task): Promise<OpenTask | undefined> {
    let folder: TaskFolder;
    try {
      folder = await this.#folderOf(task, await this.#openOrReset(task, this.#directoryOf(task)));
    } catch (error) {
      if (error instanceof FolderLockedError) return undefined;
      throw error;
    }
    task.opened(folder);
    if (folder.changelogLoss !== undefined) throw new StoreError(`${task.id}: ${folder.changelogLoss}`);
    return task;
  }

  /** Moves the folder of a task aside whose values turned out to be damaged, and opens an empty one, unless the task is closed meanwhile. */
  async reset(task: OpenTask, error: Error): Promise<void> {
    const { directory } = task.folder;
    await task.reset();
    await (await this.#resetFolder(task, directory, error)).close();
    const folder = await this.#openFolder(task);
    if (task.isClosed()) await folder.close();
    else task.opened(folder);
  }

  #directoryOf({ partition }: Task): string {
    return join(this.#options.directory, String(partition));
  }

  async #openFolder(task: Task): Promise<TaskFolder> {
    return this.#folderOf(task, await this.#openShared(task, this.#directoryOf(task)));
  }

  async #folderOf(task: Task, opened: LevelDbStore): Promise<TaskFolder> {
    const { identity, memory, folderMemory, onPiece } = this.#options;
    let db = opened;
    try {
      let manifest: Manifest | undefined;
      try {
        manifest = ownManifest(identity, task, db);
      } catch (error) {
        if (!(error instanceof FolderDamagedError)) throw error;
        await db.close();
        db = await this.#resetFolder(task, db.directory, error);
      }
      if (manifest !== undefined) refuseUnusable(identity, { task: task.id, directory: db.directory, manifest });
      const stores = Object.entries(identity.codecs).map(([name, codec]) => storeOf(name, codec, db, memory));
      return new TaskFolder(
        db,
        stores,
        manifest && reliableManifest(identity, manifest),
        manifest && replacedChangelog(identity, manifest),
        { onPiece, pieceBytes: folderMemory.writeBuffer },
      );
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  /** Opens the folder that all instances of this host have for the task; where another has it open, one of this instance's own. */
  async #openShared(task: Task, directory: string): Promise<LevelDbStore> {
    const { identity, slot, folderMemory, logger } = this.#options;
    // Whoever has the rest of a split task may have its folder for as long as that lasts.
    const deadline = performance.now() + (isWhole(identity, task) ? LOCK_WAIT_MS : 0);
    for (;;) {
      try {
        return await this.#openOrReset(task, directory);
      } catch (error) {
        if (!(error instanceof FolderLockedError)) throw error;
        if (performance.now() >= deadline) break;
        await delay(LOCK_POLL_MS);
      }
    }
    // Whoever holds it may be stopped rather than dead. Its folder is left alone; this instance builds its own.
    const own = `${directory}.slot-${slot}`;
    logger.warn({ task: task.id, directory, own }, "folder is locked by another process: a private one is used");
    return LevelDbStore.open(own, folderMemory);
  }

  async #openOrReset(task: Task, directory: string): Promise<LevelDbStore> {
    try {
      return await LevelDbStore.open(directory, this.#options.folderMemory);
    } catch (error) {
      if (!(error instanceof FolderDamagedError)) throw error;
      return this.#resetFolder(task, directory, error);
    }
  }

  async #resetFolder(task: Task, directory: string, error: Error): Promise<LevelDbStore> {
    const { metrics, logger, folderMemory } = this.#options;
    const aside = await moveAside(directory);
    metrics.damagedStores.inc();
    logger.error(
      { task: task.id, directory, aside, err: error },
      "folder moved aside; it is rebuilt from the changelog",
    );
    return LevelDbStore.open(directory, folderMemory);
  }
}

function storeOf(name: string, codec: AnyCodec, db: LevelDbStore, memory: StateMemory): OpenStore {
  return "packed" in codec ? new PackedStore(name, codec, db, memory) : new BufferedStore(name, codec, db, memory);
}

/**
 * What the folder says of itself; undefined where it is new.
 * @throws {FolderDamagedError} it cannot be read, or the folder is of another service or partition
 */
function ownManifest(identity: StateIdentity, { partition }: Task, db: LevelDbStore): Manifest | undefined {
  const manifest = db.manifest();
  if (manifest === undefined || isOwn(identity, partition, manifest)) return manifest;
  throw new FolderDamagedError(`${db.directory} belongs to ${manifest.application}, partition ${manifest.partition}`);
}
