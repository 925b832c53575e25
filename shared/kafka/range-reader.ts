/** Reads what several partitions hold between two offsets, once. */
import type { ClientOptions } from "./client.js";
import { type ConsumedRecord, Consumer } from "./consumer.js";
import { type Position, partitionKey, type TopicPartition } from "./topic-partition.js";

const BATCH_RECORDS = 1000;
const POLL_MS = 50;
/** Pieces that are read at once: the client keeps a queue for each. */
const PIECES_MAX = 8;

/** Offsets of a partition from `from` to before `end`. */
export interface PartitionPiece extends TopicPartition {
  readonly from: Position;
  readonly end: Position;
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
  const wanted = pieces.filter(({ from, end }) => from < end);
  if (wanted.length === 0) return;
  const consumer = await Consumer.connect(
    { ...options, properties: { ...options.properties, "enable.partition.eof": "true" } },
    group,
  );
  try {
    for (let first = 0; first < wanted.length; first += PIECES_MAX)
      await readTogether(consumer, wanted.slice(first, first + PIECES_MAX), take);
  } finally {
    await consumer.disconnect();
  }
}

async function readTogether(
  consumer: Consumer,
  pieces: readonly PartitionPiece[],
  take: (record: ConsumedRecord) => Promise<void> | void,
): Promise<void> {
  const ends = new Map(pieces.map((piece) => [partitionKey(piece), piece.end]));
  const open = new Map(pieces.map((piece) => [partitionKey(piece), piece]));
  const close = (place: TopicPartition, position: number) => {
    if (position >= (ends.get(partitionKey(place)) ?? 0)) open.delete(partitionKey(place));
  };
  // Ends that consist of markers and aborted records only are never delivered as records.
  const onEnd = (at: TopicPartition & { offset: number }) => close(at, at.offset);
  consumer.native.on("partition.eof", onEnd);
  consumer.assign(pieces.map(({ topic, partition, from }) => ({ topic, partition, position: from })));
  while (open.size > 0) {
    const records = await consumer.consume(BATCH_RECORDS, POLL_MS);
    for (const record of records) if (record.offset < (ends.get(partitionKey(record)) ?? 0)) await take(record);
    for (const at of consumer.position([...open.values()])) close(at, at.position ?? 0);
  }
  consumer.native.off("partition.eof", onEnd);
}
