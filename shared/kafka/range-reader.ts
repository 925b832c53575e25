/** Reads once what several partitions hold between two positions. */
import type { ClientOptions } from "./client.js";
import type { ConsumedRecord } from "./consumed-record.js";
import { Consumer } from "./consumer.js";
import { type Position, partitionKey, type TopicPartition, type TopicPosition } from "./topic-partition.js";

const BATCH_RECORDS = 1000;
const POLL_MS = 50;
/** Pieces that are read at once: the client keeps a queue for each. */
const PIECES_MAX = 8;

/** The records of a partition from `from` to before `end`. */
export interface PartitionPiece extends TopicPartition {
  readonly from: Position;
  readonly end: Position;
}

type Take = (record: ConsumedRecord) => Promise<void> | void;

/** Pieces that are not read to their ends, by {@link partitionKey}. */
type OpenPieces = Map<string, PartitionPiece>;

/**
 * Gives every committed record of the pieces to `take`, those of a partition in order. Open transactions are waited for.
 * @throws {KafkaError} the broker does not answer, or a partition does not exist
 */
export async function readRanges(
  options: ClientOptions,
  group: string,
  pieces: readonly PartitionPiece[],
  take: Take,
): Promise<void> {
  const wanted = pieces.filter(({ from, end }) => from < end);
  if (wanted.length === 0) return;
  const open: OpenPieces = new Map();
  const consumer = await Consumer.connect(options, group, { onPartitionEnd: (end) => close(open, end) });
  try {
    for (let first = 0; first < wanted.length; first += PIECES_MAX)
      await readTogether(consumer, wanted.slice(first, first + PIECES_MAX), open, take);
  } finally {
    await consumer.disconnect();
  }
}

async function readTogether(
  consumer: Consumer,
  pieces: readonly PartitionPiece[],
  open: OpenPieces,
  take: Take,
): Promise<void> {
  const ends = new Map(pieces.map((piece) => [partitionKey(piece), piece.end]));
  for (const piece of pieces) open.set(partitionKey(piece), piece);
  consumer.assign(pieces.map(({ topic, partition, from }) => ({ topic, partition, position: from })));
  while (open.size > 0) {
    const records = await consumer.consume(BATCH_RECORDS, POLL_MS);
    for (const record of records) if (record.offset < (ends.get(partitionKey(record)) ?? 0)) await take(record);
    for (const { topic, partition, position } of consumer.position([...open.values()]))
      if (position !== undefined) close(open, { topic, partition, position });
  }
}

function close(open: OpenPieces, place: TopicPosition): void {
  const end = open.get(partitionKey(place))?.end;
  if (end !== undefined && place.position >= end) open.delete(partitionKey(place));
}
