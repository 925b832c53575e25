/** A task whose folder proved damaged, or is gone: it is moved aside and rebuilt. */
import { StoreDamagedError } from "../store/leveldb-store.js";
import type { Task } from "./task.js";

export class DamagedStateError extends Error {
  override readonly name = "DamagedStateError";
  readonly task: Task;

  constructor(task: Task, cause: Error) {
    super(`${task.id}: ${cause.message}`, { cause });
    this.task = task;
  }
}

/**
 * Waits for what is done with a task's folder.
 * @throws {DamagedStateError} the folder is damaged or gone
 * @throws whatever else was wrong
 */
export async function withFolder(task: Task, done: Promise<void> | undefined): Promise<void> {
  try {
    await done;
  } catch (error) {
    throw error instanceof StoreDamagedError ? new DamagedStateError(task, error) : error;
  }
}
