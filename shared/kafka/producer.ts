/** Writing: one producer, transactional or merely idempotent. */

import { setTimeout as delay } from "node:timers/promises";
import kafka from "@confluentinc/kafka-javascript";
import { memoryBudget } from "../memory-budget.js";
import type { RecordHeaders } from "../service-definition.js";
import {
  type ClientOptions,
  CONSUMER_ONLY,
  commonProperties,
  connectClient,
  NO_TOPIC_CONFIGURATION,
  without,
} from "./client.js";
import type { Consumer } from "./consumer.js";
import { type AnswerLimit, callKafka, KafkaCode, KafkaError } from "./kafka-error.js";
import { deliveryTimeoutMs } from "./producer-faults.js";
import { EMPTY } from "./record-headers.js";
import type { RefusedDelivery } from "./refusal.js";
import type { TopicPosition } from "./topic-partition.js";

/**
 * Transaction timeouts after which a call is taken for one that never returns. Each call is given two at most; a client that
 * overlooks that cannot be closed either, so that only another process can go on.
 */
const ANSWER_TIMEOUTS = 3;
const REPORT_WAIT_MS = 1;
const QUEUED_RECORDS_MAX = 500_000;
/** What the client takes for a queued record beside its bytes, which are all that it counts itself. */
const QUEUED_RECORD_BYTES = 256;
export const QUEUE_FULL_WAIT_MS = 5;

/** Most bytes that go to a partition at once. */
export const BATCH_BYTES_MAX = 1_000_000;

/** A producer, transactional or merely idempotent. */
export class Producer {
  readonly #native: InstanceType<typeof kafka.Producer>;
  readonly #transactionTimeoutMs: number;
  readonly #reportsDeliveries: boolean;
  readonly #answerLimit: AnswerLimit;
  /** Records handed over whose delivery was not reported yet. */
  #undelivered = 0;
  /** Of the records whose delivery failed the first, but for one that was only refused. */
  #deliveryFailure: KafkaError | undefined;
  #failedDeliveries = 0;

