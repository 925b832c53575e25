/**
 * What the topics keep that a service makes. Results, observations and dead letters bear the timestamp of their raw record, which
 * may be years old: deleted by time they would be gone before anybody has read them. So a topic keeps them for ever, or until
 * it has grown to its bound in bytes.
 */
import { RECORD_BYTES_MAX } from "../../contract/topics.js";

/** What the topic of dead letters asks for: a rejected record of any size has room there. */
export const deadLettersConfig = { "max.message.bytes": String(RECORD_BYTES_MAX) } as const;

const MIB = 1024 * 1024;
/** Kafka deletes whole segments: with eight to a topic's bound, a partition takes at most an eighth more than that. */
const SEGMENTS = 8;
/** Room for the largest dead letter several times over; and not more than Kafka's own default. */
const SEGMENT_BYTES_MIN = 16 * MIB;
const SEGMENT_BYTES_MAX = 1024 * MIB;
/** Kafka's largest number of milliseconds. */
const NEVER_MS = "9223372036854775807";

/**
 * The configuration of a topic that a service makes.
 * @param own          what the topic asks for by itself; a compacted topic keeps the newest record of each key for ever
 * @param retentionMib most MiB of a partition; -1 for no bound
 */
export function outputConfig(
  own: Readonly<Record<string, string>>,
  retentionMib: number,
): Readonly<Record<string, string>> {
  // Whatever the broker's default is: results are stamped as their raw records are.
  const stamped = { "message.timestamp.type": "CreateTime" };
  if (own["cleanup.policy"] !== undefined) return { ...stamped, ...own };
  const kept = { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": bytesText(retentionMib) };
  if (retentionMib < 0) return { ...stamped, ...kept, ...own };
  const segmentBytes = Math.min(
    Math.max(Math.floor((retentionMib * MIB) / SEGMENTS), SEGMENT_BYTES_MIN),
    SEGMENT_BYTES_MAX,
  );
  return { ...stamped, ...kept, "segment.bytes": String(segmentBytes), "segment.ms": NEVER_MS, ...own };
}

const bytesText = (mib: number): string => (mib < 0 ? "-1" : String(mib * MIB));
