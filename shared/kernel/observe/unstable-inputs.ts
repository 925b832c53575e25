/**
 * Inputs that may not be read to their end: after the first open transaction of another producer nothing is readable, be it
 * committed or not.
 */

import type { LogStatistics } from "../../kafka/consumer-statistics.js";
import { forgetOthers, partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";

/** An input whose last stable offset may not have moved. */
export interface UnstableInput extends TopicPartition {
  /** Records after the first open transaction, markers included; 0 where there is none. */
  readonly records: number;
  /** Offset of the first record that may not be read yet. */
  readonly lastStableOffset: number;
  /** How long it has stood there, in ms. */
  readonly standsStillMs: number;
}

interface Ends {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** When the last stable offset came to where it is, or was last the end. */
  readonly sinceMs: number;
}

export class UnstableInputs {
  /** By {@link partitionKey}. */
  readonly #ends = new Map<string, Ends>();

  /**
   * What was known of logs that are not among these is forgotten: where a partition comes back, its end of minutes ago says nothing.
   * @param statistics of the partitions that this instance has
   * @param nowMs milliseconds of a monotonic clock
   */
  onStatistics(statistics: readonly LogStatistics[], nowMs: number): void {
    forgetOthers(this.#ends, statistics);
    for (const log of statistics) {
      const { lastStableOffset, highWatermark } = log;
      const key = partitionKey(log);
      const before = this.#ends.get(key);
      const stands = before?.lastStableOffset === lastStableOffset && highWatermark > lastStableOffset;
      this.#ends.set(key, { highWatermark, lastStableOffset, sinceMs: stands ? before.sinceMs : nowMs });
    }
  }

  /** Those of `partitions` whose ends are known. */
  of(partitions: readonly TopicPartition[], nowMs: number): UnstableInput[] {
    return partitions.flatMap(({ topic, partition }) => {
      const ends = this.#ends.get(partitionKey({ topic, partition }));
      if (ends === undefined) return [];
      const { highWatermark, lastStableOffset, sinceMs } = ends;
      const records = Math.max(0, highWatermark - lastStableOffset);
      return [{ topic, partition, records, lastStableOffset, standsStillMs: records > 0 ? nowMs - sinceMs : 0 }];
    });
  }
}
