/** A task whose folder proved damaged, or is gone: it is reset, and restored from its changelogs. */
import { StoreDamagedError } from "../store/leveldb-store.js";
import type { OpenTask } from "./task.js";

export class DamagedStateError extends Error {
  override readonly name = "DamagedStateError";
  readonly task: OpenTask;

  constructor(task: OpenTask, cause: Error) {
    super(`${task.id}: ${cause.message}`, { cause });
    this.task = task;
  }
}

/**
 * Waits for what is done with a task's folder.
 * @throws {DamagedStateError} the folder is damaged or gone
 * @throws whatever else was wrong
 */
export async function withFolder(task: OpenTask, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    throw error instanceof StoreDamagedError ? new DamagedStateError(task, error) : error;
  }
}
