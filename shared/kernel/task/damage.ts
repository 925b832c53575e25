/**
 * A task whose state proved damaged: its folder is reset, and restored from its changelogs. Damage shows in three layers: a
 * {@link FolderDamagedError} of the folder as a whole, a ValueDamagedError of one value in it, and this room's
 * {@link TaskStateDamagedError}, which says whose folder to reset.
 */
import { FolderDamagedError } from "../../folder-lock.js";
import type { OpenTask } from "./task.js";

/** The state of `task` is damaged: its transaction is aborted, and its folder reset. */
export class TaskStateDamagedError extends Error {
  override readonly name = "TaskStateDamagedError";
  readonly task: OpenTask;

  constructor(task: OpenTask, cause: Error) {
    super(`${task.id}: ${cause.message}`, { cause });
    this.task = task;
  }
}

/**
 * Waits for what is done with a task's folder.
 * @throws {TaskStateDamagedError} the folder is damaged or gone
 * @throws whatever else was wrong
 */
export async function withFolder(task: OpenTask, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    throw error instanceof FolderDamagedError ? new TaskStateDamagedError(task, error) : error;
  }
}
