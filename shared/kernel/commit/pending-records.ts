/** What is written and not handed over to the client yet, in the order in which it was written. */
import type { Producer } from "../../kafka/producer.js";
import type { RecordHeaders } from "../../service-definition.js";
import { ResultBlock } from "./result-block.js";

/** A record that the block has no room for. */
interface LooseRecord {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number | undefined;
  readonly headers: RecordHeaders | undefined;
}

export class PendingRecords {
  readonly #block = new ResultBlock();
  /** Records after those of the block. */
  #loose: LooseRecord[] = [];

  /** Whether all of it is handed over. */
  get isEmpty(): boolean {
    return this.#block.isEmpty && this.#loose.length === 0;
  }

  /** Whether it should be handed over before more is written. */
  get isFull(): boolean {
    return this.#loose.length > 0 || this.#block.isHalfFull;
  }

  /** Copies a record. */
  write(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number | undefined,
    headers: RecordHeaders | undefined,
  ): void {
    if (this.#loose.length === 0 && this.#block.write(topic, partition, key, value, timestamp, headers)) return;
    this.#loose.push({
      topic,
      partition,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      timestamp,
      headers,
    });
  }

  /** See {@link ResultBlock.room}. */
  room(bytes: number): number {
    return this.#loose.length === 0 ? this.#block.room(bytes) : 0;
  }

  /** Makes a record of what was rendered at {@link room}: its key, and its value behind it. */
  take(
    topic: string,
    at: number,
    keyLength: number,
    valueLength: number,
    timestamp: number | undefined,
    headers: RecordHeaders | undefined,
  ): void {
    const block = this.#block;
    if (block.take(topic, at, keyLength, valueLength, timestamp, headers)) return;
    const [key, value] = [block.copy(at, keyLength), block.copy(at + keyLength, valueLength)];
    this.#loose.push({ topic, partition: undefined, key, value, timestamp, headers });
  }

  /**
   * Hands over as many as the client's queue has room for.
   * @throws {KafkaError} the client refuses one of them
   */
  handOver(producer: Producer): void {
    this.#block.handOver((batch, from) => producer.produceBatch(batch, from));
    if (!this.#block.isEmpty || this.#loose.length === 0) return;
    let taken = 0;
    for (const { topic, partition, key, value, timestamp, headers } of this.#loose) {
      if (!producer.produce(topic, partition, key, value, timestamp, headers)) break;
      taken++;
    }
    this.#loose = this.#loose.slice(taken);
  }

  /** Forgets all of it. */
  clear(): void {
    this.#block.clear();
    this.#loose = [];
  }

  /** Nothing is written any more. */
  close(): void {
    this.#block.close();
  }
}
