/**
 * Writes what a task has committed to its LevelDB folder, in passes, a pass in pieces, so that records are processed meanwhile.
 *
 * The rule: values of a folder may be ahead of its manifest, never ahead of Kafka. A pass takes the values that are unsaved when it
 * begins, each as it is committed when its turn comes, and with the last piece writes the manifest of its beginning:
 *   a death before a pass leaves a folder that lacks commits; the next start restores them from the changelog
 *   a death within a pass leaves values that are ahead of the manifest; the same restore writes over them
 * As long as values may be ahead, the manifest says so: such a folder never runs before it is restored.
 */
import type { LevelDbStore, StoreWrite } from "../store/leveldb-store.js";
import { MANIFEST_FORMAT, type Manifest } from "../store/manifest.js";
import type { TaskStore } from "../store/task-store.js";

/** A piece takes LevelDB some milliseconds. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** What a folder is saved from. */
export interface SavedFolder {
  readonly db: LevelDbStore;
  readonly stores: readonly TaskStore[];
  /** Of the last commit; undefined where nothing was committed. */
  readonly manifest: Manifest | undefined;
  /** Whether committed values are ahead of the manifest: a restore is under way. */
  readonly isAhead: boolean;
}

/** How passes are written. */
export interface PassOptions {
  /** Called when a piece is in LevelDB. */
  readonly onPiece?: () => void;
  /** Most bytes of a piece, but for a value that is larger. */
  readonly pieceBytes?: number;
}

/** The passes of one folder, one after another. */
export class FolderSaver {
  readonly #folder: SavedFolder;
  readonly #onPiece: () => void;
  readonly #pieceBytes: number;
  #saved: Manifest | undefined;
  #passes: Promise<void> = Promise.resolve();
  #failure: unknown;

  /** @param saved what the folder says of itself */
  constructor(folder: SavedFolder, saved: Manifest | undefined, { onPiece, pieceBytes }: PassOptions) {
    this.#folder = folder;
    this.#saved = saved;
    this.#onPiece = onPiece ?? (() => {});
    this.#pieceBytes = pieceBytes ?? PIECE_BYTES;
  }

  /** Why a pass could not be written; nothing is written after that. Undefined where each could. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Saves what is committed now, after the pass that may be under way.
   * @throws as {@link LevelDbStore.write}, this pass or an earlier one
   */
  save(): Promise<void> {
    const pass = this.#passes.then(() => this.#pass());
    this.#passes = pass.catch(() => {});
    return pass;
  }

  /** No pass begins any more. @returns once the one under way has ended, whether it failed or not */
  end(): Promise<void> {
    this.#failure ??= new Error("the folder is closed");
    return this.#passes;
  }

  async #pass(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { stores, manifest, isAhead } = this.#folder;
    for (const store of stores) store.beginPass();
    if ((manifest === this.#saved || isAhead) && stores.every(({ passIsOver }) => passIsOver)) return;
    try {
      for (let first = true, last = false; !last; first = false) {
        if (this.#failure !== undefined) throw this.#failure;
        const writes = this.#piece();
        last = stores.every(({ passIsOver }) => passIsOver);
        const own = last ? this.#lastManifest(manifest, first, isAhead) : first ? aheadOf(this.#saved) : undefined;
        await this.#write(writes, own);
        for (const store of stores) store.landed();
        this.#onPiece();
      }
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  #piece(): StoreWrite[] {
    let writes: StoreWrite[] = [];
    let left = this.#pieceBytes;
    for (const store of this.#folder.stores) {
      if (left <= 0) break;
      const taken = store.takeUnsaved(left);
      for (const { key, value } of taken) left -= key.length + (value?.length ?? 0);
      writes = writes.concat(taken);
    }
    return writes;
  }

  /** The pass's own, where it is all in one piece or nothing was committed meanwhile; else what was taken later is ahead of it. */
  #lastManifest(manifest: Manifest | undefined, isWholePass: boolean, isAhead: boolean): Manifest | undefined {
    const isLeft = manifest !== this.#folder.manifest || this.#folder.isAhead;
    return isAhead || (isLeft && !isWholePass) ? aheadOf(manifest) : manifest;
  }

  async #write(writes: readonly StoreWrite[], manifest: Manifest | undefined): Promise<void> {
    const { db } = this.#folder;
    if (manifest === undefined) await db.restore(writes);
    else await db.write(writes, manifest);
    if (manifest !== undefined) this.#saved = manifest;
  }
}

/** Of today's format, whichever the manifest had: a program that does not know `ahead` would run a folder that says so. */
function aheadOf(manifest: Manifest | undefined): Manifest | undefined {
  return manifest && { ...manifest, format: MANIFEST_FORMAT, ahead: true };
}
