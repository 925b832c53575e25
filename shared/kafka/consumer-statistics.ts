/** What librdkafka's statistics say of a consumer: the logs that it reads, and its group. */
import { z } from "zod";
import type { TopicPartition } from "./topic-partition.js";

const statisticsSchema = z.object({
  cgrp: z.object({ state: z.string() }).optional(),
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

export interface ConsumerStatistics {
  /** The partitions whose ends are known. */
  readonly logs: readonly LogStatistics[];
  /** How far the client is on the way to its group's coordinator, `up` at the end of it; undefined without a group. */
  readonly coordinator: string | undefined;
}

/** Empty where the text is not what is expected. */
export function consumerStatistics(json: string): ConsumerStatistics {
  const statistics = statisticsSchema.safeParse(JSON.parse(json));
  if (!statistics.success) return { logs: [], coordinator: undefined };
  const { topics, cgrp } = statistics.data;
  const logs = Object.entries(topics).flatMap(([topic, { partitions }]) =>
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
  return { logs, coordinator: cgrp?.state };
}
