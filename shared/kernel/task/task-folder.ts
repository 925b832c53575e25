/**
 * The open folder of a task: what process() sees of it, what it says of itself, and what is known of its changelogs. It is a LevelDB
 * folder and what is committed and not in there yet, see folder-saver.ts.
 */
import { FolderDamagedError } from "../../folder-lock.js";
import type { LevelDbStore, StoreWrite } from "../store/leveldb-store.js";
import type { Manifest } from "../store/manifest.js";
import type { OpenStore } from "../store/task-store.js";
import { FolderSaver, type PassOptions } from "./folder-saver.js";
import { KeyMend, type MendChunk } from "./key-mend.js";

/** From {@link Task.opened} to the close or reset of its task. All that is asked of a folder and may change is written here. */
export class TaskFolder {
  readonly db: LevelDbStore;
  readonly stores: readonly OpenStore[];
  #manifest: Manifest | undefined;
  #changelogLoss: string | undefined;
  #wholeKeys: boolean;
  #cutKeys: boolean;
  #keyMend: KeyMend | undefined;
  readonly #saver: FolderSaver;
  #isAhead: boolean;

  /**
   * @param stores        of all that the service declares, over `db`
   * @param manifest      undefined where the folder is new
   * @param changelogLoss see {@link changelogLoss}
   */
  constructor(
    db: LevelDbStore,
    stores: readonly OpenStore[],
    manifest: Manifest | undefined,
    changelogLoss: string | undefined,
    passes: PassOptions = {},
  ) {
    this.db = db;
    this.stores = stores;
    this.#manifest = manifest;
    this.#changelogLoss = changelogLoss;
    this.#wholeKeys = manifest === undefined || manifest.wholeKeys === true;
    // What a standby of a program that cut keys has came from the changelog.
    this.#cutKeys = manifest?.cutKeys === true || (manifest?.standby === true && !this.#wholeKeys);
    this.#isAhead = manifest?.ahead === true;
    this.#saver = new FolderSaver(this, manifest, passes);
  }

  get directory(): string {
    return this.db.directory;
  }

  /** Of the last commit; undefined where nothing was committed. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /** Whether values are ahead of the manifest: a restore is under way, or was cut short as a pass may have been. */
  get isAhead(): boolean {
    return this.#isAhead;
  }

  /** Why its changelogs cannot stand for its state; undefined where they can. They were deleted, made again, or truncated. */
  get changelogLoss(): string | undefined {
    return this.#changelogLoss;
  }

  /** Whether every key of the folder stands whole in the changelog. */
  get wholeKeys(): boolean {
    return this.#wholeKeys;
  }

  /** Whether values of the folder come from a changelog in which an older program cut keys at their first NUL byte. */
  get cutKeys(): boolean {
    return this.#cutKeys;
  }

  /** Writes keys again that are not whole in the changelog; undefined where it has nothing to do. */
  get keyMend(): KeyMend | undefined {
    return this.#keyMend;
  }

  /** Names of the stores. */
  get storeNames(): string[] {
    return this.stores.map(({ name }) => name);
  }

  /** Puts and deletes so far: tells whether a record has changed anything. */
  get writes(): number {
    let writes = 0;
    for (const store of this.stores) writes += store.writes;
    return writes;
  }

  // -- passes ----------------------------------------------------------------------------------------------------

  /** Why a pass could not be written; undefined where each could. */
  get saveFailure(): unknown {
    return this.#saver.failure;
  }

  /** Saves what is committed. @throws as {@link LevelDbStore.write} */
  save(): Promise<void> {
    return this.#saver.save();
  }

  /**
   * Takes over what a standby has read of its changelogs, up to where `manifest` says, and saves it.
   * @throws as {@link LevelDbStore.write}, and {ValueDamagedError} a value cannot be read
   */
  async copy(writes: readonly StoreWrite[], manifest: Manifest): Promise<void> {
    this.applyLogged(writes);
    this.#manifest = manifest;
    await this.save();
  }

