/** What a service gives the kernel to write a result that is laid out in memory; shared/numbers makes layouts and lays results out. */

/** How results of one kind are laid out, see numbers/layout.ts. */
export interface Layout {
  /** Where its steps lie in the memory of numbers/memory.ts. */
  readonly steps: number;
  /** Bytes of its texts, at most. */
  readonly bytes: number;
  /** Numbers that stand alone. */
  readonly numbers: number;
  /** Lists of numbers, all of one length. */
  readonly lists: number;
}

/** What a result takes besides its layout. Places are bytes from the beginning of the memory of numbers/memory.ts. */
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
