/**
 * One store of one task whose values are their stored bytes, see {@link PackedValue}. They lie in memory that the heap does not see,
 * and models work on them where they lie.
 *
 * A change: touch or create (what was before is kept) -> seal (it is logged, and its commit is under way; later changes are the next
 * one's) -> committed (it is not in the folder) -> a pass takes it (its write is under way) -> landed (it may leave memory).
 * An abort puts back what was before the open changes, then what was before the sealed ones.
 */
import { keyOfStep, refuseIllFormed } from "../../contract/record-key.js";
import { StoreError } from "../../errors.js";
import { packedValueOf, WHOLE } from "../../packed-value.js";
import type { PackedCodec, PackedStateStore, PackedValue } from "../../service-definition.js";
import type { LevelDbStore, StoreWrite } from "./leveldb-store.js";
import { ENTRY_BYTES, type PackedCache } from "./packed-cache.js";
import { PackedChanges } from "./packed-changes.js";
import { ABSENT, type Former, IN_FOLDER, PackedEntry } from "./packed-entry.js";
import { loggedStep, logOf } from "./packed-log.js";
import { HEAD_BYTES } from "./packed-memory.js";
import { PackedUnsaved } from "./packed-unsaved.js";
import { shortForm } from "./short-value.js";
import type { StateMemory } from "./state-memory.js";
import { bodyOfStored, SHORT, sealPacked } from "./stored-value.js";
import type { TaskStore } from "./task-store.js";

/** See the file's head. */
export class PackedStore implements PackedStateStore, TaskStore {
  readonly name: string;
  onMissing: ((key: string) => void) | undefined;
  readonly #codec: PackedCodec;
  readonly #db: LevelDbStore;
  readonly #memory: StateMemory;
  readonly #cache: PackedCache;
  readonly #entries = new Map<string, PackedEntry>();
  #open = new PackedChanges();
  #sealed = new PackedChanges();
  readonly #unsaved: PackedUnsaved;
  /** Keys of which the changelog had a step that fits no value: a whole one has to follow. */
  readonly #broken = new Set<string>();
  readonly #wholeOf = (entry: PackedEntry) => this.#bytesOf(entry);
  #writes = 0;

  /** @param memory shared by all stores of the process */
  constructor(name: string, codec: PackedCodec, db: LevelDbStore, memory: StateMemory) {
    this.name = name;
    this.#codec = codec;
    this.#db = db;
    this.#memory = memory;
    this.#cache = memory.packed;
    this.#unsaved = new PackedUnsaved(this.#cache);
  }

  // -- for process() ---------------------------------------------------------------------------------------------

  /**
   * @throws {RecordError} `key-not-unicode`: no bytes stand for the key
   * @throws {ValueDamagedError} the stored bytes are not what was written
   * @throws {StoreError} they are of a format that the codec does not read
   */
  get(key: string): PackedValue | undefined {
    const entry = this.#entries.get(key) ?? this.#load(key);
    if (entry === undefined) {
      this.onMissing?.(key);
      return undefined;
    }
    entry.used = true;
    entry.usedAt = ++this.#cache.uses;
    return entry.isAbsent ? undefined : entry;
  }

