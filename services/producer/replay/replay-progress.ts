/** How far a file was replayed, by its path, its head, its topic and its columns: a file of the same name elsewhere is another one. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { z } from "zod";
import { messageOf } from "../../../shared/errors.js";
import { stateKey } from "../../../shared/service-definition.js";
import type { FileBytes } from "./file-bytes.js";
import type { ReplayColumns } from "./replay-columns.js";

/** Bytes of a file's content that tell it from another one. */
const HEAD_BYTES = 4096;

/** How far a file was replayed, and which one: bytes of the same head under the same path are taken for the same file. */
export interface ReplayProgress {
  readonly path: string;
  /** The first bytes of its content, how many and their SHA-256 in hexadecimal digits. */
  readonly headBytes: number;
  readonly head: string;
  /** Milliseconds since the epoch. */
  readonly begunMs: number;
  /** Rows of the file so far. */
  rows: number;
  /** Rows that were sent. */
  sent: number;
  /** Rows that were refused, by reason. */
  refused: Record<string, number>;
  /** Bytes of the file on disk that are read. */
  readBytes: number;
  /** The file's end was reached, and it has not grown since. */
  done: boolean;
}

const progressSchema: z.ZodType<ReplayProgress> = z.object({
  path: z.string(),
  headBytes: z.number(),
  head: z.string(),
  begunMs: z.number(),
  rows: z.number(),
  sent: z.number(),
  refused: z.record(z.string(), z.number()),
  readBytes: z.number(),
  done: z.boolean(),
});

/** What the key of a replay's progress is made from. */
export interface ReplayIdentity {
  readonly path: string;
  readonly topic: string;
  readonly columns: ReplayColumns;
}

/** Key of a replay's progress in the store `counters`. A topic's name has no colon, so it is the key of no series. */
export function replayKey({ path, topic, columns }: ReplayIdentity): string {
  const { target, features, series, time } = columns;
  const parts = [resolve(path), topic, target, features, series];
  // Without a time the key is that of versions which knew none.
  const text = JSON.stringify(time === "" ? parts : [...parts, time]);
  return stateKey("file:", createHash("sha256").update(text).digest("hex").slice(0, 16));
}

/** The progress of a file of which nothing is replayed. */
export function newProgress(path: string, bytes: FileBytes, nowMs: number): ReplayProgress {
  const head = bytes.read(0, HEAD_BYTES);
  return {
    path: resolve(path),
    headBytes: head.length,
    head: sha256(head),
    begunMs: nowMs,
    rows: 0,
    sent: 0,
    refused: {},
    readBytes: 0,
    done: false,
  };
}

/** @throws {RangeError} the file is not the one that was replayed so far, or was cut */
export function checkSameFile(
  { headBytes, head, begunMs, sent }: ReplayProgress,
  next: number,
  bytes: FileBytes,
): void {
  const begun = `${sent} rows of it were sent since ${new Date(begunMs).toISOString()}`;
  const anew = "give the file another name, or begin anew with another REPLAY_TOPIC";
  if (next > 0 && bytes.read(next - 1, 1).length === 0) {
    throw new RangeError(`${begun}, up to byte ${next}, but it is shorter now: ${anew}`);
  }
  if (sha256(bytes.read(0, headBytes)) !== head) {
    throw new RangeError(`${begun}, but it begins with other bytes now: ${anew}`);
  }
}

/** What became of a file, for people. */
export function progressText({ rows, sent, refused }: ReplayProgress): string {
  const reasons = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`);
  const missed = rows - sent;
  return `${rows} rows read, ${sent} sent, ${missed} refused${missed > 0 ? ` (${reasons.join(", ")})` : ""}`;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Reads what JSON.stringify has made of a progress.
 * @throws {RangeError} it is none
 */
export function readProgress(text: string): ReplayProgress {
  try {
    return progressSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new RangeError(`expected the progress of a replay: ${messageOf(error)}`);
  }
}
