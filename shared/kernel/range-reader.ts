/** Reads what several partitions hold between two offsets, once. */
import type { ClientOptions, TopicPartition } from "./kafka-client.js";
import { type ConsumedRecord, Consumer } from "./kafka-consumer.js";
import { partitionKey } from "./partition-key.js";

const BATCH_RECORDS = 1000;
const POLL_MS = 50;

/** Offsets of a partition from `from` to before `end`. */
export interface PartitionPiece extends TopicPartition {
  readonly from: number;
  readonly end: number;
}

/**
 * Hands over every committed record of the pieces, those of a partition in order. Open transactions are waited for.
 * @throws {KafkaError} the broker does not answer, or a partition is not there
 */
export async function readRanges(
  options: ClientOptions,
  group: string,
  pieces: readonly PartitionPiece[],
  take: (record: ConsumedRecord) => Promise<void> | void,
): Promise<void> {
  const all = new Map(pieces.map((piece) => [partitionKey(piece), piece]));
  const open = new Map([...all].filter(([, { from, end }]) => from < end));
  if (open.size === 0) return;
  const consumer = await Consumer.connect(
    { ...options, properties: { ...options.properties, "enable.partition.eof": "true" } },
    group,
  );
  /** Ends that consist of markers and aborted records only are never delivered as records. */
  const close = (place: TopicPartition, position: number) => {
    const piece = open.get(partitionKey(place));
    if (piece !== undefined && position >= piece.end) open.delete(partitionKey(place));
  };
  try {
    consumer.native.on("partition.eof", (at: TopicPartition & { offset: number }) => close(at, at.offset));
    consumer.assign([...open.values()].map(({ topic, partition, from }) => ({ topic, partition, position: from })));
    while (open.size > 0) {
      const records = await consumer.consume(BATCH_RECORDS, POLL_MS);
      for (const record of records) {
        const end = all.get(partitionKey(record))?.end ?? 0;
        if (record.offset < end) await take(record);
      }
      for (const at of consumer.position([...open.values()])) close(at, at.position ?? 0);
    }
  } finally {
    await consumer.disconnect();
  }
}
