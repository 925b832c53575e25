/**
 * One store of one task, as process() sees it: a write buffer over a bounded cache over LevelDB.
 * Values are live objects; a key that changes a thousand times between two commits is encoded once.
 * There are two generations of changes: open ones, and sealed ones, whose commit is under way. A sealed value is encoded when it
 * is sealed, since process() may change the object again before LevelDB has it. Once it is committed, its bytes are read from here
 * until a pass has written them.
 */

import { refuseIllFormed } from "../../contract/record-key.js";
import type { Codec, StateStore } from "../../service-definition.js";
import type { LevelDbStore, StoreWrite } from "./leveldb-store.js";
import type { KeptValue, StateMemory } from "./state-memory.js";
import { decodeStored, encodeStored } from "./stored-value.js";
import type { TaskStore } from "./task-store.js";

/** Stands for "no such key" in the buffer. */
const DELETED = Symbol("deleted");
/** What a key takes beside its characters and its value: its places in the maps of a store. */
const ENTRY_BYTES = 256;

/** A key that was changed and is not committed. */
interface Change<V> {
  value: V | typeof DELETED;
  /** Memory that it takes, roughly. */
  bytes: number;
}

/** Stored bytes by key; undefined where the key was deleted. */
type StoredBytes = Map<string, Buffer | undefined>;

/** See the file's head. */
export class BufferedStore<V extends object> implements StateStore<V>, TaskStore {
  readonly name: string;
  onMissing: ((key: string) => void) | undefined;
  readonly #codec: Codec<V>;
  readonly #db: LevelDbStore;
  readonly #memory: StateMemory;
  #open = new Map<string, Change<V>>();
  #sealed = new Map<string, Change<V>>();
  #sealedBytes: StoredBytes = new Map();
  /** Committed, and not in the folder; those that the pass under way has still to take; those whose write is under way. */
  #unsaved: StoredBytes = new Map();
  #pass: StoredBytes = new Map();
  #landing: StoredBytes = new Map();
  readonly #cache = new Map<string, KeptValue<V>>();
  #writes = 0;

  /** @param memory shared by all stores of the process */
  constructor(name: string, codec: Codec<V>, db: LevelDbStore, memory: StateMemory) {
    this.name = name;
    this.#codec = codec;
    this.#db = db;
    this.#memory = memory;
  }

  /**
   * @throws {RecordError} `key-not-unicode`: no bytes stand for the key
   * @throws {ValueDamagedError} the stored bytes are not what was written
   * @throws {StoreError} they are of a format that the codec does not read
   */
  get(key: string): V | undefined {
    refuseIllFormed(key);
    const change = this.#open.get(key) ?? this.#sealed.get(key);
    if (change !== undefined) return change.value === DELETED ? undefined : change.value;
    const kept = this.#cache.get(key);
    if (kept !== undefined) {
      this.#memory.touch(kept);
      return kept.value;
    }
    const bytes = this.stored(key);
    if (bytes === undefined) {
      this.onMissing?.(key);
      return undefined;
    }
    const value = this.#decode(key, bytes);
    this.#memory.keep(this.#cache, key, value, this.#bytesOf(key, value));
    return value;
  }

  /** @throws {RecordError} as {@link get} */
  put(key: string, value: V): void {
    refuseIllFormed(key);
    const change = this.#open.get(key);
    // A record changes the numbers in a value, not how many they are: only another object is measured again.
    if (change !== undefined && change.value === value) this.#writes++;
    else this.#change(key, value, this.#bytesOf(key, value));
  }

  /** @throws {RecordError} as {@link get} */
  delete(key: string): void {
    refuseIllFormed(key);
    this.#change(key, DELETED, ENTRY_BYTES + key.length);
    const kept = this.#cache.get(key);
    if (kept !== undefined) this.#memory.drop(kept);
  }

  // -- for the commit --------------------------------------------------------------------------------------------

  get writes(): number {
    return this.#writes;
  }

