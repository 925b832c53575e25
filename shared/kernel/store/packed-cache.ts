/**
 * Which packed values of all stores of a process stay in memory. They are bounded in bytes, with what their keys take; what was not
 * used lately gives way, second chance: a hand goes round, and what was used since it came by last stays for another round.
 */
import { PackedMemory } from "./packed-memory.js";

/** What a key takes on the heap beside its characters: its entry, and its places in maps and lists. */
export const ENTRY_BYTES = 256;
/** A record may use as many values as that at a time: those that were used last do not give way. */
const LATEST_STAY = 64;
/** How many entries the hand looks at for each that comes. */
const LOOKS = 128;

/** A key of a packed store. */
export interface CachedEntry {
  readonly key: string;
  /** Whether it was used since the hand came by last. */
  used: boolean;
  /** {@link PackedCache.uses} when it was used last. */
  usedAt: number;
  /** Its index in the hand's round. */
  index: number;
  /** Whether all of it is in the folder. */
  readonly mayGo: boolean;
  /** Leaves its store, and the cache. */
  leave(): void;
}

/** One for all packed stores of a process. */
export class PackedCache {
  readonly memory = new PackedMemory();
  /** Uses of entries so far. */
  uses = 0;
  /** Bytes of entries that are committed and not in their folders. */
  unsavedBytes = 0;
  readonly #bytesMax: number;
  readonly #entries: CachedEntry[] = [];
  #hand = 0;
  #entryBytes = 0;

  /** @param bytesMax of values and keys; 0 keeps none that is in its folder, but for the latest */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of values and keys, roughly. */
  get bytes(): number {
    return this.memory.usedBytes + this.#entryBytes;
  }

  /** Bytes that the values' memory takes, with what is free in it. */
  get memoryBytes(): number {
    return this.memory.bytes;
  }

  /** Takes an entry in; others give way. */
  add(entry: CachedEntry): void {
    entry.used = true;
    entry.usedAt = ++this.uses;
    entry.index = this.#entries.length;
    this.#entries.push(entry);
    this.#entryBytes += bytesOf(entry);
    this.evict(LOOKS);
  }

  /** An entry leaves; the last one takes its index. */
  remove(entry: CachedEntry): void {
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) {
      this.#entries[entry.index] = last;
      last.index = entry.index;
    }
    this.#entryBytes -= bytesOf(entry);
  }

  /** Has values give way until the bound holds, or `looks` entries were looked at. */
  evict(looks: number): void {
    for (let left = Math.min(looks, 2 * this.#entries.length); this.bytes > this.#bytesMax && left > 0; left--) {
      if (this.#hand >= this.#entries.length) this.#hand = 0;
      const entry = this.#entries[this.#hand];
      if (entry === undefined) return;
      if (entry.mayGo && !entry.used && entry.usedAt + LATEST_STAY < this.uses) {
        // The last entry takes its index, and is looked at next.
        entry.leave();
        continue;
      }
      entry.used = false;
      this.#hand++;
    }
  }
}

const bytesOf = ({ key }: CachedEntry): number => ENTRY_BYTES + key.length;
