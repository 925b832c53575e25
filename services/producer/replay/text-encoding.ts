/** Bytes of a file as text, strictly. */
import { isUtf8 } from "node:buffer";

export const encodings = ["utf-8", "latin1"] as const;
export type FileEncoding = (typeof encodings)[number];

const ASCII = /^[\x20-\x7e]*$/;

/**
 * @param bytes one character for each byte
 * @returns undefined where the bytes are no text of the encoding
 */
export function decoded(bytes: string, encoding: FileEncoding): string | undefined {
  if (encoding === "latin1" || ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : undefined;
}

/** UTF-8 where the head of a file is that, else Latin-1, of which any bytes are text. The head may end amid a character. */
export function encodingOf(head: Buffer): FileEncoding {
  let end = head.length;
  for (let cut = 0; cut < 3 && end > 0 && (head[end - 1] & 0x80) !== 0; cut++) {
    if (isUtf8(head.subarray(0, end))) return "utf-8";
    end -= 1;
  }
  return isUtf8(head.subarray(0, end)) ? "utf-8" : "latin1";
}
