/** The producer's state: what each series sends next, also after a restart. */
import type { Codec } from "../../shared/service-definition.js";
import { OBJECT_BYTES } from "../../shared/state/state-bytes.js";
import { type ReplayProgress, readProgress } from "./replay/replay-progress.js";

/** What comes next: for a series its next i, for the cursor the next stream of the task. */
export interface Counter {
  /** 0 to 2^53 - 1; of a replay the byte of the file's content at which its next row begins. */
  next: number;
  /** Of a replay alone. */
  replay?: ReplayProgress;
}

/** What the progress of a replay takes in memory, roughly. */
const PROGRESS_BYTES = 2000;

/** Stores: `counters`, one per series; a generating task also keeps its cursor there, a replaying one its place in the file. */
export interface ProducerStates {
  readonly counters: Counter;
}

/** Key of the task's place in its round over the streams. Keys of series hold a slash, so it is none of theirs. */
export const CURSOR_KEY = "cursor";

const NEXT_BYTES = 8;

/** Format 2: `next` as an unsigned integer of 8 bytes, big-endian; of a replay its progress follows as JSON in UTF-8. Format 1 has no more than `next`. */
export const counterCodec: Codec<Counter> = {
  format: 2,
  encode({ next, replay }) {
    const bytes = Buffer.alloc(NEXT_BYTES);
    bytes.writeBigUInt64BE(BigInt(next));
    return replay === undefined ? bytes : Buffer.concat([bytes, Buffer.from(JSON.stringify(replay))]);
  },
  bytes: ({ replay }) => OBJECT_BYTES + (replay === undefined ? 0 : PROGRESS_BYTES),
  decode(bytes) {
    if (bytes.length <= NEXT_BYTES) return decodeNext(bytes);
    return { ...decodeNext(bytes.subarray(0, NEXT_BYTES)), replay: readProgress(bytes.toString("utf8", NEXT_BYTES)) };
  },
  older: { 1: decodeNext },
  toJson: ({ next, replay }) => ({ next, ...(replay === undefined ? {} : { replay }) }),
};

function decodeNext(bytes: Buffer): Counter {
  if (bytes.length !== NEXT_BYTES) throw new RangeError(`expected a counter of 8 bytes, got ${bytes.length}`);
  const next = Number(bytes.readBigUInt64BE());
  if (!Number.isSafeInteger(next)) throw new RangeError(`expected a counter below 2^53, got ${next}`);
  return { next };
}
