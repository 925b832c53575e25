/**
 * Records of a batch as they lie in memory: one block of bytes, one table of doubles, no object for each. The client's built half
 * makes and takes them in this form (deploy/local/setup/client-batch.cc); for the one that npm has they are made and taken apart here.
 */
import { codecBytes } from "../numbers/memory.js";
import type { RecordPlaces } from "../result-layout.js";
import type { InputRecord, RecordHeaders } from "../service-definition.js";
import type { ConsumedRecord } from "./consumed-record.js";
import { areSameHeaders, endOfHeaders, firstHeader, HEADER_ROW, headersIn } from "./header-rows.js";
import { EMPTY, headerEntry } from "./record-headers.js";

/** Doubles of a record's row, see {@link Column}. */
export const ROW = 8;

/** What stands where in a row. Places are those of bytes in the block; a length of -1 is null, which is not the same as no bytes. */
export const Column = {
  /** Place of its name in the list of topics. */
  topic: 0,
  /** -1 in a record to write: by the hash of its key. */
  partition: 1,
  /** Of no meaning in a record to write. */
  offset: 2,
  /** In ms since the epoch; 0 in a record to write: the present. */
  timestamp: 3,
  keyAt: 4,
  keyLength: 5,
  valueAt: 6,
  valueLength: 7,
} as const;

const NO_ROWS = new Float64Array(0);

/** Records that were consumed or are to be written. Valid as long as whoever owns its memory says so. */
export interface RecordBatch {
  readonly count: number;
  /** Their names, each once. */
  readonly topics: readonly string[];
  readonly bytes: Buffer;
  /** {@link ROW} doubles a record. */
  readonly rows: Float64Array;
  /** {@link HEADER_ROW} doubles a header. Most records have none, and cost nothing here. */
  readonly headers: Float64Array;
}

export const EMPTY_BATCH: RecordBatch = {
  count: 0,
  topics: [],
  bytes: EMPTY,
  rows: NO_ROWS,
  headers: NO_ROWS,
};

/** Memory that a batch is fetched into; it is lent until the batch has come, and holds it until it is lent again. */
export interface BatchRoom {
  /** Where bytes go; a batch that has more gets memory of its own. */
  readonly bytes: Buffer;
  /** {@link ROW} doubles for each record that a batch may have. */
  readonly rows: Float64Array;
}

/** Room for batches of so many records and bytes. */
export function newRoom(records: number, bytes: number): BatchRoom {
  return { bytes: Buffer.allocUnsafeSlow(bytes), rows: new Float64Array(ROW * records) };
}

/**
 * A record of a batch, moved from one to the next. What it gives lives as long as the batch: whoever needs a key or a value for
 * longer copies the bytes. Headers are copied here.
 */
export class RecordView implements InputRecord, RecordPlaces {
  #batch = EMPTY_BATCH;
  /** Where the batch begins in the codec's memory; -1 where it lies elsewhere. */
  #base = -1;
  #row = 0;
  #k = 0;
  /** Made when they are asked for. */
  #key: Buffer | null | undefined;
  #value: Buffer | null | undefined;
  /** The headers that were given last, undefined before the first of a batch, and where they stand in its table. */
  #headers: RecordHeaders | undefined;
  #headersAt = 0;
  #headersEnd = 0;

  /** Moves to record `k` of a batch. @returns itself */
  at(batch: RecordBatch, k: number): this {
    if (batch !== this.#batch) {
      this.#base = batch.bytes.buffer === codecBytes.buffer ? batch.bytes.byteOffset : -1;
      this.#headers = undefined;
    }
    this.#batch = batch;
    this.#k = k;
    this.#row = ROW * k;
    this.#key = undefined;
    this.#value = undefined;
    return this;
  }

  get topic(): string {
    return this.#batch.topics[this.#number(Column.topic)];
  }

  get partition(): number {
    return this.#number(Column.partition);
  }

  get offset(): number {
    return this.#number(Column.offset);
  }

  get timestamp(): number {
    return this.#number(Column.timestamp);
  }