  /** @throws {RecordError} as {@link get} */
  create(key: string, length: number): PackedValue {
    const entry = this.#replace(key);
    entry.place(this.#cache.memory, length);
    entry.bytes.fill(0, entry.start, entry.start + HEAD_BYTES + length);
    // Beside what it was before: neither leaves memory until the commit has ended.
    this.#changed(HEAD_BYTES + length);
    return entry;
  }

  touch(value: PackedValue): void {
    if (!(value instanceof PackedEntry) || !value.isOf(this) || value.isAbsent)
      throw new Error(`bug: expected a value that store ${this.name} has given to this record`);
    this.#writes++;
    if (value.open !== undefined) return;
    this.#changes(value, this.#open.copy(value.bytes, value.start, value.length), HEAD_BYTES + value.length);
  }

  /** @throws {RecordError} as {@link get} */
  delete(key: string): void {
    this.#replace(key).clear(this.#cache.memory);
  }

  // -- for the commit --------------------------------------------------------------------------------------------

  get writes(): number {
    return this.#writes;
  }

  seal(): StoreWrite[] {
    if (this.#sealed.entries.length > 0) throw new Error(`bug: a commit of store ${this.name} is under way`);
    const writes = this.#open.entries.flatMap((entry) => {
      entry.sealed = entry.open;
      entry.open = undefined;
      return logOf(this.name, this.#codec, entry, this.#wholeOf);
    });
    [this.#open, this.#sealed] = [this.#sealed, this.#open];
    this.#memory.changed(-this.#sealed.bytes);
    this.#memory.sealed(this.#sealed.bytes);
    return writes;
  }

  committed(): void {
    for (const entry of this.#sealed.entries) {
      entry.giveUp(this.#cache.memory, entry.sealed);
      entry.sealed = undefined;
      this.#unsaved.add(entry);
    }
    this.#memory.sealed(-this.#sealed.bytes);
    this.#sealed.clear();
    this.#cache.evict(Number.POSITIVE_INFINITY);
  }

  discard(): void {
    for (const entry of this.#open.entries) {
      const former = entry.open;
      entry.open = undefined;
      entry.putBack(this.#cache.memory, former);
    }
    for (const entry of this.#sealed.entries) {
      const former = entry.sealed;
      entry.sealed = undefined;
      entry.putBack(this.#cache.memory, former);
    }
    this.#memory.changed(-this.#open.bytes);
    this.#memory.sealed(-this.#sealed.bytes);
    this.#open.clear();
    this.#sealed.clear();
  }

  // -- for the folder --------------------------------------------------------------------------------------------

  stored(key: string): Buffer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.committed === IN_FOLDER) return this.#db.get(this.name, key);
    const bytes = this.#bytesOf(entry.committed);
    return bytes && Buffer.from(bytes);
  }

  inspect(key: string): unknown {
    const bytes = this.stored(key);
    if (bytes === undefined) return undefined;
    return this.#codec.toJson(packedValueOf(bodyOfStored(this.#codec, bytes, this.#where(key))));
  }

  unsavedKeys(): ReadonlyMap<string, boolean> {
    return this.#unsaved.keys();
  }

  /** @throws {ValueDamagedError | StoreError} as {@link get} */
  applyLogged(key: string, stored: Buffer | undefined): void {
    const stepped = keyOfStep(key);
    if (stepped !== undefined) {
      this.#applyStep(stepped, stored);
      return;
    }
    const entry = this.#entries.get(key) ?? this.#add(key);
    if (stored === undefined) entry.clear(this.#cache.memory);
    else this.#fill(entry, bodyOfStored(this.#codec, stored, this.#where(key)));
    this.#broken.delete(key);
    this.#unsaved.add(entry);
  }

  endRestore(): void {
    const [key] = this.#broken;
    if (key !== undefined)
      throw new StoreError(
        `the changelog of store ${this.name} has steps of ${key}, and not the value that they build on`,
      );
  }

  beginPass(): void {
    this.#unsaved.beginPass();
  }

  get passIsOver(): boolean {
    return this.#unsaved.passIsOver;
  }

  takeUnsaved(bytesMax: number): StoreWrite[] {
    const entries = this.#unsaved.take(bytesMax);
    return entries.map((entry) => ({ store: this.name, key: entry.key, value: this.#bytesOf(entry.committed) }));
  }

  landed(): void {
    this.#unsaved.landed();
    this.#cache.evict(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.discard();
    this.#unsaved.clear();
    this.#broken.clear();
    for (const entry of [...this.#entries.values()]) entry.leave();
  }

  /** An entry has left memory. */
  forget(entry: PackedEntry): void {
    this.#entries.delete(entry.key);
    this.#cache.remove(entry);
    entry.clear(this.#cache.memory);
  }

  // --------------------------------------------------------------------------------------------------------------

  /** Does a step again. One that is older than the value is in it already, one after a gap is in the value that follows. */
  #applyStep(key: string, stored: Buffer | undefined): void {
    if (stored === undefined || this.#broken.has(key)) return;
    const applyTo = loggedStep(this.#codec, stored, this.#where(key));
    const entry = this.#entries.get(key) ?? this.#load(key);
    try {
      if (entry === undefined || entry.isAbsent) throw new RangeError("expected a value before its steps");
      entry.forgetLogged();
      if (applyTo(entry)) this.#unsaved.add(entry);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#broken.add(key);
    }
  }

  #load(key: string): PackedEntry | undefined {
    refuseIllFormed(key);
    const stored = this.#db.get(this.name, key);
    if (stored === undefined) return undefined;
    const body = bodyOfStored(this.#codec, stored, this.#where(key));
    return this.#fill(this.#add(key), body);
  }

  #add(key: string): PackedEntry {
    const entry = new PackedEntry(key, this);
    this.#entries.set(key, entry);
    this.#cache.add(entry);
    return entry;
  }

  #fill(entry: PackedEntry, body: Buffer): PackedEntry {
    entry.place(this.#cache.memory, body.length);
    body.copy(entry.bytes, entry.start + HEAD_BYTES);
    entry.forgetLogged();
    return entry;
  }

  /** Notes what a key has before it is created or deleted. @returns its entry */
  #replace(key: string): PackedEntry {
    this.#writes++;
    let entry = this.#entries.get(key);
    entry?.forgetLogged();
    if (entry === undefined) {
      refuseIllFormed(key);
      entry = this.#add(key);
      this.#changes(entry, IN_FOLDER, ENTRY_BYTES + key.length);
    } else if (entry.open === undefined) {
      const bytes = HEAD_BYTES + Math.max(0, entry.length);
      this.#changes(entry, entry.handOver(), bytes);
    }
    return entry;
  }

  /** The first change of an entry since the last seal. */
  #changes(entry: PackedEntry, former: Former, bytes: number): void {
    entry.open = former;
    this.#open.entries.push(entry);
    this.#changed(bytes);
  }

  /** The open changes take so many bytes more. */
  #changed(bytes: number): void {
    this.#open.bytes += bytes;
    this.#memory.changed(bytes);
  }

  /** A value with its head, as it is stored: where it lies, or in memory of its own where it is short; undefined where there is none. */
  #bytesOf(value: PackedEntry | Former): Buffer | undefined {
    if (value === ABSENT) return undefined;
    if (value === IN_FOLDER) throw new Error(`bug: a value of store ${this.name} is in the folder only`);
    const { bytes, start, length } = value;
    if (length < 0) return undefined;
    const short = shortForm(bytes, start + HEAD_BYTES, length);
    const stored = short ?? bytes.subarray(start, start + HEAD_BYTES + length);
    sealPacked(stored, this.#codec.format, short === undefined ? WHOLE : SHORT);
    return stored;
  }

  #where(key: string): string {
    return `${this.#db.directory}: ${this.name} of ${key}`;
  }
}
