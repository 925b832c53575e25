/**
 * Inputs that may not be read to their end: behind the first open transaction of another producer nothing is readable, be it
 * committed or not. From librdkafka's statistics.
 */
import { z } from "zod";
import type { TopicPartition } from "./kafka-client.js";

const statisticsSchema = z.object({
  topics: z.record(
    z.string(),
    z.object({ partitions: z.record(z.string(), z.object({ hi_offset: z.number(), ls_offset: z.number() })) }),
  ),
});

/** An input whose last stable offset may not have moved. */
export interface UnstableInput extends TopicPartition {
  /** Records behind the first open transaction, markers included; 0 where there is none. */
  readonly records: number;
  /** Offset of the first record that may not be read yet. */
  readonly lastStableOffset: number;
  /** How long it has stood there, in ms. */
  readonly standsStillMs: number;
}

interface Ends {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** When the last stable offset came to where it is, or last was the end. */
  readonly sinceMs: number;
}

export class UnstableInputs {
  /** By `<topic>/<partition>`. */
  readonly #ends = new Map<string, Ends>();

  /** @param nowMs milliseconds of a monotonic clock */
  onStatistics(json: string, nowMs: number): void {
    const statistics = statisticsSchema.safeParse(JSON.parse(json));
    if (!statistics.success) return;
    for (const [topic, { partitions }] of Object.entries(statistics.data.topics)) {
      for (const [partition, { hi_offset, ls_offset }] of Object.entries(partitions)) {
        if (ls_offset < 0) continue;
        const key = `${topic}/${partition}`;
        const before = this.#ends.get(key);
        const stands = before?.lastStableOffset === ls_offset && hi_offset > ls_offset;
        this.#ends.set(key, {
          highWatermark: hi_offset,
          lastStableOffset: ls_offset,
          sinceMs: stands ? before.sinceMs : nowMs,
        });
      }
    }
  }

  /** Those of `partitions` whose ends are known. */
  of(partitions: readonly TopicPartition[], nowMs: number): UnstableInput[] {
    return partitions.flatMap(({ topic, partition }) => {
      const ends = this.#ends.get(`${topic}/${partition}`);
      if (ends === undefined) return [];
      const { highWatermark, lastStableOffset, sinceMs } = ends;
      const records = Math.max(0, highWatermark - lastStableOffset);
      return [{ topic, partition, records, lastStableOffset, standsStillMs: records > 0 ? nowMs - sinceMs : 0 }];
    });
  }
}
