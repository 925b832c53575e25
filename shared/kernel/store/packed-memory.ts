/**
 * The memory outside of the heap that packed values of all stores of a process lie in: chunks of 1 MiB, each cut into places of one
 * size. A chunk that nothing lies in any more serves any other size, so that memory follows what values take now.
 */

/** What a value has before its body: checksum, format, kind, two zeros. A body begins at a double. */
export const HEAD_BYTES = 8;
/** Most values are far smaller; a larger one has a chunk of its own. */
const CHUNK_BYTES = 1024 * 1024;
const PLACE_BYTES_MAX = CHUNK_BYTES / 4;
/** Sizes of places differ by a sixteenth or less, so that no more than that is lost. */
const SIZES_PER_DOUBLING = 16;
/**
 * Bytes of chunks that are kept while nothing lies in them, for values of other sizes or, of a large value's own, for the next one of
 * its size: what is given back takes its room until the heap is cleaned, which is late where values take each other's place.
 */
const SPARE_BYTES_MAX = 8 * CHUNK_BYTES;

/** A piece of memory that is cut into places of `size` bytes. */
export class Chunk {
  readonly bytes: Buffer;
  readonly doubles: Float64Array;
  size = 0;
  /** Where its first place begins that was never used. */
  end = 0;
  /** Places that were given back. */
  readonly free: number[] = [];
  /** Places that are in use. */
  used = 0;
  /** Its index among the chunks of its size that have room; -1 where it is none of them. */
  index = -1;

  constructor(bytes: number) {
    const memory = new ArrayBuffer(bytes);
    this.bytes = Buffer.from(memory);
    this.doubles = new Float64Array(memory);
  }

  get isFull(): boolean {
    return this.free.length === 0 && this.end + this.size > this.bytes.length;
  }
}

/** Where no value lies. */
export const NOWHERE = new Chunk(0);

/** Bytes of a place that takes `bytes`, 1 or more: a multiple of 8. */
export function placeBytes(bytes: number): number {
  const step = Math.max(8, 2 ** Math.floor(Math.log2(bytes)) / SIZES_PER_DOUBLING);
  return Math.ceil(bytes / step) * step;
}

/** One for all packed stores of a process. */
export class PackedMemory {
  /** By size of their places. */
  readonly #withRoom = new Map<number, Chunk[]>();
  /** The longest unused first. */
  readonly #spare: Chunk[] = [];
  #spareBytes = 0;
  #bytes = 0;
  #usedBytes = 0;

  /** Bytes of the places that are in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes of all chunks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A chunk that has room for one more value of `bytes`, see {@link take}. */
  chunkFor(bytes: number): Chunk {
    const size = placeBytes(bytes);
    const chunks = this.#withRoom.get(size);
    const chunk = chunks?.at(-1);
    if (chunk !== undefined) return chunk;
    const made = this.#newChunk(size);
    if (size <= PLACE_BYTES_MAX) this.#addRoom(made);
    return made;
  }

  /** Takes a place of a chunk that has room. @returns its first byte */
  take(chunk: Chunk): number {
    chunk.used++;
    this.#usedBytes += chunk.size;
    const given = chunk.free.pop();
    const at = given ?? chunk.end;
    if (given === undefined) chunk.end += chunk.size;
    if (chunk.index >= 0 && chunk.isFull) this.#removeRoom(chunk);
    return at;
  }

  /** Gives a place back that was taken. */
  give(chunk: Chunk, at: number): void {
    chunk.used--;
    this.#usedBytes -= chunk.size;
    chunk.free.push(at);
    if (chunk.used > 0) {
      if (chunk.index < 0) this.#addRoom(chunk);
      return;
    }
    if (chunk.index >= 0) this.#removeRoom(chunk);
    this.#spare.push(chunk);
    this.#spareBytes += chunk.bytes.length;
    while (this.#spareBytes > SPARE_BYTES_MAX) this.#bytes -= this.#takeSpare(0)?.bytes.length ?? 0;
  }

  /** @param index -1 for none */
  #takeSpare(index: number): Chunk | undefined {
    const chunk = index < 0 ? undefined : this.#spare.splice(index, 1)[0];
    this.#spareBytes -= chunk?.bytes.length ?? 0;
    return chunk;
  }

  #newChunk(size: number): Chunk {
    const bytes = size <= PLACE_BYTES_MAX ? CHUNK_BYTES : size;
    const spare = this.#takeSpare(this.#spare.findLastIndex((chunk) => chunk.bytes.length === bytes));
    const chunk = spare ?? new Chunk(bytes);
    if (spare === undefined) this.#bytes += bytes;
    chunk.size = size;
    chunk.end = 0;
    chunk.free.length = 0;
    return chunk;
  }

  #addRoom(chunk: Chunk): void {
    const chunks = this.#withRoom.get(chunk.size);
    if (chunks === undefined) this.#withRoom.set(chunk.size, [chunk]);
    else chunks.push(chunk);
    chunk.index = (chunks?.length ?? 1) - 1;
  }

  /** The last one takes its index. */
  #removeRoom(chunk: Chunk): void {
    const chunks = this.#withRoom.get(chunk.size);
    const last = chunks?.pop();
    if (chunks !== undefined && last !== undefined && last !== chunk) {
      chunks[chunk.index] = last;
      last.index = chunk.index;
    }
    chunk.index = -1;
  }
}
