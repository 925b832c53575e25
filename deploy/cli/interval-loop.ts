/** The loop of commands that show or save a topic: reads until it is stopped, and closes each interval at its end. */
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
  /** Gets one or more records of the interval that ends at `time`, those of a partition in order. */
  take(records: readonly ConsumedRecord[], time: number): void;
  /** Called at the end of each interval, with or without records; after a stop the last one ends early. Times only grow. */
  close(time: number): Promise<void> | void;
}

/** Runs until `stop`, and closes the interval under way. Throws what the reader, take and close throw. */
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
