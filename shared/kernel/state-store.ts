/**
 * One store of one task, as process() sees it: a write buffer over a bounded cache over LevelDB.
 * Values are live objects; a key that changes a thousand times between two commits is encoded once.
 */
import { LRUCache } from "lru-cache";
import type { Codec, StateStore } from "../service-definition.js";
import type { LevelDbStore, StoreWrite } from "./leveldb-store.js";
import { refuseIllFormed } from "./record-key.js";
import { decodeStored, encodeStored } from "./stored-value.js";

/** Stands for "no such key" in the buffer. */
const DELETED = Symbol("deleted");

export class BufferedStore<V extends object> implements StateStore<V> {
  readonly name: string;
  readonly #codec: Codec<V>;
  readonly #db: LevelDbStore;
  readonly #buffer = new Map<string, V | typeof DELETED>();
  readonly #cache: LRUCache<string, V> | undefined;
  #writes = 0;

  constructor(name: string, codec: Codec<V>, db: LevelDbStore, cacheEntries: number) {
    this.name = name;
    this.#codec = codec;
    this.#db = db;
    this.#cache = cacheEntries > 0 ? new LRUCache({ max: cacheEntries }) : undefined;
  }

  /**
   * @throws {RecordError} `key-not-unicode`: no bytes stand for the key
   * @throws {DamagedValueError} the stored bytes are not what was written
   * @throws {StoreError} they are of a format that the codec does not read
   */
  get(key: string): V | undefined {
    refuseIllFormed(key);
    const buffered = this.#buffer.get(key);
    if (buffered !== undefined) return buffered === DELETED ? undefined : buffered;
    const cached = this.#cache?.get(key);
    if (cached !== undefined) return cached;
    const bytes = this.#db.get(this.name, key);
    if (bytes === undefined) return undefined;
    const value = this.#decode(key, bytes);
    this.#cache?.set(key, value);
    return value;
  }

  /** @throws {RecordError} as {@link get} */
  put(key: string, value: V): void {
    refuseIllFormed(key);
    this.#buffer.set(key, value);
    this.#writes++;
  }

  /** @throws {RecordError} as {@link get} */
  delete(key: string): void {
    refuseIllFormed(key);
    this.#buffer.set(key, DELETED);
    this.#cache?.delete(key);
    this.#writes++;
  }

  /** Puts and deletes so far: tells whether a record has changed anything. */
  get writes(): number {
    return this.#writes;
  }

  /** Keys changed since the last commit. */
  get changedKeys(): number {
    return this.#buffer.size;
  }

  /** What has changed since the last commit, as bytes. */
  encodeChanges(): StoreWrite[] {
    const changes: StoreWrite[] = [];
    for (const [key, value] of this.#buffer) {
      changes.push({ store: this.name, key, value: value === DELETED ? undefined : encodeStored(this.#codec, value) });
    }
    return changes;
  }

  /** The changes are in LevelDB now. */
  committed(): void {
    for (const [key, value] of this.#buffer) if (value !== DELETED) this.#cache?.set(key, value);
    this.#buffer.clear();
  }

  /** Forgets all that is not committed; the cache too, since live objects may have been changed in place. */
  discard(): void {
    this.#buffer.clear();
    this.#cache?.clear();
  }

  /** The committed value as JSON, for people; undefined where there is none. */
  inspect(key: string): unknown {
    const bytes = this.#db.get(this.name, key);
    return bytes === undefined ? undefined : this.#codec.toJson(this.#decode(key, bytes));
  }

  #decode(key: string, bytes: Buffer): V {
    return decodeStored(this.#codec, bytes, `${this.#db.directory}: ${this.name} of ${key}`);
  }
}
