/** Reads a whole topic without a group: all its partitions, from positions of one's own choice, committed records only. */
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import { type Environment, readSettings } from "../../shared/config.js";
import { ConfigurationError } from "../../shared/errors.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { KafkaTroubles } from "../../shared/kafka/client-troubles.js";
import { type ConsumedRecord, Consumer } from "../../shared/kafka/consumer.js";
import { callKafka, KafkaCode, KafkaError } from "../../shared/kafka/kafka-error.js";
import { faultsOfProperties } from "../../shared/kafka/property-check.js";
import { nextPosition, type Position, positionAt } from "../../shared/kafka/topic-partition.js";
import type { Logger } from "../../shared/logger.js";
import { RepeatedQuestion } from "../../shared/repeated-question.js";
import { kernelSettings, readClientProperties } from "../../shared/service-settings.js";
import { untilListening } from "./open-port.js";

const QUERY_TIMEOUT_MS = 10_000;
const QUERY_PAUSE_MS = 200;
const COMPLAINT_PAUSE_MS = 10_000;
/** A partition that is added is read within this time. */
const LOOK_MS = 5000;
const LOOK_TIMEOUT_MS = 2000;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** After these no record comes any more. */
const HOPELESS: ReadonlySet<number> = new Set([
  KafkaCode.FATAL,
  KafkaCode.UNKNOWN_TOPIC,
  KafkaCode.UNKNOWN_TOPIC_OR_PARTITION,
  TOPIC_AUTHORIZATION_FAILED,
]);

/** What a partition holds: from `first` to before `end`, open transactions left out. */
export interface PartitionRange {
  readonly first: Position;
  readonly end: Position;
}

export interface TopicChoice {
  readonly topic: string;
  /** Names this reader to the broker. */
  readonly command: string;
  readonly environment: Environment;
  /** Told of partitions that were added, and of the client's troubles that may pass, of those at most one line every 10 s. */
  complain(line: string): void;
  /** Ends the wait for a broker that is away. */
  readonly stop: AbortSignal;
}

/** A topic and the client that reads it. */
export class TopicReader {
  readonly topic: string;
  /** Another one where a topic was deleted and made again. */
  readonly topicId: string;
  readonly #consumer: Consumer;
  readonly #logger: Logger;
  readonly #tell: (line: string) => void;
  #partitions: number;
  /** By partition that is read: the next offset to read. */
  readonly #positions: Position[] = [];
  /** Where partitions begin that were added and are not read yet. */
  #added: readonly PartitionRange[] = [];
  readonly #question = new RepeatedQuestion(LOOK_MS);

  private constructor(
    { topic, complain }: TopicChoice,
    topicId: string,
    partitions: number,
    consumer: Consumer,
    logger: Logger,
  ) {
    this.topic = topic;
    this.topicId = topicId;
    this.#partitions = partitions;
    this.#consumer = consumer;
    this.#logger = logger;
    this.#tell = complain;
  }

  /**
   * Connects and looks at the topic, for at most some 25 s. Reads KAFKA_BROKERS and KAFKA_CONF_* as services do.
   * @throws {ConfigurationError} settings that cannot work
   * @throws {Error} the broker does not answer, there is no such topic, or `stop` came first
   */
  static async open(choice: TopicChoice): Promise<TopicReader> {
    const { topic, command, environment, complain, stop } = choice;
    const settings = readSettings(kernelSettings, environment);
    const properties = readClientProperties(environment);
    const faults = await faultsOfProperties(properties);
    if (faults.length > 0) throw new ConfigurationError(faults);
    const onWait = () => complain(`waiting for Kafka at ${settings.brokers}`);
    await untilListening(settings.brokers, stop, onWait).catch((error: unknown) => unanswered(settings.brokers, error));

    const logger = complainingLogger(complain);
    const troubles = new KafkaTroubles(properties, logger);
    const clientId = `${settings.applicationId}-${command}`;
    const options: ClientOptions = { settings, properties, clientId, logger, troubles };
    const admin = new Admin(options);
    try {
      const consumer = await Consumer.connect(options, options.clientId);
      const description = (await admin.describe([topic])).get(topic);
      if (description !== undefined)
        return new TopicReader(choice, description.id, description.partitions, consumer, logger);
    } catch (error) {
      unanswered(settings.brokers, error, troubles.reason);
    } finally {
      await admin.disconnect();
    }
    throw new Error(`expected a topic named ${topic} at ${settings.brokers}, but there is none`);
  }

  /** How many the topic is known to have; it grows while it is read. */
  get partitions(): number {
    return this.#partitions;
  }

