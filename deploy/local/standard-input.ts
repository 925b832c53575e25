/**
 * Standard input as a file: what a pipe gave once cannot be read again after a kill, a file can. The file bears the hash of its bytes
 * in its folder's name, so that the same input is the same file when a command is repeated.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

const HASH_DIGITS = 16;
/** First bytes of packed files, with the ending that says so. */
const PACKED: readonly (readonly [Buffer, string])[] = [
  [Buffer.from([0x1f, 0x8b]), "csv.gz"],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), "csv.zst"],
];
/** The first character that is no blank of a JSON Lines file. */
const JSON_BEGIN = /^\ufeff?\s*[[{]/;

/**
 * Writes a stream to `<directory>/<hash>/stdin.csv`, a piece at a time; it ends with `.jsonl`, `.csv.gz` or `.csv.zst` where it
 * begins as such files do.
 * @returns the file's path; undefined where `signal` ended the reading
 */
export async function spoolInput(
  input: AsyncIterable<Buffer>,
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  mkdirSync(directory, { recursive: true });
  const unfinished = mkdtempSync(join(directory, "reading-"));
  try {
    const file = await open(join(unfinished, "input"), "w");
    const hash = createHash("sha256");
    let ending: string | undefined;
    try {
      for await (const piece of input) {
        if (signal.aborted) return undefined;
        ending ??= endingOf(piece);
        hash.update(piece);
        await file.write(piece);
      }
    } finally {
      await file.close();
    }
    if (signal.aborted) return undefined;
    const folder = join(directory, hash.digest("hex").slice(0, HASH_DIGITS));
    const path = join(folder, `stdin.${ending ?? "csv"}`);
    mkdirSync(folder, { recursive: true });
    renameSync(join(unfinished, "input"), path);
    return path;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function endingOf(begin: Buffer): string {
  const packed = PACKED.find(([magic]) => begin.subarray(0, magic.length).equals(magic));
  return packed?.[1] ?? (JSON_BEGIN.test(begin.toString("utf8")) ? "jsonl" : "csv");
}
