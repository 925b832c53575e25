/** Lag of this instance: what is committed and readable in its partitions, less what it has processed. */
import type { LogStatistics } from "../../kafka/consumer-statistics.js";
import { forgetOthers, nextPosition, partitionKey } from "../../kafka/topic-partition.js";

/** Ends that are remembered of a partition; statistics come every 2 s. */
const ENDS_MAX = 256;

/** The end of a partition, and when it was first seen there, in ms since the epoch. */
interface SeenEnd {
  readonly end: number;
  readonly atMs: number;
}

interface SeenPartition {
  /** First offset that the broker still has. */
  low: number;
  /** The end by the newest statistics. */
  end: number;
  /** Rising, never empty; the first may lie before the position, the others do not. */
  ends: SeenEnd[];
  /** Least time between two of them. */
  spacingMs: number;
}

/** How far one input partition lags. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to process. */
  readonly position: number;
  readonly records: number;
  /** How long the oldest record that is not processed has been there; 0 where there is none. */
  readonly seconds: number;
}

export class Lag {
  /** By {@link partitionKey}. */
  readonly #partitions = new Map<string, SeenPartition>();

  /**
   * Ends are last stable offsets, so that an open transaction is no lag. What was known of logs that are not among these is
   * forgotten: a partition that comes back starts without a past.
   * @param statistics of the partitions that this instance has
   */
  onStatistics(statistics: readonly LogStatistics[], nowMs: number): void {
    forgetOthers(this.#partitions, statistics);
    for (const log of statistics) this.#record(partitionKey(log), log.lastStableOffset, Math.max(0, log.low), nowMs);
  }

  /** A record was handed over, so its partition reaches that far. Statistics do not change while the consumer is not polled. */
  onRecord(topic: string, partition: number, offset: number, nowMs: number): void {
    const key = partitionKey({ topic, partition });
    const seen = this.#partitions.get(key);
    if (seen !== undefined) this.#record(key, nextPosition(offset), seen.low, nowMs);
  }

  /**
   * @param position          the next offset to process, undefined where the partition was never read
   * @param recordTimestampMs of the record processed last. It dates a backlog that was there before this instance came;
   *   the age of any other is known from when it was seen to grow
   * @returns undefined while the partition's end is not known
   */
  of(
    topic: string,
    partition: number,
    position: number | undefined,
    recordTimestampMs: number | undefined,
    nowMs: number,
  ): PartitionLag | undefined {
    const seen = this.#partitions.get(partitionKey({ topic, partition }));
    if (seen === undefined) return undefined;
    const from = position ?? seen.low;
    while (seen.ends.length > 1 && seen.ends[1].end <= from) seen.ends.shift();
    if (seen.ends.length === 1) seen.spacingMs = 0;
    const place = { topic, partition, position: from };
    if (from >= seen.end) return { ...place, records: 0, seconds: 0 };
    const [first, second = first] = seen.ends;
    const wasThere = first.end > from;
    const sinceMs = wasThere ? Math.min(first.atMs, recordTimestampMs ?? first.atMs) : second.atMs;
    return { ...place, records: seen.end - from, seconds: Math.max(0, nowMs - sinceMs) / 1000 };
  }

  #record(key: string, end: number, low: number, nowMs: number): void {
    const seen = this.#partitions.get(key);
    if (seen === undefined) {
      this.#partitions.set(key, { low, end, ends: [{ end, atMs: nowMs }], spacingMs: 0 });
      return;
    }
    seen.low = low;
    const last = seen.ends[seen.ends.length - 1];
    seen.end = Math.max(seen.end, end);
    if (end <= last.end || nowMs - last.atMs < seen.spacingMs) return;
    seen.ends.push({ end, atMs: nowMs });
    if (seen.ends.length <= ENDS_MAX) return;
    // A lasting backlog keeps its beginning, at a resolution that gets coarser with its age.
    seen.ends = seen.ends.filter((_, k) => k % 2 === 0);
    seen.spacingMs = (nowMs - seen.ends[0].atMs) / seen.ends.length;
  }
}
