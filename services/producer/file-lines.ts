/** Reads a text file a block at a time, from any line on. */
import { closeSync, openSync, readSync } from "node:fs";

/** Longest line, in bytes. */
export const LINE_BYTES_MAX = 128 * 1024;
/** Bytes that are read at once: room for a line of the greatest length and its end. */
const BLOCK_BYTES = LINE_BYTES_MAX + 2;

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** One line of a file in UTF-8. */
export interface FileLine {
  /** Without the line end. */
  readonly text: string;
  /** Where the next line begins, in bytes from the start of the file. */
  readonly next: number;
}

/**
 * The lines from byte `start` of a file on, as many as a block holds, blank ones left out; none at the end of the file.
 * A line ends with LF or CR LF; the last one of the file needs no end.
 * @param start 0, or where a line begins
 * @throws {RangeError} a line is longer than {@link LINE_BYTES_MAX}; the message says where it begins
 * @throws {Error} of node:fs, where the file cannot be read
 */
export function readLines(path: string, start: number): readonly FileLine[] {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  const descriptor = openSync(path, "r");
  try {
    let blockStart = start;
    for (;;) {
      const length = readSync(descriptor, block, 0, BLOCK_BYTES, blockStart);
      if (length === 0) return [];
      const { lines, rest } = linesOf(block.subarray(0, length), blockStart);
      if (lines.length > 0) return lines;
      if (rest === 0)
        throw new RangeError(
          `expected lines of at most ${LINE_BYTES_MAX} bytes, got a longer one at byte ${blockStart}`,
        );
      // All lines of the block were blank.
      blockStart += rest;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The lines of a block that begins at byte `start` of its file, and where in the block the first unfinished one begins. */
function linesOf(block: Buffer, start: number): { lines: readonly FileLine[]; rest: number } {
  const lines: FileLine[] = [];
  const atFileEnd = block.length < BLOCK_BYTES;
  let lineStart = start === 0 && block.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0;
  while (lineStart < block.length) {
    const lineFeed = block.indexOf(LINE_FEED, lineStart);
    if (lineFeed === -1 && !atFileEnd) break;
    const end = lineFeed === -1 ? block.length : lineFeed;
    const next = lineFeed === -1 ? end : end + 1;
    const text = block.toString("utf8", lineStart, end).replace(/\r$/, "");
    if (text.trim() !== "") lines.push({ text, next: start + next });
    lineStart = next;
  }
  return { lines, rest: lineStart };
}
