/**
 * What a process writes between two commits, exactly once or at least once, and how it recovers when Kafka says no.
 */
import { setTimeout as delay } from "node:timers/promises";
import { RECORD_BYTES_MAX } from "../../contract/topics.js";
import type { StepListener } from "../../failpoint.js";
import type { ClientOptions } from "../../kafka/client.js";
import type { Consumer } from "../../kafka/consumer.js";
import { KafkaCode, KafkaError } from "../../kafka/kafka-error.js";
import { BATCH_BYTES_MAX, Producer, QUEUE_FULL_WAIT_MS } from "../../kafka/producer.js";
import type { TopicPosition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { RecordHeaders } from "../../service-definition.js";
import { FencePause } from "./fence-pause.js";
import { PendingRecords } from "./pending-records.js";
import { RepeatedCalls } from "./repeated-calls.js";

/** Batches that a topic does not take become smaller by this factor. */
const BATCH_SHRINKAGE = 4;
/**
 * Once the broker has refused a batch, the client sends nothing more of the transaction: records that are still in its queue wait
 * there for their timeout, and a commit that was called waits as long. So for a while after a refusal the records get this time to
 * arrive before the positions are sent: that call says at once where nothing can be committed.
 */
const ARRIVAL_WAIT_MS = 1000;
const REFUSALS_APART_MS = 60_000;

/**
 * `none`: nothing may be handed over. `open`: what is written is handed over. `committing`: a commit is under way, and what is written
 * is the next transaction's.
 */
type TransactionState = "none" | "open" | "committing";

/**
 * The one producer of a process, and its open transaction. Records are kept in a block and handed over together: when it is half full,
 * at {@link drain}, and before a commit. Without transactions the states are the same, so that positions never run ahead of records.
 */
export class Output {
  readonly #options: ClientOptions;
  readonly #transactionalId: string | undefined;
  readonly #logger: Logger;
  readonly #calls: RepeatedCalls;
  #producer: Producer | undefined;
  #state: TransactionState = "none";
  /** Set once nothing of the transaction can be committed any more; the next call that concerns all of it says why. */
  #failed = false;
  #batchBytes = BATCH_BYTES_MAX;
  readonly #pending = new PendingRecords();
  #records = 0;
  readonly #pause = new FencePause();
  #refusedMs = Number.NEGATIVE_INFINITY;

  /** @param transactionalId undefined: at least once, without transactions */
  constructor(options: ClientOptions, transactionalId: string | undefined, stop: AbortSignal) {
    this.#options = options;
    this.#transactionalId = transactionalId;
    this.#logger = options.logger;
    this.#calls = new RepeatedCalls(options.logger, stop);
  }

  /** Records written since the last commit began. */
  get records(): number {
    return this.#records;
  }

  /** The call that Kafka did not carry out at once, and that is repeated; undefined where none is. */
  get repeatedCall(): string | undefined {
    return this.#calls.current;
  }

  /** Whether the open transaction can only be aborted: a commit says why. */
  get failed(): boolean {
    return this.#failed;
  }

  get ready(): boolean {
    return this.#producer !== undefined;
  }

  /** Whether {@link connect} may be called: not for a while after another producer has taken the transactional id. */
  get mayConnect(): boolean {
    return this.#pause.isOver;
  }

  /**
   * Makes the producer where there is none. With transactions this ends what a former holder of the id left open.
   * @throws {KafkaError} the broker does not answer
   */
  async connect(): Promise<void> {
    if (this.#producer !== undefined) return;
    const use = { recordBytesMax: RECORD_BYTES_MAX, batchBytes: this.#batchBytes };
    const producer = await Producer.connect(this.#options, { transactionalId: this.#transactionalId, ...use });
    try {
      if (this.#transactionalId !== undefined) await producer.initTransactions();
    } catch (error) {
      this.#drop(producer);
      throw error;
    }
    this.#producer = producer;
  }

  /** Opens the transaction and hands over what was written before; nothing where it is open, or a commit is under way. */
  async begin(): Promise<void> {
    if (this.#state !== "none") return;
    if (this.#transactionalId !== undefined) await this.#connected().begin();
    this.#state = "open";
    this.#handOver();
  }

  /** Whether no more should be written: before the next record {@link drain}, after the end of a commit that is under way. */
  get isFull(): boolean {
    return this.#pending.isFull;
  }

  /** Writes one record; all of it is copied. */
  write(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number | undefined,
    headers?: RecordHeaders,
  ): void {
    this.#records++;
    this.#pending.write(topic, partition, key, value, timestamp, headers);
    if (this.#pending.isFull) this.#handOver();
  }

  /**
   * Where a record of at most so many bytes may be rendered, its key and its value behind it, as a place in the codec's memory: until
   * the next call here. 0 where there is no such place: {@link write} it.
   */
  room(bytes: number): number {
    const at = this.#pending.room(bytes);
    if (at > 0 || this.#state !== "open") return at;
    this.#handOver();
    return this.#pending.room(bytes);
  }

  /** Writes the record that was rendered at {@link room}. */
  take(
    topic: string,
    at: number,
    keyLength: number,
    valueLength: number,
    timestamp: number | undefined,
    headers?: RecordHeaders,
  ): void {
    this.#records++;
    this.#pending.take(topic, at, keyLength, valueLength, timestamp, headers);
    if (this.#pending.isFull) this.#handOver();
  }

  /**
   * Makes batches smaller, from the next {@link recover} on: a topic takes less than a batch.
   * @param alone at once so small that every record has its own
   * @returns their size in bytes; undefined where every record has its own already
   */
  shrinkBatches(alone: boolean): number | undefined {
    if (this.#batchBytes === 1) return undefined;
    this.#batchBytes = alone ? 1 : Math.max(1, Math.floor(this.#batchBytes / BATCH_SHRINKAGE));
    return this.#batchBytes;
  }

  /** Back-pressure: returns when the client has taken every record; at once where it may not have them now. */
  async drain(): Promise<void> {
    if (this.#state !== "open") return;
    for (this.#handOver(); !this.#pending.isEmpty; this.#handOver()) await delay(QUEUE_FULL_WAIT_MS);
  }

  /**
   * Makes everything since begin visible together with the input positions.
   * At least once: the records first, then the positions.
   * @param onStep called at each step
   * @throws {KafkaError} it did not happen, or its outcome is unknown: {@link recover}
   */
  async commit(positions: readonly TopicPosition[], consumer: Consumer, onStep: StepListener): Promise<void> {
    if (this.#state === "none") await this.begin();
    if (!this.#pending.isEmpty) await this.drain();
    this.#state = "committing";
    this.#records = 0;
    const producer = this.#connected();
    if (this.#transactionalId === undefined) {
      await this.#calls.persistently("flush", () => producer.flush());
      await this.#calls.persistently("commit offsets", () => consumer.commit(positions));
      onStep("after-send-offsets");
    } else {
      if (performance.now() - this.#refusedMs < REFUSALS_APART_MS) await producer.awaitArrival(ARRIVAL_WAIT_MS);
      await this.#calls.persistently("send offsets", () => this.#sendOffsets(producer, positions, consumer));
      onStep("after-send-offsets");
      await this.#calls.persistently("commit", () => {
        const answer = producer.commitTransaction();
        onStep("in-commit");
        return answer;
      });
    }
    this.#state = "none";
  }

  /**
   * After a failure: ends the open transaction so that none of it is ever read. A producer whose state is unknown is
   * thrown away; {@link connect} makes the next one.
   */
  async recover(error: unknown): Promise<void> {
    this.#pending.clear();
    this.#records = 0;
    const wasBegun = this.#state !== "none";
    this.#state = "none";
    this.#failed = false;
    const producer = this.#producer;
    if (producer === undefined) return;
    if (error instanceof KafkaError && error.fate !== "abort") return this.#replace(producer, error);
    if (wasBegun) {
      try {
        if (this.#transactionalId === undefined) await producer.settle();
        else await this.#abort(producer, error);
      } catch (abortError) {
        return this.#replace(producer, abortError);
      }
    }
    if (!(error instanceof KafkaError) || !error.isRefusal) return;
    this.#refusedMs = performance.now();
    // The client has numbered records that the broker never took, and the broker would miss them. The refusal is logged elsewhere.
    this.#producer = undefined;
    this.#drop(producer);
  }

  /** Where Kafka is not at fault, records that were sent arrive first: else the client has to ask for a new epoch, which takes half a second. */
  async #abort(producer: Producer, error: unknown): Promise<void> {
    if (!(error instanceof KafkaError)) await producer.flush();
    await this.#calls.persistently("abort", () => producer.abortTransaction());
  }

  async disconnect(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    this.#pending.close();
    await producer?.disconnect();
  }

  /**
   * Where the broker refuses records during this call, it fails by the client's own state; called again, the client gives the
   * broker's reason.
   */
  async #sendOffsets(producer: Producer, positions: readonly TopicPosition[], consumer: Consumer): Promise<void> {
    try {
      await producer.sendOffsets(positions, consumer);
    } catch (error) {
      if (!isStateError(error)) throw error;
      this.#failed = true;
      await producer.sendOffsets(positions, consumer);
    }
    if (this.#failed) throw notCommittable();
  }

  #replace(producer: Producer, error: unknown): void {
    const fenced = error instanceof KafkaError && (error.code === KafkaCode.FENCED || error.code === KafkaCode.FATAL);
    this.#logger.warn(
      { err: error, ...(fenced ? { transactionalId: this.#transactionalId, waitMs: this.#pause.fenced() } : {}) },
      "producer replaced",
    );
    this.#producer = undefined;
    this.#drop(producer);
  }

  /** Nothing waits for a producer that is thrown away: with the broker gone that may take long. */
  #drop(producer: Producer): void {
    producer
      .disconnect()
      .catch((error: unknown) => this.#logger.debug({ err: error }, "old producer did not disconnect"));
  }

  /** Gives the client what its queue has room for, while it may have it; drops it where the transaction takes no more. */
  #handOver(): void {
    if (this.#state !== "open" || this.#pending.isEmpty) return;
    try {
      if (!this.#failed) this.#pending.handOver(this.#connected());
    } catch (error) {
      if (!isStateError(error) || this.#transactionalId === undefined) throw error;
      this.#failed = true;
    }
    if (this.#failed) this.#pending.clear();
  }

  #connected(): Producer {
    if (this.#producer === undefined)
      throw new KafkaError("produce", { code: -1, message: "there is no producer", isRetriable: true });
    return this.#producer;
  }
}

const isStateError = (error: unknown): boolean => error instanceof KafkaError && error.code === KafkaCode.STATE;

const notCommittable = () =>
  new KafkaError("produce", {
    code: KafkaCode.STATE,
    message: "the transaction takes no more records",
    isTxnRequiresAbort: true,
  });
