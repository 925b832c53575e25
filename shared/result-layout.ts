/**
 * What services and the kernel tell each other about records in the memory of numbers/memory.ts: where those lie that are read, and
 * how those are laid out that are written. Places are bytes from the beginning of that memory.
 */

/** Where a record's key and value lie. */
export interface RecordPlaces {
  readonly keyAt: number;
  /** -1: it has no key. */
  readonly keyLength: number;
  readonly valueAt: number;
  /** -1: it has no value. */
  readonly valueLength: number;
}

/** How results of one kind are laid out, see numbers/layout.ts. */
export interface Layout {
  /** Where its steps lie. */
  readonly steps: number;
  /** Bytes of its texts, at most. */
  readonly bytes: number;
  /** Numbers that stand alone. */
  readonly numbers: number;
  /** Lists of numbers, all of one length. */
  readonly lists: number;
}

/** What a result takes besides its layout. */
export interface Given {
  /** Bytes that stand in the result as they are, such as the head of the observation. */
  at: number;
  length: number;
  /** The result's key. */
  keyAt: number;
  keyLength: number;
  /** Index of its first number in `numbers` of numbers/memory.ts; the others follow it in the order of the layout. */
  from: number;
  /** Numbers of each list. */
  listLength: number;
}
