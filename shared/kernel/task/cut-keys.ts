/**
 * Keys that an older version cut at their first NUL byte when it wrote them to a changelog. Where the folder is there, it has them whole, and
 * they are written anew, see key-mend.ts. Where it is gone, what stands under a cut key may be the state of any of several series, or of
 * the one of that very name: nobody can tell, so somebody has to decide (ON_CHANGELOG_LOSS) once such a series comes.
 */
import { StoreError } from "../../errors.js";
import type { Logger } from "../../logger.js";
import type { CutTail } from "../changelog/read-changelogs.js";
import { KeyMend, keysWithNul } from "./key-mend.js";
import type { Task } from "./task.js";
import type { TaskOpener } from "./task-opener.js";

export interface CutKeysOptions {
  readonly opener: TaskOpener;
  readonly onChangelogLoss: "stop" | "rebuild" | "accept";
  readonly logger: Logger;
}

export class CutKeys {
  readonly #o: CutKeysOptions;
  /** Tasks whose lost state the log has told of. */
  readonly #told = new WeakSet<Task>();

  constructor(options: CutKeysOptions) {
    this.#o = options;
  }

  /**
   * Readies a task that is about to run: keys that its folder has whole are written anew; state that is asked for and was cut is
   * refused.
   */
  async ready(task: Task): Promise<void> {
    if (task.cutKeys) for (const store of task.stores) store.onMissing = (key) => this.#refuse(task, store.name, key);
    const { db, partition } = task;
    if (task.wholeKeys || task.keyMend !== undefined || !this.#o.opener.isWhole(task) || db === undefined) return;
    const stores = task.stores.map(({ name }) => name);
    const { keys, elsewhere } = await keysWithNul({ db, stores, partition }, this.#o.opener.tasks);
    if (keys === 0) {
      task.wholeKeys = true;
      return;
    }
    this.#o.logger.warn(
      { task: task.id, keys },
      "keys with NUL bytes, which an older version cut in the changelog, are written anew",
    );
    if (elsewhere > 0) {
      this.#o.logger.warn(
        { task: task.id, series: elsewhere },
        "series belong to other tasks by their whole names: where an older version wrote this task's input, by cut keys, their next records go there " +
          "and begin anew",
      );
    }
    task.keyMend = new KeyMend(db, stores);
  }

  /**
   * What a replay has to know of the keys of an older version's folder that have a NUL byte: its changelog has cut ones, which the
   * folder has whole as far as it has come. Undefined where there are none.
   */
  async tailOf(task: Task): Promise<CutTail | undefined> {
    const { manifest, wholeKeys, db, id, partition } = task;
    if (wholeKeys || manifest === undefined || manifest.standby || db === undefined) return undefined;
    const stores = task.stores.map(({ name }) => name);
    const { keys } = await keysWithNul({ db, stores, partition }, this.#o.opener.tasks);
    if (keys === 0) return undefined;
    const { positions } = manifest;
    const loss = `${db.directory} is behind its group, and its changelog has what it lacks under keys that an older version cut at NUL bytes`;
    const onNewer = () => {
      if (this.#o.onChangelogLoss !== "accept") {
        throw new StoreError(
          `${id}: ${loss}. Set the group back to ${JSON.stringify(positions)} to process those records again, or ` +
            `ON_CHANGELOG_LOSS=accept to go on with ${keys} keys as they are in the folder.`,
        );
      }
      if (this.#told.has(task)) return;
      this.#told.add(task);
      this.#o.logger.warn({ task: id, keys, loss }, "state may be lost: keys with NUL bytes are used as they are");
    };
    return { positions, onNewer };
  }

  /**
   * A key with a NUL byte has no state, but what an older version made of the key has: that may be its own, or another's.
   * @throws {StoreError} unless ON_CHANGELOG_LOSS is `accept`
   */
  #refuse(task: Task, store: string, key: string): void {
    const nul = key.indexOf("\0");
    if (nul === -1 || task.db?.get(store, key.slice(0, nul)) === undefined) return;
    const [whole, cut] = [key, key.slice(0, nul)].map((text) => JSON.stringify(text));
    const loss =
      `the state of ${whole} in store ${store} is lost: an older version wrote it to the changelog under the key ${cut}, ` +
      "with that of others, and the folder that had it whole is gone";
    if (this.#o.onChangelogLoss !== "accept") {
      throw new StoreError(
        `${task.id}: ${loss}. Start the service where the complete folder is, which writes it anew, or set ON_CHANGELOG_LOSS=accept ` +
          "to let such series begin anew.",
      );
    }
    if (this.#told.has(task)) return;
    this.#told.add(task);
    this.#o.logger.warn({ task: task.id, loss }, "state is lost: this series begins anew, and others of its kind");
  }
}
