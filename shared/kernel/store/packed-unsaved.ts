/** The entries of a packed store whose committed values are not in the folder yet. */
import { ENTRY_BYTES, type PackedCache } from "./packed-cache.js";
import { ABSENT, type PackedEntry } from "./packed-entry.js";
import { HEAD_BYTES } from "./packed-memory.js";

/** Of one store. */
export class PackedUnsaved {
  readonly #cache: PackedCache;
  /** For the next pass; those that the pass under way has still to take; those whose write is under way. */
  #next: PackedEntry[] = [];
  #pass: PackedEntry[] = [];
  #landing: PackedEntry[] = [];

  constructor(cache: PackedCache) {
    this.#cache = cache;
  }

  /** The entry's value was committed. One that a pass has still to take is taken as it is now. */
  add(entry: PackedEntry): void {
    if (entry.unsavedBytes > 0) return;
    // Until it is saved, all that it takes has to stay in memory.
    entry.unsavedBytes = ENTRY_BYTES + entry.key.length + HEAD_BYTES + Math.max(0, entry.length);
    this.#cache.unsavedBytes += entry.unsavedBytes;
    this.#next.push(entry);
  }

  /** Keys, and whether they have a committed value. */
  keys(): ReadonlyMap<string, boolean> {
    const entries = [...this.#landing, ...this.#pass, ...this.#next];
    return new Map(entries.map((entry) => [entry.key, entry.committed !== ABSENT]));
  }

  beginPass(): void {
    this.#pass = this.#pass.concat(this.#next);
    this.#next = [];
  }

  get passIsOver(): boolean {
    return this.#pass.length === 0;
  }

  /** Takes entries of the pass whose values are to be written now, of `bytesMax` bytes and one more at most. */
  take(bytesMax: number): readonly PackedEntry[] {
    const taken: PackedEntry[] = [];
    for (let bytes = 0; bytes < bytesMax; ) {
      const entry = this.#pass.pop();
      if (entry === undefined) break;
      bytes += entry.unsavedBytes;
      this.#cache.unsavedBytes -= entry.unsavedBytes;
      entry.unsavedBytes = 0;
      entry.landing++;
      taken.push(entry);
    }
    this.#landing = this.#landing.concat(taken);
    return taken;
  }

  /** What was taken is in the folder. */
  landed(): void {
    for (const entry of this.#landing) {
      entry.landing--;
      if (entry.isAbsent && entry.mayGo) entry.leave();
    }
    this.#landing = [];
  }

  /** Forgets them all. */
  clear(): void {
    for (const { unsavedBytes } of [...this.#pass, ...this.#next]) this.#cache.unsavedBytes -= unsavedBytes;
    this.#next = [];
    this.#pass = [];
    this.#landing = [];
  }
}
