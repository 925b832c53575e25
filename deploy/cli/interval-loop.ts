/** The loop of commands that look at a topic: reads until it is told to stop, and says where each interval ends. */
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { nextInterval } from "./interval.js";

const RECORDS_MAX = 5000;
/** A stop is noticed within this time. */
const READ_MS_MAX = 100;

export interface IntervalLoop {
  readonly reader: { read(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> };
  readonly intervalMs: number;
  /** Time of the last batch of an earlier run, 0 where there was none. */
  readonly previousTime: number;
  readonly stop: AbortSignal;
  /** Some records of the interval that ends at `time`, in each partition's order; never none. */
  take(records: readonly ConsumedRecord[], time: number): void;
  /** The interval is over, with or without records; at a stop it is over early. Times only grow. */
  close(time: number): Promise<void> | void;
}

/** Runs until `stop`; the interval that is under way then is closed. Throws what the reader, take and close throw. */
export async function runIntervals(loop: IntervalLoop): Promise<void> {
  const { reader, intervalMs, stop } = loop;
  let previousTime = loop.previousTime;
  while (!stop.aborted) {
    const { time, waitMs } = nextInterval(Date.now(), previousTime, intervalMs);
    const endMs = performance.now() + waitMs;
    for (let leftMs = waitMs; leftMs > 0 && !stop.aborted; leftMs = endMs - performance.now()) {
      const records = await reader.read(RECORDS_MAX, Math.ceil(Math.min(leftMs, READ_MS_MAX)));
      if (records.length > 0) loop.take(records, time);
    }
    await loop.close(time);
    previousTime = time;
  }
}
