/**
 * The memory that the values of all stores of a process take together: those that are changed and not committed, and
 * those that are kept for the next read, the longest unread of which give way, whichever store they are of.
 */

import { PackedCache } from "./packed-cache.js";

/** A value that is kept, in the order of use. */
export interface KeptValue<V> {
  readonly key: string;
  value: V;
  bytes: number;
  /** The store's values by key, which it leaves when it gives way. */
  readonly home: Map<string, KeptValue<V>>;
  older: Link;
  newer: Link;
}

interface Link {
  older: Link;
  newer: Link;
}

/** One for all stores of a process. */
export class StateMemory {
  readonly #cacheBytesMax: number;
  readonly #openBytesMax: number;
  /** Of a ring: its `newer` is the value longest unread, its `older` the one read last. */
  readonly #ends: Link;
  #cachedBytes = 0;
  #openBytes = 0;
  #sealedBytes = 0;
  #unsavedBytes = 0;
  /** Values of packed stores, within the same bound. */
  readonly packed: PackedCache;

  /**
   * @param cacheBytesMax   of values kept for the next read; 0 keeps none
   * @param changedBytesMax of values that are changed and not committed: half of it for the work that is open, from which on it is to
   *                        be committed, and half for the work whose commit is under way
   */
  constructor(cacheBytesMax: number, changedBytesMax: number) {
    this.#cacheBytesMax = cacheBytesMax;
    this.#openBytesMax = changedBytesMax / 2;
    this.packed = new PackedCache(cacheBytesMax);
    const ends = {} as Link;
    ends.older = ends;
    ends.newer = ends;
    this.#ends = ends;
  }

  /** Bytes of values kept for the next read. */
  get cachedBytes(): number {
    return this.#cachedBytes + this.packed.bytes;
  }

  /** Bytes of values that are committed and not in the folder, the packed ones among them. */
  get unsavedBytes(): number {
    return this.#unsavedBytes + this.packed.unsavedBytes;
  }

  /**
   * Whether so many bytes are unsaved that a pass is due. Packed values lie in memory whether they are saved or not: those are
   * bounded by the cache, within which every value is written once a pass however often it has changed.
   * @param bytesMax of copies that are kept for the pass alone
   * @param more     bytes that may be unsaved beyond each bound
   */
  isUnsaved(bytesMax: number, more = 0): boolean {
    const packedMax = Math.max(bytesMax, this.#cacheBytesMax);
    return this.#unsavedBytes >= bytesMax + more || this.packed.unsavedBytes >= packedMax + more;
  }

  /** Bytes of values changed since the last commit. */
  get changedBytes(): number {
    return this.#openBytes + this.#sealedBytes;
  }

  /** Whether the open work has changed as much as it may. */
  get isFull(): boolean {
    return this.#openBytes >= this.#openBytesMax;
  }

  /** @param bytes by which the values that open work has changed have grown, or shrunk where below 0 */
  changed(bytes: number): void {
    this.#openBytes += bytes;
  }

  /** @param bytes by which the values whose commit is under way have grown, or shrunk where below 0 */
  sealed(bytes: number): void {
    this.#sealedBytes += bytes;
  }

  /** @param bytes by which the committed values that are not in the folder have grown, or shrunk where below 0 */
  unsaved(bytes: number): void {
    this.#unsavedBytes += bytes;
  }

  /** Keeps a value in the place of its key's former one. One larger than the whole bound is not kept. */
  keep<V>(home: Map<string, KeptValue<V>>, key: string, value: V, bytes: number): void {
    let kept = home.get(key);
    if (bytes > this.#cacheBytesMax) {
      if (kept !== undefined) this.drop(kept);
      return;
    }
    if (kept === undefined) {
      kept = { key, value, bytes, home, older: this.#ends, newer: this.#ends };
      this.#linkNewest(kept);
      home.set(key, kept);
      this.#cachedBytes += bytes;
    } else {
      this.#cachedBytes += bytes - kept.bytes;
      kept.value = value;
      kept.bytes = bytes;
      this.touch(kept);
    }
    while (this.#cachedBytes > 0 && this.cachedBytes > this.#cacheBytesMax)
      this.drop(this.#ends.newer as KeptValue<unknown>);
  }

  /** A kept value was read: it gives way last. */
  touch(kept: KeptValue<unknown>): void {
    if (kept.newer === this.#ends) return;
    unlink(kept);
    this.#linkNewest(kept);
  }

  drop<V>(kept: KeptValue<V>): void {
    unlink(kept);
    kept.home.delete(kept.key);
    this.#cachedBytes -= kept.bytes;
  }

  #linkNewest(kept: KeptValue<unknown>): void {
    const before = this.#ends.older;
    kept.older = before;
    kept.newer = this.#ends;
    before.newer = kept;
    this.#ends.older = kept;
  }
}

function unlink({ older, newer }: Link): void {
  older.newer = newer;
  newer.older = older;
}