  seal(): StoreWrite[] {
    const changes: StoreWrite[] = [];
    for (const [key, { value, bytes }] of this.#open) {
      const encoded = value === DELETED ? undefined : encodeStored(this.#codec, value);
      changes.push({ store: this.name, key, value: encoded });
      this.#sealedBytes.set(key, encoded);
      this.#memory.changed(-bytes);
      this.#memory.sealed(bytes);
    }
    const empty = this.#sealed;
    this.#sealed = this.#open;
    this.#open = empty;
    return changes;
  }

  committed(): void {
    for (const [key, { value, bytes }] of this.#sealed) {
      // Where it was changed again, that value is the one to read, and is kept when it is committed; so is a deletion.
      if (value !== DELETED && !this.#open.has(key)) this.#memory.keep(this.#cache, key, value, bytes);
    }
    for (const [key, bytes] of this.#sealedBytes) this.#keep(key, bytes);
    this.#clearSealed();
  }

  /** Forgets all that is not committed; the cache too, since live objects may have been changed in place. */
  discard(): void {
    for (const { bytes } of this.#open.values()) this.#memory.changed(-bytes);
    this.#open.clear();
    this.#clearSealed();
    for (const kept of this.#cache.values()) this.#memory.drop(kept);
  }

  // -- for the folder --------------------------------------------------------------------------------------------

  stored(key: string): Buffer | undefined {
    for (const values of [this.#unsaved, this.#pass, this.#landing]) {
      const bytes = values.get(key);
      if (bytes !== undefined || values.has(key)) return bytes;
    }
    return this.#db.get(this.name, key);
  }

  inspect(key: string): unknown {
    const bytes = this.stored(key);
    return bytes === undefined ? undefined : this.#codec.toJson(this.#decode(key, bytes));
  }

  unsavedKeys(): ReadonlyMap<string, boolean> {
    const keys = new Map<string, boolean>();
    for (const values of [this.#landing, this.#pass, this.#unsaved])
      for (const [key, bytes] of values) keys.set(key, bytes !== undefined);
    return keys;
  }

  applyLogged(key: string, stored: Buffer | undefined): void {
    const kept = this.#cache.get(key);
    if (kept !== undefined) this.#memory.drop(kept);
    // It may be a part of a batch that is read into again.
    this.#keep(key, stored && Buffer.from(stored));
  }

  /** Every record of its changelog is a whole value. */
  endRestore(): void {}

  beginPass(): void {
    if (this.#pass.size === 0) [this.#pass, this.#unsaved] = [this.#unsaved, this.#pass];
    for (const [key, bytes] of this.#unsaved) this.#pass.set(key, bytes);
    this.#unsaved.clear();
  }

  get passIsOver(): boolean {
    return this.#pass.size === 0;
  }

  takeUnsaved(bytesMax: number): StoreWrite[] {
    const writes: StoreWrite[] = [];
    let taken = 0;
    for (const [key, value] of this.#pass) {
      if (taken >= bytesMax) break;
      writes.push({ store: this.name, key, value });
      taken += bytesOfStored(key, value);
      this.#pass.delete(key);
      this.#landing.set(key, value);
    }
    this.#memory.unsaved(-taken);
    return writes;
  }

  landed(): void {
    this.#landing = new Map();
  }

  close(): void {
    this.discard();
    for (const values of [this.#unsaved, this.#pass]) {
      for (const [key, bytes] of values) this.#memory.unsaved(-bytesOfStored(key, bytes));
      values.clear();
    }
    this.#landing.clear();
  }

  // --------------------------------------------------------------------------------------------------------------

  /** The value is committed, and not in the folder. One that the pass has still to take is taken as it is now. */
  #keep(key: string, bytes: Buffer | undefined): void {
    const values = this.#pass.has(key) ? this.#pass : this.#unsaved;
    if (values.has(key)) this.#memory.unsaved(-bytesOfStored(key, values.get(key)));
    values.set(key, bytes);
    this.#memory.unsaved(bytesOfStored(key, bytes));
  }

  #change(key: string, value: V | typeof DELETED, bytes: number): void {
    this.#writes++;
    const change = this.#open.get(key);
    this.#memory.changed(bytes - (change?.bytes ?? 0));
    if (change === undefined) {
      this.#open.set(key, { value, bytes });
    } else {
      change.value = value;
      change.bytes = bytes;
    }
  }

  #clearSealed(): void {
    for (const { bytes } of this.#sealed.values()) this.#memory.sealed(-bytes);
    this.#sealed.clear();
    this.#sealedBytes.clear();
  }

  #bytesOf(key: string, value: V): number {
    return ENTRY_BYTES + key.length + this.#codec.bytes(value);
  }

  #decode(key: string, bytes: Buffer): V {
    return decodeStored(this.#codec, bytes, `${this.#db.directory}: ${this.name} of ${key}`);
  }
}

const bytesOfStored = (key: string, bytes: Buffer | undefined): number =>
  ENTRY_BYTES + key.length + (bytes?.length ?? 0);