  private constructor(
    native: InstanceType<typeof kafka.Producer>,
    reportsDeliveries: boolean,
    transactionTimeoutMs: number,
  ) {
    this.#native = native;
    this.#reportsDeliveries = reportsDeliveries;
    this.#transactionTimeoutMs = transactionTimeoutMs;
    this.#answerLimit = {
      seconds: Math.ceil((ANSWER_TIMEOUTS * transactionTimeoutMs) / 1000),
      onExceeded: endByThrowing,
    };
  }

  /**
   * @param transactionalId undefined for a producer without transactions
   * @param batchBytes      most bytes of a batch, 1 for batches of one record; less than {@link BATCH_BYTES_MAX} where a topic
   *   does not take that
   * @param reportsDeliveries whether {@link flush} tells of a record that was not delivered; a commit tells of it as well
   * @throws {KafkaError} the broker does not answer
   */
  static async connect(
    options: ClientOptions,
    transactionalId: string | undefined,
    recordBytesMax: number,
    batchBytes: number = BATCH_BYTES_MAX,
    reportsDeliveries: boolean = transactionalId === undefined,
  ): Promise<Producer> {
    const timeoutMs = options.settings.transactionTimeoutMs;
    const queueBytes = memoryBudget().producerQueue;
    const properties = {
      ...without(
        {
          "linger.ms": 5,
          "batch.size": BATCH_BYTES_MAX,
          "queue.buffering.max.messages": Math.min(QUEUED_RECORDS_MAX, Math.floor(queueBytes / QUEUED_RECORD_BYTES)),
          "queue.buffering.max.kbytes": Math.floor(queueBytes / 1024),
          "message.max.bytes": recordBytesMax,
          ...commonProperties(options),
          ...(batchBytes < BATCH_BYTES_MAX ? { "batch.size": batchBytes } : {}),
        },
        CONSUMER_ONLY,
      ),
      // As Java's producer does it, so that a series lies in the same partition whoever writes it.
      partitioner: "murmur2_random",
      "enable.idempotence": true,
      ...(reportsDeliveries ? { dr_cb: true } : {}),
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
    const producer = new Producer(native, reportsDeliveries, timeoutMs);
    if (reportsDeliveries) {
      native.on("delivery-report", (error: unknown, { topic }: { topic: string }) => {
        producer.#undelivered--;
        if (error) producer.#onUndelivered(error, topic);
      });
    }
    await connectClient(native as never, options, "producer");
    native.setPollInBackground(true);
    return producer;
  }

  /** Fences and ends whatever an earlier holder of the transactional id left open. */
  initTransactions(): Promise<void> {
    return this.#call("initTransactions", (done) =>
      this.#native.initTransactions(2 * this.#transactionTimeoutMs, done),
    );
  }

  begin(): Promise<void> {
    return callKafka("beginTransaction", (done) => this.#native.beginTransaction(done));
  }

  /**
   * Hands a record to the client's queue. The key is bytes and nothing else: the client cuts a string at its first NUL.
   * @param partition undefined: by the key's hash
   * @returns false where the queue is full: try again later
   * @throws {KafkaError} the client refuses the record, or the transaction takes no more
   */
  produce(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number | undefined,
    headers: RecordHeaders | undefined,
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
      if (this.#reportsDeliveries) this.#undelivered++;
      return true;
    } catch (error) {
      const failure = new KafkaError("produce", deliveryError(error, { topic, records: 1 }));
      if (failure.code === KafkaCode.QUEUE_FULL) return false;
      throw failure;
    }
  }

  /** As {@link produce}, but waits for room in the queue. */
  async produceWaiting(...record: Parameters<Producer["produce"]>): Promise<void> {
    while (!this.produce(...record)) await delay(QUEUE_FULL_WAIT_MS);
  }

  sendOffsets(positions: readonly TopicPosition[], consumer: Consumer): Promise<void> {
    const offsets = positions.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    return this.#call("sendOffsetsToTransaction", (done) =>
      this.#native.sendOffsetsToTransaction(offsets, consumer.native, this.#transactionTimeoutMs, done),
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
    await this.#call("flush", (done) => this.#native.flush(this.#transactionTimeoutMs, done));
    // The client's queue may be empty before the last reports have come through the event loop.
    while (this.#undelivered > 0) await delay(REPORT_WAIT_MS);
    const failure = this.#deliveryFailure;
    const records = this.#failedDeliveries;
    this.#deliveryFailure = undefined;
    this.#failedDeliveries = 0;
    if (failure !== undefined) throw new KafkaError("delivery", Object.assign(failure.cause as object, { records }));
  }

  /** Waits until every record has arrived or failed, but no longer than this; whichever it was, the calls that follow tell. */
  async awaitArrival(timeoutMs: number): Promise<void> {
    try {
      await this.#call("flush", (done) => this.#native.flush(timeoutMs, done));
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
    }
  }

  /**
   * Waits for what is on its way, whatever becomes of it (without transactions): reported later, it would be taken for the next
   * work's.
   * @throws {KafkaError} the broker does not answer
   */
  async settle(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      if (this.#undelivered > 0) throw error;
    }
  }

  disconnect(): Promise<void> {
    return callKafka("disconnect producer", (done) => this.#native.disconnect(1000, done as never));
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

/** Which of several failed deliveries is told: what holds for all records, else a refused one, else one that only shared its batch. */
function weight(failure: KafkaError): number {
  if (!failure.isRefusal) return 2;
  return failure.code === KafkaCode.INVALID_DIFFERENT_RECORD ? 0 : 1;
}

function deliveryError(error: unknown, delivery: RefusedDelivery): unknown {
  return error instanceof Error ? Object.assign(error, delivery) : error;
}

/** From a timer: the process's own handler of uncaught errors says why, and ends it. */
function endByThrowing(error: Error): never {
  throw error;
}
