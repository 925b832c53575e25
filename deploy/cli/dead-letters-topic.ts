/** The topic of dead letters as commands read it: from its first letter to where it ends when they begin. */
import { type Environment, readSettings } from "../../shared/config.js";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { readCheckedProperties } from "../../shared/kafka/property-check.js";
import { type PartitionPiece, readRanges } from "../../shared/kafka/range-reader.js";
import { ORIGIN, partitionKey, type TopicPosition } from "../../shared/kafka/topic-partition.js";
import { partitionsFrom } from "../../shared/kafka/topic-reader.js";
import { createLogger } from "../../shared/logger.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { notice } from "./command.js";
import { untilListening } from "./open-port.js";

export interface DeadLettersTopic {
  readonly admin: Admin;
  readonly options: ClientOptions;
  /** Changes when the topic is deleted and made again. */
  readonly topicId: string;
  readonly replicationFactor: number;
  /** What can be read of each partition now. @throws {KafkaError} the broker does not answer */
  pieces(): Promise<PartitionPiece[]>;
  /** Gives every record of the pieces to `take`, those of a partition in order. */
  read(pieces: readonly PartitionPiece[], take: (record: ConsumedRecord) => Promise<void> | void): Promise<void>;
}

/**
 * Connects for the time that `work` takes. Reads KAFKA_BROKERS and KAFKA_CONF_* as services do.
 * @param command names these clients to the broker
 * @returns undefined where there is no topic of dead letters
 * @throws {ConfigurationError} settings that cannot work
 * @throws {Error} the broker does not answer, or `stop` came first
 */
export async function withDeadLetters<T>(
  command: string,
  environment: Environment,
  stop: AbortSignal,
  work: (topic: DeadLettersTopic) => Promise<T>,
): Promise<T | undefined> {
  const settings = readSettings(kernelSettings, environment);
  const properties = await readCheckedProperties(environment);
  const clientId = `${settings.applicationId}-${command}`;
  const options = { settings, properties, clientId, logger: createLogger(command, "silent") };
  await untilListening(settings.brokers, stop, () => notice(`waiting for Kafka at ${settings.brokers}`));
  const admin = new Admin(options);
  try {
    const description = (await admin.describe([DEAD_LETTERS_TOPIC])).get(DEAD_LETTERS_TOPIC);
    if (description === undefined) return undefined;
    const places = partitionsFrom(DEAD_LETTERS_TOPIC, description.partitions);
    return await work({
      admin,
      options,
      topicId: description.id,
      replicationFactor: settings.replicationFactor,
      // Letters of an open transaction are no letters yet, and whoever waited for one would wait for a service that hangs.
      pieces: async () => piecesOf(await admin.beginnings(places), await admin.ends(places, "committed")),
      read: (pieces, take) => readRanges(options, clientId, pieces, take),
    });
  } finally {
    await admin.disconnect();
  }
}

function piecesOf(begins: readonly TopicPosition[], ends: readonly TopicPosition[]): PartitionPiece[] {
  const begin = new Map(begins.map((place) => [partitionKey(place), place.position]));
  return ends.map((end) => ({
    topic: end.topic,
    partition: end.partition,
    from: begin.get(partitionKey(end)) ?? ORIGIN,
    end: end.position,
  }));
}
