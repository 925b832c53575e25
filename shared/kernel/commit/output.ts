/**
 * What a process writes between two commits, exactly once or at least once, and how it recovers when Kafka says no.
 */
import { setTimeout as delay } from "node:timers/promises";
import { RECORD_BYTES_MAX } from "../../contract/topics.js";
import type { StepListener } from "../../failpoint.js";
import type { ClientOptions } from "../../kafka/client.js";
import type { Consumer } from "../../kafka/consumer.js";
import { KafkaCode, KafkaError } from "../../kafka/kafka-error.js";
import { pause } from "../../kafka/patience.js";
import { BATCH_BYTES_MAX, Producer, QUEUE_FULL_WAIT_MS } from "../../kafka/producer.js";
import type { TopicPosition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { RecordHeaders } from "../../service-definition.js";
import { FencePause } from "./fence-pause.js";

const RETRY_WAIT_MS = 100;
/** Batches that a topic does not take become smaller by this factor. */
const BATCH_SHRINKAGE = 4;
/**
 * Once the broker has refused a batch, the client sends nothing more of the transaction: records that are still in its queue wait
 * there for their timeout, and a commit that was called waits as long. So for a while after a refusal the records get this time to
 * arrive before the positions are sent: that call says at once where nothing can be committed.
 */
const ARRIVAL_WAIT_MS = 1000;
const REFUSALS_APART_MS = 60_000;

interface OutputRecord {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number | undefined;
  readonly headers: RecordHeaders | undefined;
}

/** The one producer of a process, and its open transaction. */
export class Output {
  readonly #options: ClientOptions;
  readonly #transactionalId: string | undefined;
  readonly #logger: Logger;
  /** Whether the service is to stop: a call that Kafka does not carry out is not repeated then. */
  readonly #stop: AbortSignal;
  #producer: Producer | undefined;
  #begun = false;
  /** Set once nothing of the transaction can be committed any more; the next call that concerns all of it says why. */
  #failed = false;
  #batchBytes = BATCH_BYTES_MAX;
  /** Records that the client's queue had no room for. */
  #waiting: OutputRecord[] = [];
  #records = 0;
  #repeatedCall: string | undefined;
  readonly #pause = new FencePause();
  #refusedMs = Number.NEGATIVE_INFINITY;

  /** @param transactionalId undefined: at least once, without transactions */
  constructor(options: ClientOptions, transactionalId: string | undefined, stop: AbortSignal) {
    this.#options = options;
    this.#transactionalId = transactionalId;
    this.#logger = options.logger;
    this.#stop = stop;
  }

  /** Records handed over since the last commit. */
  get records(): number {
    return this.#records;
  }

  /** The call that Kafka did not carry out at once, and that is repeated; undefined where none is. */
  get repeatedCall(): string | undefined {
    return this.#repeatedCall;
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

  /** Opens the transaction; nothing where it is open. */
  async begin(): Promise<void> {
    if (this.#begun) return;
    if (this.#transactionalId !== undefined) await this.#connected().begin();
    this.#begun = true;
  }

  /** Whether records wait for room in the client's queue: {@link drain} before the next is processed. */
  get isFull(): boolean {
    return this.#waiting.length > 0;
  }

  /** Hands over one record; where the client's queue is full it waits here until {@link drain}. */
  write(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number | undefined,
    headers?: RecordHeaders,
  ): void {
    this.#records++;
    if (this.#waiting.length > 0 || !this.#produce(topic, partition, key, value, timestamp, headers)) {
      this.#waiting.push({ topic, partition, key, value, timestamp, headers });
    }
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

  /** Back-pressure: returns when the client has taken every record. */
  async drain(): Promise<void> {
    if (this.#waiting.length === 0) return;
    for (const { topic, partition, key, value, timestamp, headers } of this.#waiting) {
      while (!this.#produce(topic, partition, key, value, timestamp, headers)) await delay(QUEUE_FULL_WAIT_MS);
    }
    this.#waiting = [];
  }

  /**
   * Makes everything since begin visible together with the input positions.
   * At least once: the records first, then the positions.
   * @param onStep called at each step
   * @throws {KafkaError} it did not happen, or its outcome is unknown: {@link recover}
   */
  async commit(positions: readonly TopicPosition[], consumer: Consumer, onStep: StepListener): Promise<void> {
    await this.drain();
    const producer = this.#connected();
    if (this.#transactionalId === undefined) {
      await this.#persistently("flush", () => producer.flush());
      await this.#persistently("commit offsets", () => consumer.commit(positions));
      onStep("after-send-offsets");
    } else {
      if (performance.now() - this.#refusedMs < REFUSALS_APART_MS) await producer.awaitArrival(ARRIVAL_WAIT_MS);
      await this.#persistently("send offsets", () => this.#sendOffsets(producer, positions, consumer));
      onStep("after-send-offsets");
      await this.#persistently("commit", () => {
        const answer = producer.commitTransaction();
        onStep("in-commit");
        return answer;
      });
    }
    this.#begun = false;
    this.#records = 0;
  }

  /**
   * After a failure: ends the open transaction so that none of it is ever read. A producer whose state is unknown is
   * thrown away; {@link connect} makes the next one.
   */
  async recover(error: unknown): Promise<void> {
    this.#waiting = [];
    this.#records = 0;
    const wasBegun = this.#begun;
    this.#begun = false;
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
    await this.#persistently("abort", () => producer.abortTransaction());
  }

  async disconnect(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
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

  /** Repeats the same call while librdkafka says so: its commit is resumable. */
  async #persistently(call: string, run: () => Promise<void>): Promise<void> {
    try {
      for (let attempt = 1; !(await this.#carriedOut(call, attempt, run)); attempt++)
        await pause(RETRY_WAIT_MS, this.#stop);
    } finally {
      this.#repeatedCall = undefined;
    }
  }

  async #carriedOut(call: string, attempt: number, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      if (!(error instanceof KafkaError) || error.fate !== "retry" || this.#stop.aborted) throw error;
      this.#repeatedCall = call;
      this.#logger.warn({ call, attempt, err: error }, "Kafka call repeated");
      return false;
    }
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

  /** Hands a record to the client; nothing where the transaction takes no more. @returns false where its queue is full */
  #produce(...record: Parameters<Producer["produce"]>): boolean {
    if (this.#failed) return true;
    try {
      return this.#connected().produce(...record);
    } catch (error) {
      if (!isStateError(error) || this.#transactionalId === undefined) throw error;
      this.#failed = true;
      return true;
    }
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
