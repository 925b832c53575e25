/** Librdkafka's properties of a consumer, for members of a group and for readers without one. */
import { type MemoryBudget, memoryBudget } from "../memory-budget.js";
import type { ClientOptions } from "./client.js";
import { commonProperties, MEMBER_ONLY, PRODUCER_ONLY, type Properties, without } from "./client-properties.js";
import { memberProperties } from "./member-properties.js";

/** Memory that a consumer may fill, in bytes. */
export interface ConsumerMemory {
  /** Fetched ahead, in the client's queue; one answer of a broker is no larger either, unless a single record is. */
  readonly queue: number;
  /** Of one batch, roughly. */
  readonly batch: number;
}

/** The memory of a consumer that is the only large one of its process. */
export const ALONE: ConsumerMemory = consumerMemory(memoryBudget());

function consumerMemory({ consumerQueue, batch }: MemoryBudget): ConsumerMemory {
  return { queue: consumerQueue, batch };
}

/** @param memory for the queue of records fetched ahead */
export function consumerProperties(
  { settings, properties, clientId }: ClientOptions,
  groupId: string,
  memory: ConsumerMemory,
  kind: { readonly isMember: boolean; readonly hasStatistics: boolean; readonly tellsEnds: boolean },
): Properties {
  const { isMember, hasStatistics, tellsEnds } = kind;
  const given = tellsEnds ? { ...properties, "enable.partition.eof": "true" } : properties;
  const common = commonProperties(settings, given, clientId);
  return {
    ...without(
      {
        "fetch.queue.backoff.ms": 5,
        "fetch.wait.max.ms": 50,
        "queued.min.messages": 20_000,
        // Of all partitions together: they share one queue where a consumer is read as a whole.
        "queued.max.messages.kbytes": Math.floor(memory.queue / 1024),
        // A member never asks for an offset that its log lacks, unless its records were deleted: then it must fail, not read on.
        "auto.offset.reset": isMember ? "error" : "earliest",
        ...(isMember ? common : without(common, MEMBER_ONLY)),
      },
      PRODUCER_ONLY,
    ),
    ...(isMember ? memberProperties(settings) : {}),
    "group.id": groupId,
    "isolation.level": "read_committed",
    "enable.auto.commit": false,
    "enable.auto.offset.store": false,
    ...(hasStatistics ? { "statistics.interval.ms": 2000 } : {}),
  };
}
