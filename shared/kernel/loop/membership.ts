/** What a service has while it is a member of its group: the consumer, its tasks, and the batch that is being fetched. */

import type { Consumer, RebalanceEvent } from "../../kafka/consumer.js";
import { KafkaCode, KafkaError } from "../../kafka/kafka-error.js";
import { EMPTY_BATCH, type RecordBatch } from "../../kafka/record-batch.js";
import type { TopicPartition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { KernelMetrics } from "../metrics.js";
import type { Assignment } from "../task/assignment.js";
import { InputRooms } from "./input-rooms.js";

export interface MembershipOptions {
  /** Topics to subscribe to; a source subscribes to its own changelog, whose partitions are its tasks. */
  readonly subscription: readonly string[];
  readonly connectConsumer: (onRebalance: (event: RebalanceEvent) => void) => Promise<Consumer>;
  readonly createAssignment: (consumer: Consumer) => Assignment;
  /** Called when the client found no record at a position. */
  readonly onPositionOutOfRange: () => void;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class Membership {
  readonly consumer: Consumer;
  readonly assignment: Assignment;
  readonly #options: MembershipOptions;
  readonly #rebalances: RebalanceEvent[] = [];
  readonly #rooms = new InputRooms();
  #inFlight: Promise<RecordBatch> | undefined;
  #fetched = EMPTY_BATCH;
  #failure: KafkaError | undefined;
  /** Set where Kafka does not allow the service to read. */
  #refusal: KafkaError | undefined;
  #leaving = false;

  private constructor(options: MembershipOptions, consumer: Consumer) {
    this.#options = options;
    this.consumer = consumer;
    this.assignment = options.createAssignment(consumer);
  }

  /** @throws {KafkaError} the broker does not answer */
  static async join(options: MembershipOptions): Promise<Membership> {
    // No event comes before the subscription.
    let membership: Membership;
    const consumer = await options.connectConsumer((event) => membership.#onRebalance(event));
    membership = new Membership(options, consumer);
    consumer.subscribe(options.subscription);
    return membership;
  }

  /** Set after a fatal error of the client: only another consumer can be a member again. */
  get failure(): KafkaError | undefined {
    return this.#failure;
  }

  /** The right that was missing since the last call. The client reports it once, until reading starts again. */
  takeRefusal(): KafkaError | undefined {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    return refusal;
  }

  /** Whether a rebalance waits to be served. */
  get rebalanced(): boolean {
    return this.#rebalances.length > 0;
  }

  /** The next rebalance to serve: partitions are {@link Assignment.add}ed, or {@link Assignment.remove}d. */
  nextRebalance(): RebalanceEvent | undefined {
    return this.#rebalances.shift();
  }

  /** Requests the next batch, which the client fetches while this one is processed; nothing where one is on its way. */
  fetch(limit: number, timeoutMs: number): void {
    this.#inFlight ??= this.#consume(limit, timeoutMs);
  }

  /**
   * The batch that is on its way, or else one of `limit` records at most; empty where consuming failed. It is valid until the next
   * but one is requested.
   */
  async take(limit: number, timeoutMs: number): Promise<RecordBatch> {
    this.fetch(limit, timeoutMs);
    const batch = (await this.#inFlight) ?? EMPTY_BATCH;
    this.#inFlight = undefined;
    this.#fetched = EMPTY_BATCH;
    return batch;
  }

  /** Records that the client has handed over and that are not taken yet. */
  get fetched(): RecordBatch {
    return this.#fetched;
  }

  /** Polls without taking records: the membership lives by polling, and partitions are paused. */
  async wait(timeoutMs: number): Promise<void> {
    await this.consumer.consume(1, timeoutMs).catch((error: unknown) => this.#onConsumeError(error));
  }

  /** Closes the tasks and leaves the group. The caller has committed or aborted everything. @throws as {@link Assignment.closeAll} */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#inFlight;
    this.#rooms.release();
    try {
      await this.assignment.closeAll();
    } finally {
      await this.#leaveGroup();
    }
  }

  async #leaveGroup(): Promise<void> {
    for (const event of this.#rebalances) this.#answer(event);
    // Leaving the group revokes its partitions, and waits for the answer.
    const left = this.consumer.disconnect();
    if (this.#failure === undefined) return await left;
    // Nothing waits for a consumer after a fatal error: with the broker gone that may take long.
    left.catch((error: unknown) => this.#options.logger.debug({ err: error }, "a used up consumer did not disconnect"));
  }

  async #consume(limit: number, timeoutMs: number): Promise<RecordBatch> {
    try {
      this.#fetched = await this.consumer.consumeBatch(limit, timeoutMs, this.#rooms.next());
      return this.#fetched;
    } catch (error) {
      this.#onConsumeError(error);
      return EMPTY_BATCH;
    }
  }

  #onConsumeError(error: unknown): void {
    this.#options.logger.warn({ err: error }, "consume failed");
    if (!(error instanceof KafkaError)) return;
    if (error.code === KafkaCode.FATAL) this.#failure = error;
    if (error.isForbidden) this.#refusal = error;
    if (error.code === KafkaCode.AUTO_OFFSET_RESET) this.#options.onPositionOutOfRange();
  }

  #onRebalance(event: RebalanceEvent): void {
    this.#options.metrics.rebalances.inc({ kind: event.kind === "revoke" && event.lost ? "lost" : event.kind });
    if (this.#leaving) this.#answer(event);
    else this.#rebalances.push(event);
  }

  /**
   * While the service leaves, everything is committed and closed, and the group must not wait. Partitions may still come, because
   * another member left a moment ago. An event without an answer would block the client without end. Once the client is closing,
   * it refuses partitions.
   */
  #answer({ kind, partitions }: RebalanceEvent): void {
    const fromBeginning = (partition: TopicPartition) => ({ ...partition, position: "beginning" as const });
    try {
      if (kind === "assign") this.consumer.assign(partitions.map(fromBeginning));
      else this.consumer.unassign(partitions);
    } catch (error) {
      this.#refuse(kind, error);
    }
  }

  #refuse(kind: RebalanceEvent["kind"], reason: unknown): void {
    try {
      this.consumer.takeNothing();
      this.#options.logger.debug({ kind, err: reason }, "rebalance answered with nothing while leaving");
    } catch (error) {
      this.#options.logger.warn({ kind, err: error }, "rebalance was not answered while leaving");
    }
  }
}
