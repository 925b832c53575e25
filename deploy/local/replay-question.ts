/** Asks the producer how far it has replayed a file. */
import { z } from "zod";

const TIMEOUT_MS = 900;

/** A file that is replayed. */
export interface ReplayedFile {
  /** As a person would type it. */
  readonly name: string;
  /** Key of its progress in the producer's state. */
  readonly key: string;
  /** Bytes up to the end of its last line that is not blank. */
  readonly bytes: number;
}

/** What is committed of a replay. */
export interface Replay {
  readonly bytes: number;
  readonly bytesRead: number;
  readonly atEnd: boolean;
}

const schema = z.object({ next: z.number() });

/**
 * What the producer has committed of the replay; undefined while it has committed nothing, or does not answer.
 * @param url of its HTTP server, without a path
 */
export async function askReplay(url: string, { key, bytes }: ReplayedFile): Promise<Replay | undefined> {
  try {
    const answer = await fetch(`${url}/state/counters/${encodeURIComponent(key)}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) return undefined;
    const { next } = schema.parse(await answer.json());
    return { bytes, bytesRead: next, atEnd: next >= bytes };
  } catch {
    return undefined;
  }
}
