/** The steps of a layout as the codec reads them: words of 32 bits, each followed by its operands. */

export const STEP = {
  end: 0,
  /** Bytes of the layout: place, length. */
  literal: 1,
  /** Bytes that the caller gives. */
  given: 2,
  /** The next number. */
  number: 3,
  /** As many next numbers as the caller says, with commas between them. */
  list: 4,
  /** Bytes of the layout that the next number chooses, from 0 on: place of a table of places and lengths. */
  choice: 5,
} as const;

/** Words of each step, itself included. */
export const STEP_WORDS: readonly number[] = [1, 3, 1, 1, 1, 2];
