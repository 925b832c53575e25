/** Restores a folder: reads the changelogs of its task, and writes their values to it. */
import { StoreError } from "../../errors.js";
import type { ClientOptions } from "../../kafka/client.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { Consumer } from "../../kafka/consumer.js";
import type { ConsumerMemory } from "../../kafka/consumer-properties.js";
import type { LogRange } from "../../kafka/log-range.js";
import { latest, nextPosition, type Position, type TopicPosition } from "../../kafka/topic-partition.js";
import { memoryBudget } from "../../memory-budget.js";
import type { AnyCodec } from "../../service-definition.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import { formatOf, isIntact, refuseUnknownFormat } from "../store/stored-value.js";
import { furthest, hasWholeKey, POSITIONS_KEY, type Positions, positionsOf } from "./changelog.js";

const BATCH_RECORDS = 2000;
const POLL_MS = 50;
const { restoreQueue, restoreBatch } = memoryBudget();
const restoreMemory: ConsumerMemory = { queue: restoreQueue, batch: restoreBatch };

/** What a reader must know where the folder has whole keys that its changelog may have cut, see task/cut-keys.ts. */
export interface CutTail {
  /** The folder has every record whose positions are up to these. */
  readonly positions: Positions;
  /** The changelog has a newer record whose key may be cut. @throws {StoreError} the folder cannot do without it */
  onNewer(): void;
}

/** What is read, and who takes it. */
export interface ReadRequest {
  /** Takes what a batch has into the folder. */
  apply(writes: readonly StoreWrite[]): Promise<void>;
  readonly partition: number;
  /** By store: its codec, its changelog, what that has, and the offset to begin at. */
  readonly changelogs: readonly {
    readonly store: string;
    readonly codec: AnyCodec;
    readonly topic: string;
    readonly from: Position;
    readonly range: LogRange;
  }[];
  /** Where the folder is one of a version that cut keys, and has such keys. */
  readonly cutTail: CutTail | undefined;
  /** Asked between batches; true ends the reading early. */
  cancelled(): boolean;
  /** Called after each batch: how many offsets are left, and how many records it had. */
  progress(remaining: number, records: number): void;
}

/** A changelog that has to be read to its end. */
interface OpenChangelog {
  readonly store: string;
  readonly codec: AnyCodec;
  readonly end: Position;
  position: Position;
}

/** What was read. */
export interface ChangelogsRead {
  /** Input positions that the newest records stand for. */
  readonly positions: Positions;
  /** By store: the changelog's end that was reached. */
  readonly ends: Positions;
  /** Whether values were written whose keys may be cut. */
  readonly cutKeys: boolean;
}

/**
 * Reads each changelog up to the end it had a moment ago, and writes its values to the folder.
 *
 * The end is the high watermark, not the last stable offset. A former owner's transaction may be decided while its marker has not
 * reached this partition yet: then it lies after the last stable offset, and a restore that stopped there would lose it. The
 * read_committed consumer waits for the marker.
 *
 * @returns undefined where it was cancelled
 * @throws {StoreError} a changelog record is damaged, or of a format that is not read
 */
export async function readChangelogs(
  options: ClientOptions,
  groupId: string,
  request: ReadRequest,
): Promise<ChangelogsRead | undefined> {
  const ends = Object.fromEntries(request.changelogs.map(({ store, range }) => [store, range.end]));
  const open = new Map<string, OpenChangelog>();
  for (const { store, codec, topic, from, range } of request.changelogs) {
    if (from < range.end) open.set(topic, { store, codec, end: range.end, position: latest(from, range.begin) });
  }
  if (open.size === 0) return { positions: {}, ends, cutKeys: false };

  const consumer = await Consumer.connect(options, `${groupId}-restore`, {
    memory: restoreMemory,
    onPartitionEnd: ({ topic, position }) => {
      const log = open.get(topic);
      if (log !== undefined) log.position = latest(log.position, position);
    },
  });
  try {
    consumer.assign(
      [...open].map(([topic, { position }]): TopicPosition => ({ topic, partition: request.partition, position })),
    );
    return await readToEnds(consumer, open, request, ends);
  } finally {
    await consumer.disconnect();
  }
}

async function readToEnds(
  consumer: Consumer,
  open: Map<string, OpenChangelog>,
  request: ReadRequest,
  ends: Positions,
): Promise<ChangelogsRead | undefined> {
  let positions: Positions = {};
  let cutKeys = false;
  for (;;) {
    if (request.cancelled()) return undefined;
    const records = await consumer.consume(BATCH_RECORDS, POLL_MS);
    const writes: StoreWrite[] = [];
    for (const record of records) {
      const log = open.get(record.topic);
      if (log === undefined) continue;
      positions = furthest(positions, positionsOf(record) ?? {});
      log.position = nextPosition(record.offset);
      const write = writeOf(record, log);
      if (write === undefined) continue;
      const whole = hasWholeKey(record);
      if (!whole && request.cutTail !== undefined) {
        // The folder has it, under its whole key.
        if (isWithin(positionsOf(record) ?? {}, request.cutTail.positions)) continue;
        request.cutTail.onNewer();
      }
      writes.push(write);
      cutKeys ||= !whole;
    }
    if (writes.length > 0) await request.apply(writes);
    for (const { topic, position } of consumer.position(
      [...open.keys()].map((topic) => ({ topic, partition: request.partition })),
    )) {
      const log = open.get(topic);
      if (log !== undefined && position !== undefined) log.position = latest(log.position, position);
    }
    let remaining = 0;
    for (const { end, position } of open.values()) remaining += Math.max(0, end - position);
    request.progress(remaining, records.length);
    if (remaining === 0) return { positions, ends, cutKeys };
  }
}

const isWithin = (positions: Positions, folder: Positions): boolean =>
  Object.entries(positions).every(([topic, position]) => position <= (folder[topic] ?? 0));

/**
 * What a changelog record changes in the folder; undefined where it carries positions only.
 * @throws {StoreError} its value is damaged, or of a format that is not read
 */
export function writeOf(
  record: ConsumedRecord,
  { store, codec }: Pick<OpenChangelog, "store" | "codec">,
): StoreWrite | undefined {
  const key = record.key?.toString() ?? POSITIONS_KEY;
  if (key === POSITIONS_KEY) return undefined;
  const value = record.value ?? undefined;
  if (value === undefined) return { store, key, value };
  const where = `${record.topic}[${record.partition}]@${record.offset}: `;
  if (!isIntact(value)) {
    throw new StoreError(`${where}the checksum of ${key} does not match; the changelog is damaged`);
  }
  refuseUnknownFormat(codec, formatOf(value), where + key);
  return { store, key, value };
}
