/** What a commit changes in a packed store, and what that was before, so that an abort can put it back. */
import type { PackedEntry, UndoCopy } from "./packed-entry.js";
import { HEAD_BYTES } from "./packed-memory.js";

const PIECE_BYTES = 256 * 1024;
/** Pieces that are kept for the next commits, of all stores of the process. */
const SPARE_PIECES_MAX = 64;
const spare: Buffer[] = [];

/** The changes of one store and one commit. */
export class PackedChanges {
  /** Each once. */
  entries: PackedEntry[] = [];
  /** What they were before, and those that are new, in bytes. */
  bytes = 0;
  #pieces: Buffer[] = [];
  #end = 0;

  /** Copies a value of `length` bytes behind its head, which begins at `start`. */
  copy(bytes: Buffer, start: number, length: number): UndoCopy {
    const size = HEAD_BYTES + length;
    let piece = this.#pieces.at(-1);
    if (piece === undefined || this.#end + size > piece.length) {
      piece = (size <= PIECE_BYTES ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(size, PIECE_BYTES));
      this.#pieces.push(piece);
      this.#end = 0;
    }
    const at = this.#end;
    bytes.copy(piece, at, start, start + size);
    this.#end = at + size;
    return { bytes: piece, start: at, length };
  }

  /** The commit has ended, or was aborted: nobody needs the copies any more. */
  clear(): void {
    this.entries = [];
    this.bytes = 0;
    for (const piece of this.#pieces)
      if (piece.length === PIECE_BYTES && spare.length < SPARE_PIECES_MAX) spare.push(piece);
    this.#pieces = [];
    this.#end = 0;
  }
}
