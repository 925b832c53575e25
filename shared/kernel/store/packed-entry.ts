/** A key of a packed store: where its value lies, and what becomes of it. */
import type { PackedValue } from "../../service-definition.js";
import type { CachedEntry } from "./packed-cache.js";
import { type Chunk, HEAD_BYTES, NOWHERE, type PackedMemory } from "./packed-memory.js";

/** A value before a change: its whole place, where it was replaced. */
interface FormerPlace {
  readonly chunk: Chunk;
  readonly bytes: Buffer;
  readonly start: number;
  readonly length: number;
}
/** A copy of a value, with its head. */
export interface UndoCopy {
  readonly bytes: Buffer;
  /** Its first byte. */
  readonly start: number;
  /** Bytes of its body. */
  readonly length: number;
}

/** The key had no value. */
export const ABSENT = Symbol("absent");
/** The key was not in memory: its folder has what it had. */
export const IN_FOLDER = Symbol("in folder");
/** What a key had before the changes of a commit. */
export type Former = FormerPlace | UndoCopy | typeof ABSENT | typeof IN_FOLDER;

/** The store of an entry. */
export interface EntryOwner {
  /** An entry has left. */
  forget(entry: PackedEntry): void;
}

const NONE = -1;
const NEVER = Number.NEGATIVE_INFINITY;

/** See the file's head. It is the value that process() is given. */
export class PackedEntry implements PackedValue, CachedEntry {
  readonly key: string;
  used = true;
  usedAt = 0;
  index = 0;
  /** Before the changes that are not sealed; undefined where there are none. */
  open: Former | undefined;
  /** Before the changes whose commit is under way; undefined where there are none. */
  sealed: Former | undefined;
  /** Bytes that a pass has still to write; 0 where the committed value is in the folder or on its way. */
  unsavedBytes = 0;
  /** Steps of the value when it was last logged whole, and when it was last logged at all, see packed-log.ts. */
  wholeAt = NEVER;
  loggedAt = NEVER;
  /** Writes to the folder that are under way. */
  landing = 0;
  /** Its store; undefined once it has left. */
  #owner: EntryOwner | undefined;
  #chunk: Chunk = NOWHERE;
  #start = 0;
  #length = NONE;

  constructor(key: string, owner: EntryOwner) {
    this.key = key;
    this.#owner = owner;
  }

  /** Whether it is one of that store. */
  isOf(owner: EntryOwner): boolean {
    return this.#owner === owner;
  }

  get bytes(): Buffer {
    return this.#chunk.bytes;
  }

  get doubles(): Float64Array {
    return this.#chunk.doubles;
  }

  get at(): number {
    return (this.#start + HEAD_BYTES) / 8;
  }

  /** Its first byte, of its head. */
  get start(): number {
    return this.#start;
  }

  /** Bytes of its body; below 0 where it has no value. */
  get length(): number {
    return this.#length;
  }

  get isAbsent(): boolean {
    return this.#length < 0;
  }

  get mayGo(): boolean {
    return this.unsavedBytes === 0 && this.landing === 0 && this.open === undefined && this.sealed === undefined;
  }

  /** The committed value. */
  get committed(): PackedEntry | Former {
    return this.sealed ?? this.open ?? (this.isAbsent ? ABSENT : this);
  }

  leave(): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.forget(this);
  }

  /** Gives it a place for a body of `length` bytes, whose bytes are still any. */
  place(memory: PackedMemory, length: number): void {
    this.clear(memory);
    this.#chunk = memory.chunkFor(HEAD_BYTES + length);
    this.#start = memory.take(this.#chunk);
    this.#length = length;
  }

  /** It has no value any more. */
  clear(memory: PackedMemory): void {
    if (this.#chunk !== NOWHERE) memory.give(this.#chunk, this.#start);
    this.#leavePlace();
  }

  /** Gives its place up to whoever keeps the value for an abort. */
  handOver(): Former {
    if (this.isAbsent) return ABSENT;
    const former = { chunk: this.#chunk, bytes: this.#chunk.bytes, start: this.#start, length: this.#length };
    this.#leavePlace();
    return former;
  }

  /** Its next change is logged whole. */
  forgetLogged(): void {
    this.wholeAt = NEVER;
    this.loggedAt = NEVER;
  }

  /** Has its former value again, after an abort; leaves memory where nothing of it is to be kept there. */
  putBack(memory: PackedMemory, former: Former | undefined): void {
    // What an aborted commit has logged is read by nobody.
    this.forgetLogged();
    if (former === undefined) return;
    if (typeof former === "symbol") {
      this.clear(memory);
      if (former === IN_FOLDER || this.mayGo) this.leave();
      return;
    }
    const { bytes, start, length } = former;
    if ("chunk" in former) {
      this.clear(memory);
      this.#chunk = former.chunk;
      this.#start = start;
      this.#length = length;
    } else {
      if (this.isAbsent || this.length !== length) this.place(memory, length);
      bytes.copy(this.bytes, this.start, start, start + HEAD_BYTES + length);
    }
  }

  /** What it had before a commit is not needed any more. */
  giveUp(memory: PackedMemory, former: Former | undefined): void {
    if (typeof former === "object" && "chunk" in former) memory.give(former.chunk, former.start);
  }

  #leavePlace(): void {
    this.#chunk = NOWHERE;
    this.#start = 0;
    this.#length = NONE;
  }
}
