/** Reads librdkafka's statistics of a consumer: the logs that it reads, and its group. */
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

/** A log as the statistics have it. These numbers are for observation only; nothing is read from them. */
export interface LogStatistics extends TopicPartition {
  /** Offset of the first record that the broker still has; below 0 where it is not known yet. */
  readonly low: number;
  /** Offset of the first record that may not be read yet. */
  readonly lastStableOffset: number;
  readonly highWatermark: number;
}

export interface ConsumerStatistics {
  /** The partitions whose ends are known. */
  readonly logs: readonly LogStatistics[];
  /** State of the connection to the group's coordinator, `up` once it stands; undefined without a group. */
  readonly coordinator: string | undefined;
}

/** @returns no logs and no coordinator where the text has another form */
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