  /** Takes over what its changelogs have, until {@link restored}. */
  applyLogged(writes: readonly StoreWrite[]): void {
    this.#isAhead = true;
    for (const { store, key, value } of writes) this.#store(store)?.applyLogged(key, value);
  }

  /** The folder is what its changelogs say, at these positions. @throws {StoreError} they lack what their records build on */
  restored(manifest: Manifest): void {
    for (const store of this.stores) store.endRestore();
    this.#manifest = manifest;
    this.#isAhead = false;
    this.#changelogLoss = undefined;
    this.discard();
  }

  // -- content ---------------------------------------------------------------------------------------------------

  /** The stored bytes of the committed value of a key, undefined where there is none. */
  get(store: string, key: string): Buffer | undefined {
    return this.#store(store)?.stored(key);
  }

  /** Keys of a store with committed values, in order of their bytes, at most `limit`. */
  async keys(store: string, limit: number): Promise<string[]> {
    const unsaved = this.#store(store)?.unsavedKeys() ?? new Map<string, boolean>();
    let deleted = 0;
    for (const isThere of unsaved.values()) if (!isThere) deleted++;
    const most = limit + deleted;
    const saved = await this.db.keys(store, most);
    // Where there are so many, none of the first comes after the last of them: nearly all that is unsaved is left out.
    const last = saved.length === most ? Buffer.from(saved.at(-1) ?? "") : undefined;
    const keys = new Set(saved);
    for (const [key, isThere] of unsaved) {
      if (!isThere) keys.delete(key);
      else if (last === undefined || Buffer.compare(Buffer.from(key), last) < 0) keys.add(key);
    }
    return [...keys]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .slice(0, limit)
      .map(({ key }) => key);
  }

  #store(name: string): OpenStore | undefined {
    return this.stores.find((store) => store.name === name);
  }

  // -- changelogs ------------------------------------------------------------------------------------------------

  /** Takes note of a fault of its changelogs, where none is known. */
  noteLoss(fault: string | undefined): void {
    this.#changelogLoss ??= fault;
  }

  markWholeKeys(): void {
    this.#wholeKeys = true;
  }

  markCutKeys(): void {
    this.#cutKeys = true;
  }

  /** From now on each commit writes some keys that are not whole in the changelog. */
  beginMend(): void {
    const { db, storeNames } = this;
    // What is not in LevelDB yet was written by this program, which writes keys whole.
    const keys = (store: string, limit: number, after?: string) => db.keys(store, limit, after);
    this.#keyMend = new KeyMend({ keys, get: (store, key) => this.get(store, key) }, storeNames);
  }

  /** Kafka has committed a chunk of {@link keyMend}. */
  mended(chunk: MendChunk): void {
    if (this.#keyMend?.committed(chunk) !== true) return;
    this.#keyMend = undefined;
    this.#wholeKeys = true;
  }

  /** Forgets what process() has changed and is not committed. */
  discard(): void {
    for (const store of this.stores) store.discard();
  }

  /** A commit begins, see {@link OpenStore}. @returns what it is to write to the changelogs, of all stores */
  seal(): StoreWrite[] {
    return this.stores.flatMap((store) => store.seal());
  }

  /** Kafka has what is sealed. @param manifest what the folder says of itself from now on */
  committed(manifest: Manifest): void {
    this.#manifest = manifest;
    for (const store of this.stores) store.committed();
  }

  /**
   * Saves what is committed, and closes it. A folder that was deleted or is damaged is for whoever opens it next.
   * @throws {FolderWriteError} the disk is full or fails, which was not known before
   */
  async close(): Promise<void> {
    this.discard();
    try {
      if (this.saveFailure === undefined) await this.save();
    } catch (error) {
      if (!(error instanceof FolderDamagedError)) throw error;
    } finally {
      await this.abandon();
    }
  }

  /** Closes it as it is. */
  async abandon(): Promise<void> {
    await this.#saver.end();
    for (const store of this.stores) store.close();
    await this.db.close();
  }
}
