/** The open folder of a task: what process() sees of it, what it says of itself, and what is known of its changelogs. */
import type { BufferedStore } from "../store/buffered-store.js";
import type { LevelDbStore, StoreWrite } from "../store/leveldb-store.js";
import type { Manifest } from "../store/manifest.js";
import { KeyMend, type MendChunk } from "./key-mend.js";

/** From {@link Task.opened} to the close or reset of its task. All that is asked of a folder and may change is written here. */
export class TaskFolder {
  readonly db: LevelDbStore;
  readonly stores: readonly BufferedStore<object>[];
  #manifest: Manifest | undefined;
  #changelogLoss: string | undefined;
  #wholeKeys: boolean;
  #cutKeys: boolean;
  #keyMend: KeyMend | undefined;

  /**
   * @param stores        of all that the service declares, over `db`
   * @param manifest      undefined where the folder is new
   * @param changelogLoss see {@link changelogLoss}
   */
  constructor(
    db: LevelDbStore,
    stores: readonly BufferedStore<object>[],
    manifest: Manifest | undefined,
    changelogLoss: string | undefined,
  ) {
    this.db = db;
    this.stores = stores;
    this.#manifest = manifest;
    this.#changelogLoss = changelogLoss;
    this.#wholeKeys = manifest === undefined || manifest.wholeKeys === true;
    // What a standby of a program that cut keys has came from the changelog.
    this.#cutKeys = manifest?.cutKeys === true || (manifest?.standby === true && !this.#wholeKeys);
  }

  get directory(): string {
    return this.db.directory;
  }

  /** What was written last; undefined where nothing was. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
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

  /** Writes values, and the manifest that they belong to, in one atomic batch. @throws as {@link LevelDbStore.write} */
  async write(writes: readonly StoreWrite[], manifest: Manifest): Promise<void> {
    await this.db.write(writes, manifest);
    this.#manifest = manifest;
  }

  /** The folder is what its changelogs say, at these positions. @throws as {@link LevelDbStore.write} */
  async restored(manifest: Manifest): Promise<void> {
    await this.write([], manifest);
    this.#changelogLoss = undefined;
    this.discard();
  }

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
    this.#keyMend = new KeyMend(this.db, this.storeNames);
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

  /** A commit begins, see {@link BufferedStore.seal}. @returns what it is to write, of all stores */
  seal(): StoreWrite[] {
    return this.stores.flatMap((store) => store.seal());
  }

  /** What is sealed is in LevelDB. */
  committed(): void {
    for (const store of this.stores) store.committed();
  }

  async close(): Promise<void> {
    this.discard();
    await this.db.close();
  }
}
