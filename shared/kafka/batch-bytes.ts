/**
 * How many records to ask for at once, so that a batch stays within so many bytes. The client takes a number of records only; the
 * bytes are estimated from the batch before. The number grows slowly, and the client's own queue is bounded: a batch of larger
 * records than ever before is at most what that queue holds.
 */
import type { ConsumedRecord } from "./consumed-record.js";
import { headerBytes } from "./record-headers.js";

const FIRST_RECORDS = 16;
/** Most times as many records as in the batch before. */
const GROWTH_MAX = 4;
/** What a record takes beside its bytes: the object, its buffers, its names. */
const RECORD_BYTES = 512;

export class BatchBytes {
  readonly #bytesMax: number;
  #records = FIRST_RECORDS;

  /** @param bytesMax of a batch, roughly; one record alone may have more */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Most records of the next batch, 1 or more. */
  get records(): number {
    return this.#records;
  }

  /** Adapts to the sizes of a batch; an empty one changes nothing. */
  learn(records: readonly ConsumedRecord[]): void {
    if (records.length === 0) return;
    let bytes = 0;
    for (const { key, value, headers } of records) {
      bytes += RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
      if (headers !== undefined) bytes += bytesOfHeaders(headers);
    }
    const fitting = Math.floor((this.#bytesMax * records.length) / bytes);
    this.#records = Math.max(1, Math.min(fitting, GROWTH_MAX * this.#records));
  }
}

function bytesOfHeaders(headers: NonNullable<ConsumedRecord["headers"]>): number {
  return (headers.length * RECORD_BYTES) / 4 + headerBytes(headers);
}
