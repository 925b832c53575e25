/** The bytes of a file from any position on, of what a gzip or zstd file holds as well. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Gunzip } from "fflate";
import { Decompress } from "fzstd";

/**
 * Bytes that are inflated at once, which bounds the memory to some 50 MB: deflate packs at most to a thousandth, a zstd block of
 * 3 bytes may hold 128 kB.
 */
const PACKED_BYTES = { gz: 32 * 1024, zst: 1024 } as const;

export interface FileBytes {
  /**
   * At most `length` bytes from `position` on, of the content; fewer only where it ends for now.
   * @throws {Error} of node:fs, or of a packed file that is damaged or ends early
   */
  read(position: number, length: number): Buffer;
  /** Bytes of the file on disk that were read to get to the content's `position`. */
  diskPosition(position: number): number;
  /** Bytes of the file on disk now. */
  size(): number;
  close(): void;
}

/** Opens a file; the end of its name says whether it is packed: `.gz` or `.zst`. */
export function openBytes(path: string): FileBytes {
  const descriptor = openSync(path, "r");
  const size = () => fstatSync(descriptor).size;
  const close = () => closeSync(descriptor);
  const readDisk = (position: number, length: number): Buffer => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
  };
  const packing = /\.(gz|zst)$/i.exec(path)?.[1].toLowerCase();
  if (packing === undefined) return { read: readDisk, diskPosition: (position) => position, size, close };
  const content = unpacked(packing === "gz" ? "gz" : "zst", readDisk);
  return { ...content, size, close };
}

function unpacked(
  packing: "gz" | "zst",
  readDisk: (position: number, length: number) => Buffer,
): Pick<FileBytes, "read" | "diskPosition"> {
  /** Content that is at hand, from byte `start` on. */
  let held: Buffer[] = [];
  let start = 0;
  let end = 0;
  let diskPosition = 0;
  let ended = false;
  let unpacker = newUnpacker();
  const packedBytes = PACKED_BYTES[packing];

  function newUnpacker(): Gunzip | Decompress {
    const take = (bytes: Uint8Array) => {
      if (bytes.length === 0) return;
      held.push(Buffer.from(bytes));
      end += bytes.length;
    };
    return packing === "gz" ? new Gunzip(take) : new Decompress(take);
  }

  function begin(): void {
    [held, start, end, diskPosition, ended] = [[], 0, 0, 0, false];
    unpacker = newUnpacker();
  }

  function drop(position: number): void {
    while (held.length > 0 && start + held[0].length <= position) start += held.shift()?.length ?? 0;
  }

  return {
    read(position, length) {
      if (position < start) begin();
      while (end < position + length && !ended) {
        drop(position);
        const bytes = readDisk(diskPosition, packedBytes);
        diskPosition += bytes.length;
        ended = bytes.length < packedBytes;
        unpacker.push(bytes, ended);
      }
      drop(position);
      if (held.length > 1) held = [Buffer.concat(held)];
      const offset = position - start;
      return held.length === 0 ? Buffer.alloc(0) : held[0].subarray(offset, offset + length);
    },
    diskPosition: () => diskPosition,
  };
}
