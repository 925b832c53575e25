/**
 * How the numbers and texts of a state value become bytes and back: little endian, doubles bit for bit, a text as its length
 * in UTF-8 bytes (u8) and those bytes. A codec reads in the order in which it writes. The codecs of deserializer and producer are
 * older than this file: theirs are written by hand and big-endian, and stay so, since their bytes are in changelogs.
 */

/** Memory of a live array besides its numbers: the array, its buffer, and what V8 and the allocator keep for them. */
const ARRAY_BYTES = 256;
/** What a live object of some numbers and names takes. */
export const OBJECT_BYTES = 160;

/** The memory that a live array of so many doubles takes, in bytes. */
export function arrayBytes(length: number): number {
  return ARRAY_BYTES + 8 * length;
}

/** Fills a buffer of a known length. Its bytes are to be used only after {@link StateWriter.end} has passed. */
export class StateWriter {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  /** 0 while every double written is finite, NaN ever after: v − v is 0 for finite v only. */
  #probe = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  f64(value: number): void {
    this.#probe += value - value;
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  doubles(values: Float64Array): void {
    for (let k = 0; k < values.length; k++) this.#probe += values[k] - values[k];
    this.doublesOrNaN(values);
  }

  /** Doubles among which NaN has a meaning. */
  doublesOrNaN(values: Float64Array): void {
    let at = this.#at;
    for (let k = 0; k < values.length; k++, at += 8) this.#view.setFloat64(at, values[k], true);
    this.#at = at;
  }

  /** @param value at most 255 bytes of UTF-8 */
  text(value: string): void {
    const length = this.#bytes.write(value, this.#at + 1);
    this.#bytes.writeUInt8(length, this.#at);
    this.#at += 1 + length;
  }

  /** @throws {RangeError} a double was not finite, or the value does not fill the buffer */
  end(): void {
    if (this.#probe !== 0) throw new RangeError("expected finite numbers only in a state, got one that is not");
    if (this.#at !== this.#bytes.length) {
      throw new RangeError(
        `expected a state of ${this.#bytes.length} bytes, got ${this.#at}: its arrays do not fit it`,
      );
    }
  }
}

/** Reads what a {@link StateWriter} wrote. Every method throws a RangeError where the bytes end too early. */
export class StateReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** One allocation for all arrays of a value: with one each, allocating takes most of the time of a decode. */
  readonly #block: ArrayBuffer;
  #blockUsed = 0;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#block = new ArrayBuffer(bytes.length);
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A new array; it does not live in the bytes it came from. */
  doubles(length: number): Float64Array {
    let at = this.#take(8 * length);
    const values = new Float64Array(this.#block, this.#blockUsed, length);
    this.#blockUsed += 8 * length;
    for (let k = 0; k < length; k++, at += 8) values[k] = this.#view.getFloat64(at, true);
    return values;
  }

  text(): string {
    const length = this.#view.getUint8(this.#take(1));
    const at = this.#take(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  /** @throws {RangeError} there are bytes after the value */
  end(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest !== 0) throw new RangeError(`expected a state of ${this.#at} bytes, got ${rest} more`);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) {
      throw new RangeError(
        `expected ${length} bytes of a state at ${at}, got ${this.#bytes.length - at}: it is cut short`,
      );
    }
    this.#at = at + length;
    return at;
  }
}
