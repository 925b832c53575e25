/**
 * The one WebAssembly memory of a process: records that numbers are read from, and results that they are written into, lie here, so
 * that neither is copied on its way. Its size never changes, since growing would detach every view. A page that was never
 * touched costs no memory, so the regions are as large as they may have to be.
 */
import { memoryBudget } from "../memory-budget.js";
import type { RecordPlaces } from "../result-layout.js";
import type { InputRecord } from "../service-definition.js";

/** A part of the memory, in bytes from its beginning. {@link SLACK_BYTES} after it belong to it too, but hold nothing that lasts. */
export interface Region {
  readonly at: number;
  readonly length: number;
}

/** After the end of a region readers may read, and writers write, so far: numbers are read and written in whole words. */
export const SLACK_BYTES = 64;

/** Longest record that is staged; a longer one takes the plain way. */
export const STAGED_BYTES_MAX = 1024 * 1024;

/** Most numbers of one record; a record of more takes the plain way. */
export const NUMBERS_MAX = 65_536;

const PAGE_BYTES = 65_536;
/** Where the module's own data lies: its tables of powers and digits. */
const MODULE_BYTES = PAGE_BYTES;
/** Where layouts of results lie, see layout.ts. */
const LAYOUT_BYTES = 256 * 1024;
/** Bytes of the region of keys for each key that it can have: two slots, a place, and the key itself with its length. */
export const KEY_BYTES = 64;
/** Regions begin at multiples of this, so that doubles and vectors lie straight. */
const ALIGNMENT = 64;

let end = MODULE_BYTES;

function region(length: number): Region {
  const at = end;
  end = Math.ceil((at + length + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
  return { at, length };
}

const { batch, results, seriesKeys } = memoryBudget();

/** What lies where. */
export const regions = {
  /** Numbers of the record that is read or written, as doubles. */
  numbers: region(8 * NUMBERS_MAX),
  layouts: region(LAYOUT_BYTES),
  /** State keys of the series that were seen lately. */
  keys: region(seriesKeys),
  /** The newest two records that lay elsewhere. */
  staging: [region(STAGED_BYTES_MAX), region(STAGED_BYTES_MAX)],
  /** Batches of consumed records, in turn: one is processed while the next one is fetched. */
  inputs: [region(batch), region(batch)],
  /** Results that are not handed over to the client yet. */
  results: region(results),
} as const;

/** The part of the WebAssembly interface that is used in this room; Node's types leave it to the browser's. */
export interface WebAssemblyInterface {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
}
declare const WebAssembly: WebAssemblyInterface;

const pages = Math.ceil(end / PAGE_BYTES);

/** For the module, which imports it. */
export const codecMemory = new WebAssembly.Memory({ initial: pages, maximum: pages });

/** All of the memory. */
export const codecBytes: Buffer = Buffer.from(codecMemory.buffer);

/** Numbers of the record that is read or written. */
export const numbers = new Float64Array(codecMemory.buffer, regions.numbers.at, NUMBERS_MAX);

let staged = 0;

/**
 * Where bytes lie in the memory. Those that lie elsewhere are staged, and stay until two others have been.
 * @returns 0 where they are too many for that
 */
export function placeOf(bytes: Buffer): number {
  if (bytes.buffer === codecMemory.buffer) return bytes.byteOffset;
  if (bytes.length > STAGED_BYTES_MAX) return 0;
  staged = 1 - staged;
  const { at } = regions.staging[staged];
  codecBytes.set(bytes, at);
  return at;
}

const elsewhere = { keyAt: 0, keyLength: -1, valueAt: 0, valueLength: -1 };

/** Where a record's key and value lie, staged where they lie elsewhere: good until the next record. A place is 0 as for {@link placeOf}. */
export function placesOf(record: InputRecord): RecordPlaces {
  if (record.places !== undefined) return record.places;
  const { key, value } = record;
  elsewhere.keyAt = key === null ? 0 : placeOf(key);
  elsewhere.keyLength = key?.length ?? -1;
  elsewhere.valueAt = value === null ? 0 : placeOf(value);
  elsewhere.valueLength = value?.length ?? -1;
  return elsewhere;
}
