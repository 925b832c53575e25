/** Headers of an input record: which of them its results get, and how they stand beside the product's own in a dead letter. */
import { CONTRACT_VERSION, SCHEMA_HEADER } from "../contract-version.js";
import type { RecordHeaders } from "../service-definition.js";

/** Most bytes of headers that each result of a record gets, as {@link headerBytes} counts them. */
export const TRAVELLING_BYTES_MAX = 8192;
/** What Kafka and the client need beside a header's name and value, at most. */
const HEADER_OVERHEAD_BYTES = 16;
/** Names of the product's own headers begin so: a result never gets one of its input. */
const OWN_PREFIX = "regatta-";
/** Put before a raw header's name in a dead letter, where it could pass for one of the dead letter's own. */
const RAW_PREFIX = "raw-";

/** No bytes, but with memory: the client treats an empty buffer without memory as no buffer at all. */
export const EMPTY = Buffer.alloc(1).subarray(0, 0);

/** The headers that a record's results get. */
export interface Travelling {
  /** Undefined where there are none. */
  readonly headers: RecordHeaders | undefined;
  /** The same and {@link SCHEMA_HEADER}, for results that others read. */
  readonly described: RecordHeaders;
  /** Of all of these. */
  readonly bytes: number;
  /** How many did not fit into {@link TRAVELLING_BYTES_MAX}. */
  readonly left: number;
}

/** Name and value. A header named `__proto__` has no member of its own: the client makes its value the prototype. */
export function headerEntry(header: RecordHeaders[number]): readonly [name: string, value: Buffer] {
  // Not `for in`: that would visit every byte of such a prototype.
  const [name] = Object.keys(header);
  return name !== undefined
    ? [name, header[name]]
    : ["__proto__", Buffer.from(Object.getPrototypeOf(header) as Uint8Array)];
}

/** A header of any name; a value without bytes stays a value. */
export function headerOf(name: string, value: Buffer): RecordHeaders[number] {
  return { [name]: value.length === 0 ? EMPTY : value };
}

const SCHEMA = headerOf(SCHEMA_HEADER, Buffer.from(CONTRACT_VERSION));
const SCHEMA_BYTES = headerBytes([SCHEMA]);

export const NO_HEADERS: Travelling = { headers: undefined, described: [SCHEMA], bytes: SCHEMA_BYTES, left: 0 };

/** Bytes that headers need in a record, at most. */
export function headerBytes(headers: RecordHeaders): number {
  return headers.reduce((sum, header) => sum + entryBytes(headerEntry(header)), 0);
}

function entryBytes([name, value]: readonly [string, Buffer]): number {
  return Buffer.byteLength(name) + value.length + HEADER_OVERHEAD_BYTES;
}

/** The headers of a record that its results get, byte for byte and in their order. */
export function travelling(headers: RecordHeaders): Travelling {
  const kept: RecordHeaders[number][] = [];
  let bytes = 0;
  let left = 0;
  for (const header of headers) {
    const entry = headerEntry(header);
    const [name, value] = entry;
    if (name.startsWith(OWN_PREFIX)) continue;
    const size = entryBytes(entry);
    if (bytes + size > TRAVELLING_BYTES_MAX) {
      left++;
      continue;
    }
    bytes += size;
    kept.push(headerOf(name, value));
  }
  if (kept.length === 0) return left === 0 ? NO_HEADERS : { ...NO_HEADERS, left };
  return { headers: kept, described: [...kept, SCHEMA], bytes: bytes + SCHEMA_BYTES, left };
}

/**
 * A record's headers for its dead letter: each keeps its name, unless that is one of the dead letter's own or begins with
 * `raw-`. Such a header is written as `raw-<name>`: to get the record's own name, remove one `raw-` from each name that has one.
 * @param own names of the dead letter's own headers
 */
export function besideOwn(headers: RecordHeaders, own: ReadonlySet<string>): RecordHeaders {
  return headers.map((header) => {
    const [name, value] = headerEntry(header);
    return headerOf(own.has(name) || name.startsWith(RAW_PREFIX) ? RAW_PREFIX + name : name, value);
  });
}

/**
 * The record's headers that {@link besideOwn} wrote into a dead letter, under the names that they had, in their order.
 * @param own names of the dead letter's own headers
 */
export function withoutOwn(headers: RecordHeaders, own: ReadonlySet<string>): RecordHeaders {
  return headers.flatMap((header) => {
    const [name, value] = headerEntry(header);
    if (own.has(name)) return [];
    return [headerOf(name.startsWith(RAW_PREFIX) ? name.slice(RAW_PREFIX.length) : name, value)];
  });
}
