/**
 * Records that a process has written and not yet handed over to the client: one block of bytes and one table of rows. Results are
 * rendered where they are handed over from, and no object is made for each.
 */
import { HEADER_ROW, HeaderColumn } from "../../kafka/header-rows.js";
import { Column, type RecordBatch, ROW } from "../../kafka/record-batch.js";
import { headerEntry } from "../../kafka/record-headers.js";
import { codecBytes, type Region, regions } from "../../numbers/memory.js";
import type { RecordHeaders } from "../../service-definition.js";

/** Most records in a block: 4 MiB of rows. */
const RECORDS_MAX = 65_536;
const FIRST_RECORDS = 1024;
const FIRST_HEADERS = 64;

/** Whether a block has the region of results: there is one of it in a process. */
let isLent = false;

/** Names and values of headers that lie in the block: the results of a record have the same. */
interface HeadersInPlace {
  readonly headers: RecordHeaders;
  /** {@link HeaderColumn}s of each, without the record. */
  readonly rows: readonly number[];
}

export class ResultBlock {
  readonly #region: Region;
  readonly #bytes: Buffer;
  /** Whether {@link room} gives places: the memory is the one in which results are rendered. */
  readonly #isCodecs: boolean;
  #rows = new Float64Array(ROW * FIRST_RECORDS);
  #headers = new Float64Array(HEADER_ROW * FIRST_HEADERS);
  #headerCount = 0;
  readonly #topics: string[] = [];
  readonly #places = new Map<string, number>();
  #count = 0;
  /** Records before it are handed over. */
  #handedOver = 0;
  #end: number;
  #lastHeaders: HeadersInPlace | undefined;

  constructor() {
    this.#isCodecs = !isLent;
    isLent = true;
    this.#region = this.#isCodecs ? regions.results : { at: 0, length: regions.results.length };
    this.#bytes = this.#isCodecs ? codecBytes : Buffer.allocUnsafeSlow(regions.results.length);
    this.#end = this.#region.at;
  }

  /** Gives the region of results back; the block is empty. */
  close(): void {
    if (this.#isCodecs) isLent = false;
  }

  /** Whether all of it is handed over. */
  get isEmpty(): boolean {
    return this.#handedOver === this.#count;
  }

  /** Whether half of it is taken, so that it should be handed over. */
  get isHalfFull(): boolean {
    return 2 * (this.#end - this.#region.at) >= this.#region.length || 2 * this.#count >= RECORDS_MAX;
  }

  /**
   * Where so many bytes may be rendered, as a place in the codec's memory, until the next call; 0 where the block has no room for
   * them, or lies elsewhere.
   */
  room(bytes: number): number {
    return this.#isCodecs && this.#hasRoom(bytes) ? this.#end : 0;
  }

  /**
   * Makes a record of bytes that were rendered at {@link room}: its key, and its value behind it.
   * @param headers undefined where it has none
   * @returns false where there is no room for the headers
   */
  take(
    topic: string,
    at: number,
    keyLength: number,
    valueLength: number,
    timestamp: number | undefined,
    headers: RecordHeaders | undefined,
  ): boolean {
    const before = this.#end;
    this.#end = at + keyLength + valueLength;
    if (!this.#addRow(topic, undefined, timestamp, headers, before)) return false;
    this.#setPlaces(at, keyLength, at + keyLength, valueLength);
    return true;
  }

  /** A copy of bytes that lie here. */
  copy(at: number, length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(at, at + length));
  }

  /** Copies a record. @returns false where there is no room for it */
  write(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number | undefined,
    headers: RecordHeaders | undefined,
  ): boolean {
    if (!this.#hasRoom((key?.length ?? 0) + (value?.length ?? 0))) return false;
    const before = this.#end;
    const keyAt = this.#put(key);
    const valueAt = this.#put(value);
    if (!this.#addRow(topic, partition, timestamp, headers, before)) return false;
    this.#setPlaces(keyAt, key?.length ?? -1, valueAt, value?.length ?? -1);
    return true;
  }

  /**
   * Gives what was not handed over to `produce`, which says how far it came. An empty block begins anew.
   * @param produce takes records from a number on, and returns the number of the first that it did not take
   */
  handOver(produce: (batch: RecordBatch, from: number) => number): void {
    if (!this.isEmpty) this.#handedOver = produce(this.#batch(), this.#handedOver);
    if (this.isEmpty) this.clear();
  }

  /** Forgets all that it holds. */
  clear(): void {
    this.#count = 0;
    this.#handedOver = 0;
    this.#headerCount = 0;
    this.#end = this.#region.at;
    this.#lastHeaders = undefined;
  }

  #batch(): RecordBatch {
    return {
      count: this.#count,
      topics: this.#topics,
      bytes: this.#bytes,
      rows: this.#rows,
      headers: this.#headers.subarray(0, HEADER_ROW * this.#headerCount),
    };
  }

  #hasRoom(bytes: number): boolean {
    return this.#end + bytes <= this.#region.at + this.#region.length && this.#count < RECORDS_MAX;
  }

  /** @returns where the bytes lie now */
  #put(bytes: Buffer | null): number {
    const at = this.#end;
    if (bytes !== null) this.#end += bytes.copy(this.#bytes, at);
    return at;
  }

  /**
   * Adds a record whose bytes lie here, without their places.
   * @param before where the block ended before those bytes, and ends again where there is no room for the headers
   * @returns false where there is no room for the headers
   */
  #addRow(
    topic: string,
    partition: number | undefined,
    timestamp: number | undefined,
    headers: RecordHeaders | undefined,
    before: number,
  ): boolean {
    if (headers !== undefined && !this.#addHeaders(headers)) {
      this.#end = before;
      return false;
    }
    const row = ROW * this.#count++;
    if (row === this.#rows.length) this.#rows = grown(this.#rows);
    this.#rows[row + Column.topic] = this.#topic(topic);
    this.#rows[row + Column.partition] = partition ?? -1;
    this.#rows[row + Column.timestamp] = timestamp ?? 0;
    return true;
  }

  /** Of the record that was added last; a length of -1 is null. */
  #setPlaces(keyAt: number, keyLength: number, valueAt: number, valueLength: number): void {
    const row = ROW * (this.#count - 1);
    this.#rows[row + Column.keyAt] = keyAt;
    this.#rows[row + Column.keyLength] = keyLength;
    this.#rows[row + Column.valueAt] = valueAt;
    this.#rows[row + Column.valueLength] = valueLength;
  }

  #topic(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#topics.push(name) - 1;
      this.#places.set(name, place);
    }
    return place;
  }

  /** Gives the record that is added next these headers. @returns false where there is no room for them */
  #addHeaders(headers: RecordHeaders): boolean {
    if (this.#lastHeaders?.headers !== headers) {
      const rows: number[] = [];
      for (const [name, value] of headers.map(headerEntry)) {
        const bytes = Buffer.from(name);
        if (!this.#hasRoom(bytes.length + value.length)) return false;
        rows.push(this.#put(bytes), bytes.length, this.#put(value), value.length);
      }
      this.#lastHeaders = { headers, rows };
    }
    const { rows } = this.#lastHeaders;
    for (let at = 0; at < rows.length; at += HEADER_ROW - 1) {
      const header = HEADER_ROW * this.#headerCount++;
      if (header === this.#headers.length) this.#headers = grown(this.#headers);
      this.#headers[header + HeaderColumn.record] = this.#count;
      for (let column = 0; column < HEADER_ROW - 1; column++) this.#headers[header + 1 + column] = rows[at + column];
    }
    return true;
  }
}

function grown(rows: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * rows.length);
  larger.set(rows);
  return larger;
}
