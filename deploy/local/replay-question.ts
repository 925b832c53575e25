/** Asks the producer how far it has replayed a file. */
import { z } from "zod";

const TIMEOUT_MS = 900;

/** A file that is replayed. */
export interface ReplayedFile {
  /** As a person would type it. */
  readonly name: string;
  readonly path: string;
  /** Key of its progress in the producer's state. */
  readonly key: string;
}

/** What is committed of a replay, all runs together. */
export interface Replay {
  /** Bytes of the file on disk that are read. */
  readonly readBytes: number;
  /** Rows of the file so far. */
  readonly rows: number;
  readonly sent: number;
  /** Rows that cannot be sent, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Whether the file was read to its end, and has not grown since. */
  readonly done: boolean;
}

const schema = z.object({
  replay: z.object({
    readBytes: z.number(),
    rows: z.number(),
    sent: z.number(),
    refused: z.record(z.string(), z.number()),
    done: z.boolean(),
  }),
});

/**
 * What the producer has committed of the replay; undefined while it has committed nothing, or does not answer.
 * @param url of its HTTP server, without a path
 */
export async function askReplay(url: string, { key }: ReplayedFile): Promise<Replay | undefined> {
  try {
    const answer = await fetch(`${url}/state/counters/${encodeURIComponent(key)}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) return undefined;
    return schema.parse(await answer.json()).replay;
  } catch {
    return undefined;
  }
}
