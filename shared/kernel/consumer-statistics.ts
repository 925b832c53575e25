/** What librdkafka's statistics say of the logs that a consumer reads. */
import { z } from "zod";
import type { TopicPartition } from "./kafka-client.js";

const statisticsSchema = z.object({
  topics: z.record(
    z.string(),
    z.object({
      partitions: z.record(
        z.string(),
        z.object({ lo_offset: z.number(), ls_offset: z.number(), hi_offset: z.number() }),
      ),
    }),
  ),
});

export interface LogStatistics extends TopicPartition {
  /** First offset that the broker still has; below 0 where it is not known yet. */
  readonly low: number;
  /** Behind it lies nothing that may be read. */
  readonly lastStableOffset: number;
  readonly highWatermark: number;
}

/** The partitions whose ends are known, empty where the text is not what is expected. */
export function logStatistics(json: string): LogStatistics[] {
  const statistics = statisticsSchema.safeParse(JSON.parse(json));
  if (!statistics.success) return [];
  return Object.entries(statistics.data.topics).flatMap(([topic, { partitions }]) =>
    Object.entries(partitions)
      .filter(([, { ls_offset }]) => ls_offset >= 0)
      .map(([partition, { lo_offset, ls_offset, hi_offset }]) => ({
        topic,
        partition: Number(partition),
        low: lo_offset,
        lastStableOffset: ls_offset,
        highWatermark: hi_offset,
      })),
  );
}
