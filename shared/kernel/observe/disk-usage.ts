/**
 * Sizes on disk. Files are read in the pool of threads in which the Kafka client waits for its broker and LevelDB for its disk, so
 * an answer may be late: a scrape waits a limited time, then takes the answer before.
 */
import { statfs } from "node:fs/promises";
import { SharedQuestion } from "../../repeated-question.js";
import type { LevelDbStore } from "../store/leveldb-store.js";
import type { Task } from "../task/task.js";

const FILES_WAIT_MS = 500;

export class DiskUsage {
  readonly #disk: SharedQuestion<{ readonly bavail: number; readonly bsize: number }>;
  readonly #sizes = new WeakMap<LevelDbStore, SharedQuestion<number>>();

  constructor(stateDir: string) {
    this.#disk = new SharedQuestion(() => statfs(stateDir), FILES_WAIT_MS);
  }

  /** Free bytes of the file system that holds STATE_DIR; undefined where it cannot be asked. */
  async availableBytes(): Promise<number | undefined> {
    const found = await this.#disk.newest();
    return found && found.bavail * found.bsize;
  }

  /** Size of each task's folder, as far as it is known. */
  async folderBytes(tasks: readonly Task[]): Promise<readonly { partition: number; bytes: number }[]> {
    return (await Promise.all(tasks.map((task) => this.#bytesOf(task)))).flat();
  }

  async #bytesOf({ partition, folder }: Task): Promise<{ partition: number; bytes: number }[]> {
    if (folder === undefined) return [];
    const { db } = folder;
    const size = this.#sizes.get(db) ?? new SharedQuestion(() => db.bytes(), FILES_WAIT_MS);
    this.#sizes.set(db, size);
    const bytes = await size.newest();
    return bytes === undefined ? [] : [{ partition, bytes }];
  }
}
