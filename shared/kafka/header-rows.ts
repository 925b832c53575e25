/** Headers of a batch's records as they lie in memory: a table of doubles beside that of the records. */
import type { RecordHeaders } from "../service-definition.js";
import { EMPTY, headerOf } from "./record-headers.js";

/** Doubles of a header's row, see {@link HeaderColumn}. */
export const HEADER_ROW = 5;

/** What stands where in a header's row. */
export const HeaderColumn = {
  /** Which record has it, as its number in the batch. Rows are in the order of the records. */
  record: 0,
  nameAt: 1,
  nameLength: 2,
  valueAt: 3,
  /** -1: null. */
  valueLength: 4,
} as const;

/** The headers of a batch, a row each, and the bytes that the rows point to. */
interface HeaderRows {
  readonly bytes: Buffer;
  /** {@link HEADER_ROW} doubles a header. */
  readonly headers: Float64Array;
}

/** Copies of the headers from row `from` to `end`. One without a value reads as one of no bytes. */
export function headersIn({ bytes, headers }: HeaderRows, from: number, end: number): RecordHeaders {
  const found: RecordHeaders[number][] = [];
  for (let at = from; at < end; at += HEADER_ROW) {
    const name = bytesAt(bytes, headers[at + HeaderColumn.nameAt], headers[at + HeaderColumn.nameLength]);
    const value = bytesAt(bytes, headers[at + HeaderColumn.valueAt], headers[at + HeaderColumn.valueLength]);
    found.push(headerOf(name.toString(), Buffer.from(value)));
  }
  return found;
}

/** Whether the headers from row `at` to `end` are, byte for byte, those from row `before` on. */
export function areSameHeaders({ bytes, headers }: HeaderRows, before: number, at: number, end: number): boolean {
  for (let row = at, other = before; row < end; row += HEADER_ROW, other += HEADER_ROW) {
    for (let column: number = HeaderColumn.nameAt; column < HEADER_ROW; column += 2) {
      const length = headers[row + column + 1];
      if (length !== headers[other + column + 1]) return false;
      const a = headers[row + column];
      const b = headers[other + column];
      for (let j = 0; j < length; j++) if (bytes[a + j] !== bytes[b + j]) return false;
    }
  }
  return true;
}

/** Where the headers of record `k` end that begin at row `at`. */
export function endOfHeaders(headers: Float64Array, at: number, k: number): number {
  let end = at;
  while (end < headers.length && headers[end] === k) end += HEADER_ROW;
  return end;
}

/** Where the headers of record `k` begin, or those of the next that has any. */
export function firstHeader(headers: Float64Array, k: number): number {
  let low = 0;
  let high = headers.length / HEADER_ROW;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (headers[HEADER_ROW * middle] < k) low = middle + 1;
    else high = middle;
  }
  return HEADER_ROW * low;
}

function bytesAt(bytes: Buffer, at: number, length: number): Buffer {
  return length <= 0 ? EMPTY : bytes.subarray(at, at + length);
}
