/** When the folders of a process are saved and looked at: committed values that are not in LevelDB are bounded in bytes and in age. */
import type { StateMemory } from "../store/state-memory.js";
import { withFolder } from "./damage.js";
import type { OpenTask } from "./task.js";
import type { TaskFolder } from "./task-folder.js";

/** Between two checks whether the folders are still there: somebody may delete one while it is open. */
const FOLDER_CHECK_MS = 5000;

/** One for all tasks of a process. */
export class WriteBehind {
  readonly #memory: StateMemory;
  readonly #bytesMax: number;
  readonly #intervalMs: number;
  #dueMs = 0;
  #checkedMs = 0;
  #pass: Promise<void> | undefined;
  /** Folders that make room, one after another. */
  #rooms: Promise<void> = Promise.resolve();

  /**
   * @param bytesMax   of unsaved values, from which on a pass begins, see {@link StateMemory.isUnsaved}; from that much more on
   *                   the loop waits for it
   * @param intervalMs between the beginnings of two passes: what a death leaves to be restored from the changelog
   */
  constructor(memory: StateMemory, bytesMax: number, intervalMs: number) {
    this.#memory = memory;
    this.#bytesMax = bytesMax;
    this.#intervalMs = intervalMs;
  }

  /**
   * Begins a pass over the folders where that is due, beside the loop, and looks whether they are still there.
   * @throws {TaskStateDamagedError} a folder is damaged or gone
   * @throws {FolderWriteError} the disk is full or fails
   */
  async save(tasks: readonly OpenTask[]): Promise<void> {
    for (const task of tasks) {
      const { saveFailure } = task.folder;
      if (saveFailure !== undefined) await withFolder(task, Promise.reject(saveFailure));
    }
    if (this.#pass === undefined && this.#isDue) {
      this.#dueMs = performance.now() + this.#intervalMs;
      const folders = tasks.map(({ folder }) => folder);
      this.#pass = saveAll(folders).finally(() => {
        this.#pass = undefined;
      });
    }
    if (this.#memory.isUnsaved(this.#bytesMax, this.#bytesMax)) await this.#pass;
    if (performance.now() - this.#checkedMs < FOLDER_CHECK_MS) return;
    this.#checkedMs = performance.now();
    for (const task of tasks) await withFolder(task, task.folder.db.refuseGone());
  }

  /**
   * Saves a folder that takes in what its changelogs have, where too much is unsaved. Of several folders one is saved at a time: each
   * takes memory of its own meanwhile, copies on their way to LevelDB and LevelDB's.
   * @throws as {@link TaskFolder.save}
   */
  async makeRoom(folder: TaskFolder): Promise<void> {
    if (!this.#memory.isUnsaved(this.#bytesMax)) return;
    const room = this.#rooms.then(() => (this.#memory.isUnsaved(this.#bytesMax) ? folder.save() : undefined));
    this.#rooms = room.catch(() => {});
    await room;
  }

  get #isDue(): boolean {
    return this.#memory.isUnsaved(this.#bytesMax) || performance.now() >= this.#dueMs;
  }
}

/** A folder remembers its failure, and the next turn of the loop finds it there. */
async function saveAll(folders: readonly TaskFolder[]): Promise<void> {
  for (const folder of folders) await folder.save().catch(() => {});
}
