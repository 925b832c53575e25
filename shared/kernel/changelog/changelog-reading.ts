/** What one restore takes from the changelogs of its task: their values, up to the ends that they had a moment ago. */
import { StoreError } from "../../errors.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import type { LogRange } from "../../kafka/log-range.js";
import { latest, nextPosition, type Position, type TopicPosition } from "../../kafka/topic-partition.js";
import type { AnyCodec } from "../../service-definition.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import { formatOf, isIntact, refuseUnknownFormat } from "../store/stored-value.js";
import { furthest, hasWholeKey, POSITIONS_KEY, type Positions, positionsOf } from "./changelog.js";

/** What a reader must know where the folder has whole keys that its changelog may have cut, see task/cut-keys.ts. */
export interface CutTail {
  /** The folder has every record whose positions are up to these. */
  readonly positions: Positions;
  /** The changelog has a newer record whose key may be cut. @throws {StoreError} the folder cannot do without it */
  onNewer(): void;
}

/** What is read, and who gets it. */
export interface ReadRequest {
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
  /**
   * Takes values in, in the order of the logs. The next ones come when it has returned. Their bytes are those of a batch that is read
   * into again: what it keeps it copies.
   */
  apply(writes: readonly StoreWrite[]): Promise<void>;
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
 * The reading of one task.
 *
 * The end is the high watermark, not the last stable offset. A former owner's transaction may be decided while its marker has not
 * reached this partition yet: then it lies after the last stable offset, and a restore that stopped there would lose it. The
 * read_committed consumer waits for the marker.
 */
export class ChangelogReading {
  readonly request: ReadRequest;
  readonly #open = new Map<string, OpenChangelog>();
  #positions: Positions = {};
  #cutKeys = false;
  #writes: StoreWrite[] = [];
  #records = 0;

  constructor(request: ReadRequest) {
    this.request = request;
    for (const { store, codec, topic, from, range } of request.changelogs) {
      if (from < range.end)
        this.#open.set(topic, { store, codec, end: range.end, position: latest(from, range.begin) });
    }
  }

  /** Where to read next. */
  get places(): TopicPosition[] {
    const { partition } = this.request;
    return [...this.#open].map(([topic, { position }]) => ({ topic, partition, position }));
  }

  /** Offsets that were not read yet. */
  get remaining(): number {
    let remaining = 0;
    for (const { end, position } of this.#open.values()) remaining += Math.max(0, end - position);
    return remaining;
  }

  /** Once nothing remains. */
  get result(): ChangelogsRead {
    const ends = Object.fromEntries(this.request.changelogs.map(({ store, range }) => [store, range.end]));
    return { positions: this.#positions, ends, cutKeys: this.#cutKeys };
  }

  /**
   * The next record of a log. One that comes again, since its partition was assigned again, is skipped.
   * @throws {StoreError} it is damaged, of a format that is not read, or under a key that may be cut
   */
  take(record: ConsumedRecord): void {
    const log = this.#open.get(record.topic);
    if (log === undefined || record.offset < log.position) return;
    log.position = nextPosition(record.offset);
    this.#records++;
    const positions = positionsOf(record);
    if (positions !== undefined) this.#positions = furthest(this.#positions, positions);
    const write = writeOf(record, log);
    if (write === undefined) return;
    const whole = hasWholeKey(record);
    const { cutTail } = this.request;
    if (!whole && cutTail !== undefined) {
      // The folder has it, under its whole key.
      if (isWithin(positions ?? {}, cutTail.positions)) return;
      cutTail.onNewer();
    }
    this.#writes.push(write);
    this.#cutKeys ||= !whole;
  }

  /** Hands on what was taken since the last call; after that it stands for everything before the `reached` positions. */
  async apply(reached: readonly TopicPosition[]): Promise<void> {
    const writes = this.#writes;
    const records = this.#records;
    this.#writes = [];
    this.#records = 0;
    if (writes.length > 0) await this.request.apply(writes);
    for (const { topic, position } of reached) {
      const log = this.#open.get(topic);
      if (log !== undefined) log.position = latest(log.position, position);
    }
    this.request.progress(this.remaining, records);
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
