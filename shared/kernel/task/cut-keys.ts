/**
 * Keys that an older version cut at their first NUL byte when it wrote them to a changelog. Where the folder is there, it has them
 * whole, and they are written again, see key-mend.ts. Where it is gone, what stands under a cut key may be the state of any of several
 * series, or of the one of that very name: nobody can tell, so somebody has to decide (ON_CHANGELOG_LOSS) once such a series comes.
 */
import { StoreError } from "../../errors.js";
import type { Logger } from "../../logger.js";
import type { CutTail } from "../changelog/changelog-reading.js";
import { type FolderKeys, keysWithNul } from "./key-mend.js";
import { isWhole, type StateIdentity } from "./state-identity.js";
import type { OpenTask, Task } from "./task.js";

/** Whose keys, and what to do where state under cut keys is lost. */
export interface CutKeysOptions {
  readonly identity: StateIdentity;
  readonly onChangelogLoss: "stop" | "rebuild" | "accept";
  readonly logger: Logger;
}

/** Readies tasks whose folders or changelogs have keys of that older version. */
export class CutKeys {
  readonly #options: CutKeysOptions;
  /** Tasks whose lost state is in the log. */
  readonly #warned = new WeakSet<Task>();

  constructor(options: CutKeysOptions) {
    this.#options = options;
  }

  /**
   * Readies a task that is about to run: keys that its folder has whole are written again; state that is asked for and was cut is
   * refused.
   */
  async ready(task: OpenTask): Promise<void> {
    const { folder } = task;
    const { identity, logger } = this.#options;
    if (folder.cutKeys)
      for (const store of folder.stores) store.onMissing = (key) => this.#refuse(task, store.name, key);
    if (folder.wholeKeys || folder.keyMend !== undefined || !isWhole(identity, task)) return;
    const { keys, elsewhere } = await keysWithNul(keysOf(task), identity.tasks);
    if (keys === 0) {
      folder.markWholeKeys();
      return;
    }
    logger.warn(
      { task: task.id, keys },
      "keys with NUL bytes, which an older version cut in the changelog, are written anew",
    );
    if (elsewhere > 0) {
      logger.warn(
        { task: task.id, series: elsewhere },
        "series belong to other tasks by their whole names: where an older version wrote this task's input, by cut keys, their next records go there " +
          "and begin anew",
      );
    }
    folder.beginMend();
  }

  /**
   * What a restore has to know of an older version's folder with keys that have a NUL byte: its changelog has them cut, and the
   * folder has them whole as far as its positions reach. Undefined where there are none.
   */
  async tailOf(task: OpenTask): Promise<CutTail | undefined> {
    const { id, folder } = task;
    const { manifest } = folder;
    if (folder.wholeKeys || manifest === undefined || manifest.standby) return undefined;
    const { keys } = await keysWithNul(keysOf(task), this.#options.identity.tasks);
    if (keys === 0) return undefined;
    const { positions } = manifest;
    const loss = `${folder.directory} is behind its group, and its changelog has what it lacks under keys that an older version cut at NUL bytes`;
    const onNewer = () => {
      if (this.#options.onChangelogLoss !== "accept") {
        throw new StoreError(
          `${id}: ${loss}. Set the group back to ${JSON.stringify(positions)} to process those records again, or ` +
            `ON_CHANGELOG_LOSS=accept to go on with ${keys} keys as they are in the folder.`,
        );
      }
      if (this.#warned.has(task)) return;
      this.#warned.add(task);
      this.#options.logger.warn(
        { task: id, keys, loss },
        "state may be lost: keys with NUL bytes are used as they are",
      );
    };
    return { positions, onNewer };
  }

  /**
   * A key with a NUL byte has no state, but what an older version made of the key has: that may be its own, or another's.
   * @throws {StoreError} unless ON_CHANGELOG_LOSS is `accept`
   */
  #refuse(task: OpenTask, store: string, key: string): void {
    const nul = key.indexOf("\0");
    if (nul === -1 || task.folder.get(store, key.slice(0, nul)) === undefined) return;
    const [whole, cut] = [key, key.slice(0, nul)].map((text) => JSON.stringify(text));
    const loss =
      `the state of ${whole} in store ${store} is lost: an older version wrote it to the changelog under the key ${cut}, ` +
      "with that of others, and the folder that had it whole is gone";
    if (this.#options.onChangelogLoss !== "accept") {
      throw new StoreError(
        `${task.id}: ${loss}. Start the service where the complete folder is, which writes it anew, or set ON_CHANGELOG_LOSS=accept ` +
          "to let such series begin anew.",
      );
    }
    if (this.#warned.has(task)) return;
    this.#warned.add(task);
    this.#options.logger.warn(
      { task: task.id, loss },
      "state is lost: this series begins anew, and others of its kind",
    );
  }
}

const keysOf = ({ folder: { db, storeNames: stores }, partition }: OpenTask): FolderKeys => ({ db, stores, partition });
