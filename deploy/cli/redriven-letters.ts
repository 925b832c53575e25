/**
 * Which dead letters were sent back, in a compacted topic: one bit for each, in blocks of {@link BLOCK_LETTERS} offsets. A block is
 * written in the transaction that sends its letters, so a letter was sent if and only if its bit is set, whatever was killed when.
 * A million letters take 128 KiB, here and on the topic.
 */
import { REDRIVEN_TOPIC } from "../../shared/contract/topics.js";
import type { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { logRanges } from "../../shared/kafka/log-range.js";
import { readRanges } from "../../shared/kafka/range-reader.js";
import { type Offset, ORIGIN, partitionKey } from "../../shared/kafka/topic-partition.js";

const BLOCK_LETTERS = 8192;
const BLOCK_BYTES = BLOCK_LETTERS / 8;

/** Where a letter lies in the topic of dead letters. */
export interface LetterPlace {
  readonly partition: number;
  readonly offset: Offset;
}

/** A record of {@link REDRIVEN_TOPIC}. */
export interface BlockRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

export class RedrivenLetters {
  /** Of the topic of dead letters: offsets of one that was deleted mean nothing to the next of its name. */
  readonly #topicId: string;
  /** By the key of its record. */
  readonly #blocks = new Map<string, Buffer>();

  private constructor(topicId: string) {
    this.#topicId = topicId;
  }

  /**
   * Reads what the topic says; nothing where there is none. Transactions that are open there are waited for.
   * @param topicId of the topic of dead letters
   * @throws {KafkaError} the broker does not answer
   */
  static async read(options: ClientOptions, admin: Admin, topicId: string): Promise<RedrivenLetters> {
    const letters = new RedrivenLetters(topicId);
    if (!(await admin.describe([REDRIVEN_TOPIC])).has(REDRIVEN_TOPIC)) return letters;
    const place = { topic: REDRIVEN_TOPIC, partition: 0 };
    const range = (await logRanges(admin, [place])).get(partitionKey(place));
    const piece = { ...place, from: range?.begin ?? ORIGIN, end: range?.end ?? ORIGIN };
    await readRanges(options, options.clientId, [piece], ({ key, value }) => {
      if (key !== null && key !== undefined && value?.length === BLOCK_BYTES)
        letters.#blocks.set(String(key), Buffer.from(value));
    });
    return letters;
  }

  /** Makes the topic where there is none, and waits for it. */
  static async createTopic(admin: Admin, replicationFactor: number): Promise<void> {
    await admin.ensure(REDRIVEN_TOPIC, 1, replicationFactor, { "cleanup.policy": "compact" });
  }

  has(place: LetterPlace): boolean {
    const { key, byte, mask } = this.#bit(place);
    return ((this.#blocks.get(key)?.[byte] ?? 0) & mask) !== 0;
  }

  /** The records to write in the transaction that sends these letters. Nothing changes here: see {@link add}. */
  recordsWith(places: readonly LetterPlace[]): BlockRecord[] {
    const changed = new Map<string, Buffer>();
    for (const place of places) {
      const { key, byte, mask } = this.#bit(place);
      const block = changed.get(key) ?? Buffer.from(this.#blocks.get(key) ?? Buffer.alloc(BLOCK_BYTES));
      block[byte] |= mask;
      changed.set(key, block);
    }
    return [...changed].map(([key, value]) => ({ key: Buffer.from(key), value }));
  }

  /** That transaction is committed. */
  add(records: readonly BlockRecord[]): void {
    for (const { key, value } of records) this.#blocks.set(String(key), value);
  }

  #bit({ partition, offset }: LetterPlace): { key: string; byte: number; mask: number } {
    const at = offset % BLOCK_LETTERS;
    return {
      key: `${this.#topicId}/${partition}/${Math.floor(offset / BLOCK_LETTERS)}`,
      byte: at >> 3,
      mask: 1 << (at & 7),
    };
  }
}