  /** By partition: the next offset, everything before it was read. */
  get positions(): Position[] {
    return [...this.#positions];
  }

  /** By partition. @throws {KafkaError} the topic is gone, may not be read, or has no leader that answers within 10 s */
  ranges(): Promise<PartitionRange[]> {
    return this.#ranges(0, this.#partitions);
  }

  /** @param positions by partition: the next offset to read */
  start(positions: readonly Position[]): void {
    this.#positions.splice(0, Number.POSITIVE_INFINITY, ...positions);
    this.#question.asked();
    this.#assign();
  }

  /**
   * Waits at most `timeoutMs` for a first record, then takes what is there. A broker that is away is waited for; partitions
   * that were added meanwhile are read from their first record on.
   * @throws {KafkaError} the topic is gone, may not be read, or the client cannot go on
   */
  async read(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> {
    this.#takeAdded();
    this.#question.askWhenOld(
      () => this.#look(),
      (error) => this.#logger.warn({ err: error }, "partitions not known"),
    );
    try {
      const records = await this.#consumer.consume(limit, timeoutMs);
      for (const { partition, offset } of records) this.#positions[partition] = nextPosition(offset);
      return records;
    } catch (error) {
      if (!(error instanceof KafkaError) || HOPELESS.has(error.code)) throw error;
      this.#logger.warn({ err: error }, "consume failed");
      return [];
    }
  }

  close(): Promise<void> {
    return this.#consumer.disconnect();
  }

  #assign(): void {
    this.#consumer.assign(this.#positions.map((position, partition) => ({ topic: this.topic, partition, position })));
  }

  #takeAdded(): void {
    if (this.#added.length === 0) return;
    this.#positions.push(...this.#added.map(({ first }) => first));
    this.#added = [];
    this.#partitions = this.#positions.length;
    // All of them anew, from where they are: what the client has fetched and not given out it fetches again.
    this.#assign();
    this.#tell(
      `${this.topic} has ${this.#partitions} partitions now: those that were added are read from their beginning`,
    );
  }

  /** Looks for partitions that were added; asks by the consumer, so that it knows of them too. */
  async #look(): Promise<void> {
    const { topics } = await callKafka<{ topics: readonly { name: string; partitions: readonly unknown[] }[] }>(
      `partitions of ${this.topic}`,
      (done) => this.#consumer.native.getMetadata({ topic: this.topic, timeout: LOOK_TIMEOUT_MS }, done as never),
    );
    const partitions = topics.find(({ name }) => name === this.topic)?.partitions.length ?? 0;
    if (partitions > this.#partitions) this.#added = await this.#ranges(this.#partitions, partitions);
  }

  #ranges(from: number, to: number): Promise<PartitionRange[]> {
    return Promise.all(Array.from({ length: to - from }, (_, at) => this.#range(from + at)));
  }

  /** The leader of a topic just made, or of a broker just started, is not known everywhere at once. */
  async #range(partition: number): Promise<PartitionRange> {
    const deadlineMs = performance.now() + QUERY_TIMEOUT_MS;
    for (;;) {
      // Never less than 1: the client takes -1 for no limit.
      const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
      try {
        const { lowOffset, highOffset } = await callKafka<{ lowOffset: number; highOffset: number }>(
          `range of ${this.topic}[${partition}]`,
          (done) => this.#consumer.native.queryWatermarkOffsets(this.topic, partition, leftMs, done as never),
        );
        return { first: positionAt(lowOffset), end: positionAt(highOffset) };
      } catch (error) {
        if (!(error instanceof KafkaError) || HOPELESS.has(error.code) || performance.now() >= deadlineMs) throw error;
        await delay(QUERY_PAUSE_MS);
      }
    }
  }
}

/** @param trouble what the client said of its connections */
function unanswered(brokers: string, cause: unknown, trouble?: string): never {
  // A name with several addresses gives an error for each of them, under one that has a code and no message.
  const { message, code }: { message?: unknown; code?: unknown } = Object(cause);
  const reason = message === undefined || message === "" ? String(code) : message;
  const remedy = `it did not answer: ${reason}. Start it, or set KAFKA_BROKERS.`;
  throw new Error(`expected Kafka at ${brokers}, but ${trouble ?? remedy}`, { cause });
}

/** The client repeats its complaints many times a second while a broker is away; a reader of a screen needs one of them. */
function complainingLogger(complain: (line: string) => void): Logger {
  let silentUntilMs = 0;
  return pino(
    { level: "warn" },
    {
      write(line: string) {
        if (performance.now() < silentUntilMs) return;
        silentUntilMs = performance.now() + COMPLAINT_PAUSE_MS;
        const { err, msg }: { err?: { message?: string }; msg?: string } = JSON.parse(line);
        complain(`Kafka: ${err?.message ?? msg ?? line}`);
      },
    },
  );
}
