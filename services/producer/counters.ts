/** The producer's state: what each series sends next, also after a restart. */
import type { Codec } from "../../shared/service-definition.js";
import { OBJECT_BYTES } from "../../shared/state/state-bytes.js";

/** What comes next: for a series its next i, for the cursor the next stream of the task. */
export interface Counter {
  /** 0 to 2^53 - 1. */
  next: number;
}

/** Stores: `counters`, one per series; a generating task also keeps its cursor there, a replaying one its place in the file. */
export interface ProducerStates {
  readonly counters: Counter;
}

/** Key of the task's place in its round over the streams. Keys of series hold a slash, so it is none of theirs. */
export const CURSOR_KEY = "cursor";

/** Format 1: `next` as an unsigned integer of 8 bytes, big-endian. */
export const counterCodec: Codec<Counter> = {
  format: 1,
  encode({ next }) {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(BigInt(next));
    return bytes;
  },
  bytes: () => OBJECT_BYTES,
  decode(bytes) {
    if (bytes.length !== 8) throw new RangeError(`expected a counter of 8 bytes, got ${bytes.length}`);
    const next = Number(bytes.readBigUInt64BE());
    if (!Number.isSafeInteger(next)) throw new RangeError(`expected a counter below 2^53, got ${next}`);
    return { next };
  },
  toJson: ({ next }) => ({ next }),
};
