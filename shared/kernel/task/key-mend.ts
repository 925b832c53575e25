/**
 * Mends the changelog of a folder of an older version, which cut keys at their first NUL byte on the way to Kafka. The folder has every
 * key whole; the changelog has what stands before the NUL, one key for many. So the first version that keeps keys whole writes such keys
 * again, some with each commit. With them it writes what belongs under the cut key: the folder's own value, or none where it has none.
 */
import { partitionOfKey } from "../../partitioner.js";
import type { LevelDbStore, StoreWrite } from "../store/leveldb-store.js";

const KEYS_AT_ONCE = 1000;
/** Most of one commit: keys read, and bytes written. */
const CHUNK_KEYS = 20_000;
const CHUNK_BYTES = 1024 * 1024;

/** Up to where the keys of a folder have been read. */
interface Place {
  readonly store: number;
  readonly after: string | undefined;
}

/** What one commit writes; `next` is undefined where nothing is left. */
export interface MendChunk {
  readonly writes: readonly StoreWrite[];
  readonly next: Place | undefined;
}

/** The folder whose keys are mended. */
export interface MendedFolder {
  /** As of {@link LevelDbStore}: all keys that an older version has written. */
  keys(store: string, limit: number, after?: string): Promise<string[]>;
  /** Committed values. */
  get(store: string, key: string): Buffer | undefined;
}

/** Goes through the keys of one folder, some with each commit. */
export class KeyMend {
  readonly #db: MendedFolder;
  readonly #stores: readonly string[];
  #place: Place | undefined = { store: 0, after: undefined };

  constructor(db: MendedFolder, stores: readonly string[]) {
    this.#db = db;
    this.#stores = stores;
  }

  /**
   * The next keys to write.
   * @param changes what the commit writes anyway: its values are newer
   */
  async chunk(changes: readonly StoreWrite[]): Promise<MendChunk> {
    const taken = new Set(changes.map(({ store, key }) => `${store}/${key}`));
    const writes: StoreWrite[] = [];
    let bytes = 0;
    let read = 0;
    const add = (store: string, key: string) => {
      const name = `${store}/${key}`;
      if (taken.has(name)) return;
      taken.add(name);
      const value = this.#db.get(store, key);
      writes.push({ store, key, value });
      bytes += key.length + (value?.length ?? 0);
    };
    let place = this.#place;
    while (place !== undefined && read < CHUNK_KEYS && bytes < CHUNK_BYTES) {
      const store = this.#stores[place.store];
      const keys: string[] = await this.#db.keys(store, KEYS_AT_ONCE, place.after);
      for (const key of keys) {
        read++;
        place = { store: place.store, after: key };
        const nul = key.indexOf("\0");
        if (nul === -1) continue;
        add(store, key);
        add(store, key.slice(0, nul));
        if (bytes >= CHUNK_BYTES) break;
      }
      if (keys.length === 0)
        place = place.store + 1 < this.#stores.length ? { store: place.store + 1, after: undefined } : undefined;
    }
    return { writes, next: place };
  }

  /** The chunk is committed. @returns whether nothing is left */
  committed({ next }: MendChunk): boolean {
    this.#place = next;
    return next === undefined;
  }
}

/** The folder of a task, as far as its keys are concerned. */
export interface FolderKeys {
  readonly db: LevelDbStore;
  /** Names of its stores. */
  readonly stores: readonly string[];
  readonly partition: number;
}

/**
 * How many keys of a folder have a NUL byte, and how many series of its first store belong to another task by their whole name.
 * @param tasks of the service
 */
export async function keysWithNul(
  { db, stores, partition }: FolderKeys,
  tasks: number,
): Promise<{ keys: number; elsewhere: number }> {
  let count = 0;
  let elsewhere = 0;
  for (const [number, name] of stores.entries()) {
    let after: string | undefined;
    for (;;) {
      const keys = await db.keys(name, KEYS_AT_ONCE, after);
      if (keys.length === 0) break;
      for (const key of keys.filter((text) => text.includes("\0"))) {
        count++;
        const series = Buffer.from(key.slice(key.indexOf("/") + 1));
        if (number === 0 && partitionOfKey(series, tasks) !== partition) elsewhere++;
      }
      after = keys.at(-1);
    }
  }
  return { keys: count, elsewhere };
}