  get key(): Buffer | null {
    if (this.#key === undefined) this.#key = this.#slice(Column.keyAt);
    return this.#key;
  }

  get value(): Buffer | null {
    if (this.#value === undefined) this.#value = this.#slice(Column.valueAt);
    return this.#value;
  }

  /** The same array as of the record before it that was asked, where that had the same: most records of a batch do. */
  get headers(): RecordHeaders | undefined {
    const { headers } = this.#batch;
    if (headers.length === 0) return undefined;
    const next = this.#headers === undefined ? 0 : this.#headersEnd;
    const at = headers[next] === this.#k ? next : firstHeader(headers, this.#k);
    const end = endOfHeaders(headers, at, this.#k);
    if (at === end) return undefined;
    const isLast =
      end - at === this.#headersEnd - this.#headersAt && areSameHeaders(this.#batch, this.#headersAt, at, end);
    if (this.#headers === undefined || !isLast) this.#headers = headersIn(this.#batch, at, end);
    this.#headersAt = at;
    this.#headersEnd = end;
    return this.#headers;
  }

  /** Itself, where the batch lies in the codec's memory. */
  get places(): RecordPlaces | undefined {
    return this.#base < 0 ? undefined : this;
  }

  get keyAt(): number {
    return this.#base + this.#number(Column.keyAt);
  }

  get keyLength(): number {
    return this.#number(Column.keyLength);
  }

  get valueAt(): number {
    return this.#base + this.#number(Column.valueAt);
  }

  get valueLength(): number {
    return this.#number(Column.valueLength);
  }

  /** A record that outlives the batch. */
  copy(): InputRecord {
    const { topic, partition, offset, timestamp, key, value, headers } = this;
    return {
      topic,
      partition,
      offset,
      timestamp,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers,
    };
  }

  #number(column: number): number {
    return this.#batch.rows[this.#row + column];
  }

  /** @param at column of the place; that of the length stands beside it */
  #slice(at: number): Buffer | null {
    const length = this.#number(at + 1);
    if (length <= 0) return length < 0 ? null : EMPTY;
    const begin = this.#number(at);
    return this.#batch.bytes.subarray(begin, begin + length);
  }
}

/** The greatest offset that a batch has of a partition; -1 where it has none. */
export function lastOffset({ count, topics, rows }: RecordBatch, topic: string, partition: number): number {
  const place = topics.indexOf(topic);
  let last = -1;
  if (place < 0) return last;
  for (let row = 0; row < ROW * count; row += ROW) {
    if (rows[row + Column.topic] === place && rows[row + Column.partition] === partition)
      last = Math.max(last, rows[row + Column.offset]);
  }
  return last;
}

/** The batch of records that came one by one, in `room` where it is large enough. */
export function batchOf(records: readonly ConsumedRecord[], room: BatchRoom): RecordBatch {
  const writer = new BatchWriter(room.rows, roomFor(records, room.bytes));
  for (const record of records) writer.add(record);
  return writer.batch(records.length);
}

function roomFor(records: readonly ConsumedRecord[], lent: Buffer): Buffer {
  let bytes = 0;
  for (const { key, value, headers } of records) {
    bytes += (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, content] of (headers ?? []).map(headerEntry)) bytes += Buffer.byteLength(name) + content.length;
  }
  return bytes <= lent.length ? lent : Buffer.allocUnsafeSlow(bytes);
}

class BatchWriter {
  readonly #rows: Float64Array;
  readonly #bytes: Buffer;
  readonly #topics: string[] = [];
  readonly #headers: number[] = [];
  #row = 0;
  #at = 0;

  constructor(rows: Float64Array, bytes: Buffer) {
    this.#rows = rows;
    this.#bytes = bytes;
  }

  add({ topic, partition, offset, timestamp, key, value, headers }: ConsumedRecord): void {
    const rows = this.#rows;
    const row = this.#row;
    this.#row += ROW;
    rows[row + Column.topic] = this.#topic(topic);
    rows[row + Column.partition] = partition;
    rows[row + Column.offset] = offset;
    rows[row + Column.timestamp] = timestamp ?? 0;
    rows[row + Column.keyAt] = this.#at;
    rows[row + Column.keyLength] = this.#put(key ?? null);
    rows[row + Column.valueAt] = this.#at;
    rows[row + Column.valueLength] = this.#put(value);
    for (const [name, content] of (headers ?? []).map(headerEntry)) {
      this.#headers.push(row / ROW, this.#at, this.#put(Buffer.from(name)), this.#at, this.#put(content));
    }
  }

  batch(count: number): RecordBatch {
    return {
      count,
      topics: this.#topics,
      bytes: this.#bytes,
      rows: this.#rows,
      headers: this.#headers.length === 0 ? NO_ROWS : Float64Array.from(this.#headers),
    };
  }

  #topic(name: string): number {
    const place = this.#topics.indexOf(name);
    return place >= 0 ? place : this.#topics.push(name) - 1;
  }

  /** @returns its length, -1 where there is none */
  #put(bytes: Buffer | null): number {
    if (bytes === null) return -1;
    this.#at += bytes.copy(this.#bytes, this.#at);
    return bytes.length;
  }
}
