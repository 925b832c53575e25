/** Writing: one producer, transactional or merely idempotent. */

import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import kafka from "@confluentinc/kafka-javascript";
import { memoryBudget } from "../memory-budget.js";
import type { RecordHeaders } from "../service-definition.js";
import { produceBatchOf, throwCode } from "./batch-calls.js";
import { type ClientOptions, connectClient } from "./client.js";
import { CONSUMER_ONLY, commonProperties, NO_TOPIC_CONFIGURATION, without } from "./client-properties.js";
import type { Consumer } from "./consumer.js";
import { type AnswerLimit, callKafka, KafkaCode, KafkaError } from "./kafka-error.js";
import { deliveryTimeoutMs } from "./producer-faults.js";
import { Column, type RecordBatch, RecordView, ROW } from "./record-batch.js";
import { EMPTY } from "./record-headers.js";
import type { RefusedDelivery } from "./refusal.js";
import type { TopicPosition } from "./topic-partition.js";

/**
 * Transaction timeouts after which a call counts as one that never returns. Each call is given two at most; a client that
 * exceeds them cannot be closed either, so that only another process can continue.
 */
const ANSWER_TIMEOUTS = 3;
/**
 * Turns of the event loop without a report after which none is under way: the client sends it before the call that waited for the
 * records ends, and the loop may have passed the place where reports come in just then.
 */
const TURNS_WITHOUT_REPORT = 2;
const QUEUED_RECORDS_MAX = 500_000;
/** What a queued record takes beside its bytes. The client's own bound counts the bytes alone. */
const QUEUED_RECORD_BYTES = 256;
export const QUEUE_FULL_WAIT_MS = 5;

/** Most bytes that go to a partition at once. */
export const BATCH_BYTES_MAX = 1_000_000;

/** What a producer is for. */
export interface ProducerUse {
  /** Undefined for a producer without transactions. */
  readonly transactionalId?: string | undefined;
  /** Most bytes of one record. */
  readonly recordBytesMax: number;
  /** Most bytes of a batch, 1 for batches of one record; less than {@link BATCH_BYTES_MAX} where a topic does not take that. */
  readonly batchBytes?: number;
  /** Whether {@link Producer.flush} fails for a record that was not delivered; by default where no commit fails for it. */
  readonly reportsDeliveries?: boolean;
}

/** A producer, transactional or merely idempotent. */
export class Producer {
  readonly #native: InstanceType<typeof kafka.Producer>;
  /** Undefined where the client was not built with it. */
  readonly #produceBatch: ReturnType<typeof produceBatchOf>;
  readonly #view = new RecordView();
  readonly #transactionTimeoutMs: number;
  readonly #answerLimit: AnswerLimit;
  /** The failure of a delivery that says most, see {@link weight}. */
  #deliveryFailure: KafkaError | undefined;
  #failedDeliveries = 0;

