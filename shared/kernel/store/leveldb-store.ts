/**
 * One LevelDB folder: the committed state of one task. Every batch is atomic and carries the positions it stands for, so
 * the folder always shows one commit, whatever moment the process died at.
 */
import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  causeMessage,
  codeOf,
  FolderDamagedError,
  type FolderDatabase,
  FolderWriteError,
  makeFolder,
  openFolder,
} from "../../folder-lock.js";
import type { FolderMemory } from "../../memory-budget.js";
import { BatchChain } from "./batch-chain.js";
import { decodeManifest, encodeManifest, type Manifest } from "./manifest.js";

/** The setting that the folders of tasks and slots come from. */
export const STATE_SETTING = "STATE_DIR";

const MANIFEST_KEY = "manifest";
const VALUE_PREFIX = "v/";

const valueKey = (store: string, key: string) => `${VALUE_PREFIX}${store}/${key}`;
/**
 * A key is looked up as bytes. LevelDB's driver writes a key given as text into a buffer that it keeps; where the text does not fit,
 * and the part that fits ends amid a character, the driver looks for that shorter key and does not find the value.
 */
const BYTES = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;
/** The first text after every key of a store: 0 is the character that follows the slash. */
const endOfStore = (store: string) => `${VALUE_PREFIX}${store}0`;

/** A write of a batch; `value` undefined deletes. */
export interface StoreWrite {
  readonly store: string;
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** One open folder; no other process can open it. */
export class LevelDbStore {
  readonly directory: string;
  readonly #db: FolderDatabase;
  readonly #chain: BatchChain;
  /** Which directory this is: another one may have its name by now. */
  readonly #inode: number;

  private constructor(directory: string, db: FolderDatabase, chain: BatchChain, inode: number) {
    this.directory = directory;
    this.#db = db;
    this.#chain = chain;
    this.#inode = inode;
  }

  /**
   * Opens or makes the folder and takes its lock.
   * @param memory LevelDB's own; by default that of a process which has no other folder open
   * @throws {FolderLockedError} another process holds it
   * @throws {FolderDamagedError} LevelDB cannot read it, or a batch is missing in it
   * @throws {StoreError} this process may not write there
   * @throws {FolderWriteError} the disk is full or fails
   */
  static async open(directory: string, memory?: FolderMemory): Promise<LevelDbStore> {
    await makeFolder(directory, STATE_SETTING);
    await refuseHeadless(directory);
    const db = await openFolder(directory, { ...(memory && { memory }), setting: STATE_SETTING });
    const { chain, fault } = await BatchChain.read(db);
    if (fault !== undefined) {
      await db.close();
      throw new FolderDamagedError(`${directory}: ${fault}`);
    }
    return new LevelDbStore(directory, db, chain, (await stat(directory)).ino);
  }

  /**
   * What the folder says of itself, undefined where it is new.
   * @throws {FolderDamagedError} it says something else
   * @throws {StoreError} another program wrote it, in a format that this one does not read
   */
  manifest(): Manifest | undefined {
    const bytes = this.#db.getSync(MANIFEST_KEY);
    return bytes && decodeManifest(bytes, this.directory);
  }

  /** The stored bytes of a key, undefined where there are none. */
  get(store: string, key: string): Buffer | undefined {
    return this.#db.getSync<Buffer, Buffer>(Buffer.from(valueKey(store, key)), BYTES);
  }

  /** Keys of one store in order of their bytes, at most `limit`; those after `after` where it is given. */
  keys(store: string, limit: number, after?: string): Promise<string[]> {
    const prefix = valueKey(store, "");
    return this.#db
      .keys({ [after === undefined ? "gte" : "gt"]: prefix + (after ?? ""), lt: endOfStore(store), limit })
      .all()
      .then((keys) => keys.map((key) => key.slice(prefix.length)));
  }

  /** All values of one store in order of key. */
  async *entries(store: string): AsyncGenerator<{ key: string; value: Buffer }> {
    const prefix = valueKey(store, "");
    for await (const [key, value] of this.#db.iterator({ gte: prefix, lt: endOfStore(store) }))
      yield { key: key.slice(prefix.length), value };
  }

  /**
   * Writes values and manifest in one atomic batch. It survives the death of the process, not that of the machine.
   * @throws {FolderWriteError} the disk is full or fails
   * @throws {FolderDamagedError} the folder is gone
   */
  write(writes: readonly StoreWrite[], manifest: Manifest): Promise<void> {
    return this.#write(writes, encodeManifest(manifest));
  }

  /**
   * Writes values of a restore, without a new manifest: a restore that is cut short begins again where it began.
   * @throws as {@link write}
   */
  restore(writes: readonly StoreWrite[]): Promise<void> {
    return this.#write(writes, undefined);
  }

  async #write(writes: readonly StoreWrite[], manifest: Buffer | undefined): Promise<void> {
    const batch = this.#db.batch();
    let bytes = 0;
    for (const { store, key, value } of writes) {
      if (value === undefined) batch.del(valueKey(store, key));
      else batch.put(valueKey(store, key), value);
      bytes += store.length + key.length + (value?.length ?? 0);
    }
    if (manifest !== undefined) batch.put(MANIFEST_KEY, manifest);
    this.#chain.extend(batch, bytes + (manifest?.length ?? 0));
    try {
      await batch.write();
    } catch (error) {
      await this.refuseGone(error);
      throw new FolderWriteError(
        `${this.directory} cannot be written (${causeMessage(error)}): free space on its disk, or see what is wrong with it. ` +
          "What was committed is in the changelog; the next start goes on from there.",
        { cause: error },
      );
    }
  }

  /**
   * Checks that the folder is still there under its name: somebody may have deleted it while it is open.
   * @param cause why that is checked
   * @throws {FolderDamagedError} it is not
   */
  async refuseGone(cause?: unknown): Promise<void> {
    if (await this.#isInPlace()) return;
    throw new FolderDamagedError(`${this.directory} was deleted or replaced while it was open`, { cause });
  }

  async #isInPlace(): Promise<boolean> {
    try {
      return (await stat(this.directory)).ino === this.#inode && (await stat(join(this.directory, "CURRENT"))).isFile();
    } catch {
      return false;
    }
  }

  /** Bytes on disk. */
  async bytes(): Promise<number> {
    let total = 0;
    for (const file of await readdir(this.directory)) {
      // A compaction may remove a file after it was listed.
      total += await stat(join(this.directory, file)).then(
        ({ size }) => size,
        () => 0,
      );
    }
    return total;
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

/** Keeps a folder that cannot be used under another name, for whoever wants to examine it. @returns undefined where it is gone */
export async function moveAside(directory: string): Promise<string | undefined> {
  const aside = `${directory}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
  try {
    await rename(directory, aside);
    return aside;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** LevelDB treats a folder without the file CURRENT as a new one, and deletes what lies in it. */
async function refuseHeadless(directory: string): Promise<void> {
  const files = await readdir(directory);
  if (files.includes("CURRENT") || !files.some((file) => /^MANIFEST-|\.(ldb|log)$/.test(file))) return;
  throw new FolderDamagedError(`${directory} has ${files.length} files, but not CURRENT`);
}
