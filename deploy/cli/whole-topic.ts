/** A whole topic as commands read it: all its partitions, those too that it is given meanwhile. */
import pino from "pino";
import { type Environment, readSettings } from "../../shared/config.js";
import { Admin, type TopicDescription } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { ClientTroubles } from "../../shared/kafka/client-troubles.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import type { LogRange } from "../../shared/kafka/log-range.js";
import { readCheckedProperties } from "../../shared/kafka/property-check.js";
import { ORIGIN, type Position, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import { isHopeless, partitionsFrom, TopicReader } from "../../shared/kafka/topic-reader.js";
import type { Logger } from "../../shared/logger.js";
import { RepeatedQuestion } from "../../shared/repeated-question.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { untilListening } from "./open-port.js";

const COMPLAINT_PAUSE_MS = 10_000;
/** A partition that is added is read within this time. */
const PARTITIONS_REFRESH_MS = 5000;
const PARTITIONS_TIMEOUT_MS = 2000;

export interface TopicChoice {
  readonly topic: string;
  /** Names this reader to the broker. */
  readonly command: string;
  readonly environment: Environment;
  /** Gets a line for partitions that were added, and at most one line every 10 s for troubles of the client that may pass. */
  complain(line: string): void;
  /** Ends the wait for a broker that is away. */
  readonly stop: AbortSignal;
}

export class WholeTopic {
  readonly topic: string;
  /** Changes when a topic is deleted and made again. */
  readonly topicId: string;
  readonly #reader: TopicReader;
  readonly #logger: Logger;
  readonly #complain: (line: string) => void;
  #partitions: number;
  /** The beginnings of partitions that were added and are not read yet. */
  #added: readonly TopicPosition[] = [];
  readonly #question = new RepeatedQuestion(PARTITIONS_REFRESH_MS);

  private constructor(choice: TopicChoice, { id, partitions }: TopicDescription, reader: TopicReader, logger: Logger) {
    this.topic = choice.topic;
    this.topicId = id;
    this.#complain = choice.complain;
    this.#partitions = partitions;
    this.#reader = reader;
    this.#logger = logger;
  }

  /**
   * Connects and finds the topic, for at most some 25 s. Reads KAFKA_BROKERS and KAFKA_CONF_* as services do.
   * @throws {ConfigurationError} settings that cannot work
   * @throws {Error} the broker does not answer, there is no such topic, or `stop` came first
   */
  static async open(choice: TopicChoice): Promise<WholeTopic> {
    const { topic, command, environment, complain, stop } = choice;
    const settings = readSettings(kernelSettings, environment);
    const properties = await readCheckedProperties(environment);
    const onWait = () => complain(`waiting for Kafka at ${settings.brokers}`);
    await untilListening(settings.brokers, stop, onWait).catch((error: unknown) => unanswered(settings.brokers, error));

    const logger = complainingLogger(complain);
    const troubles = new ClientTroubles(properties, logger);
    const clientId = `${settings.applicationId}-${command}`;
    const options: ClientOptions = { settings, properties, clientId, logger, troubles };
    const admin = new Admin(options);
    try {
      const reader = await TopicReader.connect(options, options.clientId);
      const description = (await admin.describe([topic])).get(topic);
      if (description !== undefined) return new WholeTopic(choice, description, reader, logger);
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

  /** By partition: everything before this position was read. */
  get positions(): Position[] {
    return this.#reader.places.map(({ position }) => position);
  }

  /** By partition. @throws {KafkaError} the topic is gone, may not be read, or has no leader that answers within 10 s */
  ranges(): Promise<LogRange[]> {
    return this.#reader.ranges(partitionsFrom(this.topic, this.#partitions));
  }

  /** @param positions to begin at, by partition */
  start(positions: readonly Position[]): void {
    this.#question.asked();
    this.#reader.add(positions.map((position, partition) => ({ topic: this.topic, partition, position })));
  }

  /**
   * Waits at most `timeoutMs` for a first record, then returns those that are there. A broker that is away is waited for; partitions
   * that were added meanwhile are read from their first record on.
   * @throws {KafkaError} the topic is gone, may not be read, or the client cannot go on
   */
  async read(limit: number, timeoutMs: number): Promise<ConsumedRecord[]> {
    this.#takeAdded();
    this.#question.askWhenOld(
      () => this.#findAdded(),
      (error) => this.#logger.warn({ err: error }, "partitions not known"),
    );
    try {
      return await this.#reader.read(limit, timeoutMs);
    } catch (error) {
      if (!(error instanceof KafkaError) || isHopeless(error)) throw error;
      this.#logger.warn({ err: error }, "consume failed");
      return [];
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #takeAdded(): void {
    if (this.#added.length === 0) return;
    this.#reader.add(this.#added);
    this.#partitions += this.#added.length;
    this.#added = [];
    this.#complain(
      `${this.topic} has ${this.#partitions} partitions now: those that were added are read from their beginning`,
    );
  }

  async #findAdded(): Promise<void> {
    const partitions = await this.#reader.partitionsOf(this.topic, PARTITIONS_TIMEOUT_MS);
    if (partitions <= this.#partitions) return;
    const added = partitionsFrom(this.topic, partitions, this.#partitions);
    const ranges = await this.#reader.ranges(added);
    this.#added = added.map((place, at) => ({ ...place, position: ranges[at]?.begin ?? ORIGIN }));
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

/** The client repeats its complaints many times a second while a broker is away; a person at a screen needs one of them. */
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