  private constructor(native: InstanceType<typeof kafka.Producer>, transactionTimeoutMs: number) {
    this.#native = native;
    this.#produceBatch = produceBatchOf(native);
    this.#transactionTimeoutMs = transactionTimeoutMs;
    this.#answerLimit = {
      seconds: Math.ceil((ANSWER_TIMEOUTS * transactionTimeoutMs) / 1000),
      onExceeded: endByThrowing,
    };
  }

  /** @throws {KafkaError} the broker does not answer */
  static async connect(options: ClientOptions, use: ProducerUse): Promise<Producer> {
    const { settings, properties: given, clientId } = options;
    const { transactionalId, recordBytesMax, batchBytes = BATCH_BYTES_MAX } = use;
    const reportsDeliveries = use.reportsDeliveries ?? transactionalId === undefined;
    const timeoutMs = settings.transactionTimeoutMs;
    const queueBytes = memoryBudget().producerQueue;
    const properties = {
      ...without(
        {
          // A commit sends what is left at once, so this costs no time. The client as npm has it needs it: its broker threads poll
          // without a pause while records that have lingered wait for the answer to those before them.
          "linger.ms": 50,
          "batch.size": BATCH_BYTES_MAX,
          "queue.buffering.max.messages": Math.min(QUEUED_RECORDS_MAX, Math.floor(queueBytes / QUEUED_RECORD_BYTES)),
          "queue.buffering.max.kbytes": Math.floor(queueBytes / 1024),
          "message.max.bytes": recordBytesMax,
          ...commonProperties(settings, given, clientId),
          ...(batchBytes < BATCH_BYTES_MAX ? { "batch.size": batchBytes } : {}),
        },
        CONSUMER_ONLY,
      ),
      // The hash of Java's producer: a series lies in the same partition, whichever program writes it.
      partitioner: "murmur2_random",
      "enable.idempotence": true,
      // Those of records that arrived would each go through the event loop, and cost as much as all else that is done with a record.
      ...(reportsDeliveries ? { dr_cb: true, "delivery.report.only.error": true } : {}),
      ...(transactionalId === undefined
        ? {}
        : {
            "transactional.id": transactionalId,
            "transaction.timeout.ms": timeoutMs,
            "message.timeout.ms": deliveryTimeoutMs(timeoutMs),
            "socket.timeout.ms": deliveryTimeoutMs(timeoutMs),
          }),
    };
    const native = new kafka.Producer(properties as object, NO_TOPIC_CONFIGURATION);
    const producer = new Producer(native, timeoutMs);
    if (reportsDeliveries) {
      native.on("delivery-report", (error: unknown, { topic }: { topic: string }) =>
        producer.#onUndelivered(error, topic),
      );
    }
    await connectClient(native as never, options, "producer");
    native.setPollInBackground(true);
    return producer;
  }

  /** Ends the transaction that an earlier holder of the transactional id left open, and fences that holder. */
  initTransactions(): Promise<void> {
    return this.#call("initTransactions", (done) =>
      this.#native.initTransactions(2 * this.#transactionTimeoutMs, done),
    );
  }

  begin(): Promise<void> {
    return callKafka("beginTransaction", (done) => this.#native.beginTransaction(done));
  }

  /**
   * Puts a record into the client's queue. The key is bytes, never a string: the client cuts a string at its first NUL.
   * @param partition undefined: by the key's hash
   * @param timestamp in ms since the epoch; now by default
   * @returns false where the queue is full: try again later
   * @throws {KafkaError} the client refuses the record, or the transaction takes no more
   */
  produce(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp?: number,
    headers?: RecordHeaders,
  ): boolean {
    try {
      this.#native.produce(
        topic,
        partition ?? null,
        value?.length === 0 ? EMPTY : value,
        key?.length === 0 ? EMPTY : key,
        timestamp ?? null,
        undefined,
        headers as never,
      );
      return true;
    } catch (error) {
      const failure = new KafkaError("produce", deliveryError(error, { topic, records: 1 }));
      if (failure.code === KafkaCode.QUEUE_FULL) return false;
      throw failure;
    }
  }

  /**
   * Puts the records of a batch into the client's queue, from record `from` on; the client copies them.
   * @returns the number of the first that was not taken: the batch's count, or less where the queue is full
   * @throws {KafkaError} as {@link produce}, those before it were taken
   */
  produceBatch(batch: RecordBatch, from: number): number {
    const produceBatch = this.#produceBatch;
    if (produceBatch === undefined) return this.#produceEach(batch, from);
    const { count, topics, bytes, rows, headers } = batch;
    const [taken, code] = produceBatch(topics, bytes, rows, headers, from, count);
    const next = from + taken;
    if (code !== 0 && code !== KafkaCode.QUEUE_FULL) {
      try {
        throwCode(this.#native, code);
      } catch (error) {
        const topic = topics[rows[ROW * next + Column.topic]];
        throw new KafkaError("produce", deliveryError(error, { topic, records: 1 }));
      }
    }
    return next;
  }

  #produceEach(batch: RecordBatch, from: number): number {
    for (let k = from; k < batch.count; k++) {
      const { topic, partition, key, value, timestamp, headers } = this.#view.at(batch, k);
      if (!this.produce(topic, partition < 0 ? undefined : partition, key, value, timestamp, headers)) return k;
    }
    return batch.count;
  }

  /** As {@link produce}, but waits for room in the queue. */
  async produceWaiting(...record: Parameters<Producer["produce"]>): Promise<void> {
    while (!this.produce(...record)) await delay(QUEUE_FULL_WAIT_MS);
  }

  /** Adds the group's positions to the transaction; refused where `consumer` is a member of an old generation. */
  sendOffsets(positions: readonly TopicPosition[], consumer: Consumer): Promise<void> {
    const offsets = positions.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    return this.#call("sendOffsetsToTransaction", (done) =>
      this.#native.sendOffsetsToTransaction(
        offsets,
        consumer.groupMetadata() as never,
        this.#transactionTimeoutMs,
        done,
      ),
    );
  }

  commitTransaction(): Promise<void> {
    return this.#call("commitTransaction", (done) => this.#native.commitTransaction(this.#transactionTimeoutMs, done));
  }

  abortTransaction(): Promise<void> {
    return this.#call("abortTransaction", (done) => this.#native.abortTransaction(this.#transactionTimeoutMs, done));
  }

  /**
   * Waits until every record has reached the broker (without transactions).
   * @throws {KafkaError} a record could not be delivered
   */
  async flush(): Promise<void> {
    const failure = await this.#failureOfAll();
    if (failure !== undefined) throw failure;
  }

  /** Waits until every record has arrived or failed, at most `timeoutMs`; which of both it was, the next calls show. */
  async awaitArrival(timeoutMs: number): Promise<void> {
    try {
      await this.#call("flush", (done) => this.#native.flush(timeoutMs, done));
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
  }

  /**
   * Waits until every record on its way has arrived or failed (without transactions). A failure that was reported later would look
   * like one of the next work's.
   * @throws {KafkaError} the broker does not answer
   */
  async settle(): Promise<void> {
    await this.#failureOfAll();
  }

  disconnect(): Promise<void> {
    return callKafka("disconnect producer", (done) => this.#native.disconnect(1000, done as never));
  }

  /**
   * Waits until every record on its way has arrived or failed.
   * @returns the failure that says most, with the number of records that failed; undefined where all arrived
   * @throws {KafkaError} the broker does not answer
   */
  async #failureOfAll(): Promise<KafkaError | undefined> {
    await this.#call("flush", (done) => this.#native.flush(this.#transactionTimeoutMs, done));
    await this.#reported();
    const failure = this.#deliveryFailure;
    const records = this.#failedDeliveries;
    this.#deliveryFailure = undefined;
    this.#failedDeliveries = 0;
    return failure && new KafkaError("delivery", Object.assign(failure.cause as object, { records }));
  }

  /** The client's queue may be empty before the last reports have come through the event loop, a hundred of them at a time. */
  async #reported(): Promise<void> {
    for (let quiet = 0; quiet < TURNS_WITHOUT_REPORT; ) {
      const known = this.#failedDeliveries;
      await nextTurn();
      quiet = this.#failedDeliveries === known ? quiet + 1 : 0;
    }
  }

  #onUndelivered(error: unknown, topic: string): void {
    this.#failedDeliveries++;
    const failure = new KafkaError("delivery", deliveryError(error, { topic, records: 1 }));
    if (this.#deliveryFailure === undefined || weight(failure) > weight(this.#deliveryFailure))
      this.#deliveryFailure = failure;
  }

  #call(name: string, start: (done: (error: unknown) => void) => void): Promise<void> {
    return callKafka(name, start, this.#answerLimit);
  }
}

/** Which of several failed deliveries is reported: one that no record caused, else a refused record, else one that only shared its batch. */
function weight(failure: KafkaError): number {
  if (!failure.isRefusal) return 2;
  return failure.code === KafkaCode.INVALID_DIFFERENT_RECORD ? 0 : 1;
}

function deliveryError(error: unknown, delivery: RefusedDelivery): unknown {
  return error instanceof Error ? Object.assign(error, delivery) : error;
}

/** Thrown from a timer, so that the process's handler of uncaught errors logs it and ends the process. */
function endByThrowing(error: Error): never {
  throw error;
}
