/**
 * Compares topics that are there already with what a service writes to them. The client cannot read a topic's configuration, but
 * a broker shows it all the same: it checks the size of a record first, then its key, then its timestamp. A record of the
 * largest size, without a key and stamped two hours ahead is refused by nearly every topic, and the reason shows the rest. Where
 * a topic takes it, its transaction is aborted. Nothing of it is ever read.
 */

import { DEAD_LETTER_BYTES_MAX, DEAD_LETTERS_TOPIC, RESULT_BYTES_MAX } from "../../contract/topics.js";
import { messageOf, TopicError } from "../../errors.js";
import type { ClientOptions } from "../../kafka/client.js";
import { KafkaCode, KafkaError } from "../../kafka/kafka-error.js";
import { Producer } from "../../kafka/producer.js";
import { refusalOf } from "../../kafka/refusal.js";
import type { Logger } from "../../logger.js";

const AHEAD_MS = 2 * 3_600_000;
/** Batch, record and headers come on top of a value. */
const OVERHEAD_BYTES = 64 * 1024;
/** Room for an envelope with the longest message. */
const ENVELOPE_BYTES = 4096;

/** A topic as a service uses it. */
export interface UsedTopic {
  readonly name: string;
  readonly role: "results" | "changelog" | "dead-letters";
  /** Of the largest value that is written to it. */
  readonly bytes: number;
  /** Whether it is meant to keep the newest record of each key only. */
  readonly compacted: boolean;
}

interface Found {
  readonly takesSize: boolean;
  /** Undefined where it is not known. */
  readonly compacted: boolean | undefined;
}

const CONSEQUENCES = {
  results: "records with larger results become dead letters",
  changelog: "records of a series with a larger state become dead letters",
  "dead-letters": "of larger records only an envelope is left",
} as const;

/** The topics that a service writes, as far as they are among `existing`. */
export function usedTopics(
  outputs: readonly { readonly name: string; readonly config: Readonly<Record<string, string>> }[],
  changelogs: readonly string[],
  existing: ReadonlySet<string>,
): UsedTopic[] {
  const used: UsedTopic[] = outputs.map(({ name, config }) => ({
    name,
    role: "results",
    bytes: RESULT_BYTES_MAX,
    compacted: config["cleanup.policy"] === "compact",
  }));
  for (const name of changelogs) used.push({ name, role: "changelog", bytes: RESULT_BYTES_MAX, compacted: true });
  used.push({ name: DEAD_LETTERS_TOPIC, role: "dead-letters", bytes: DEAD_LETTER_BYTES_MAX, compacted: false });
  return used.filter(({ name }) => existing.has(name));
}

/**
 * Reports each topic that takes less than it may be given, beside the work: nothing waits for it. Where Kafka cannot be asked,
 * what a topic refuses is found when it is refused.
 * @throws {TopicError} dead letters could not be kept at all
 */
export async function compareTopics(topics: readonly UsedTopic[], options: ClientOptions): Promise<void> {
  try {
    for (const topic of topics) {
      // A refused record leaves the numbers of its partition out of step: each topic is probed by a producer of its own.
      const large = await probe(topic.name, topic.bytes, options);
      const small = large.takesSize ? large : await probe(topic.name, ENVELOPE_BYTES, options);
      if (!large.takesSize) reportSize(topic, small.takesSize, options.logger);
      if (small.compacted === true && !topic.compacted) reportCompaction(topic, options.logger);
    }
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    options.logger.info({ reason: messageOf(error) }, "topics that exist were not compared with what is needed");
  }
}

/**
 * Checks beside the work that no changelog loses state to retention. An answer takes a client and half a second, and nothing is
 * deleted in that time: a start does not wait for it.
 * @throws {TopicError} a changelog is not compacted
 */
export async function refuseUncompacted(
  changelogs: readonly string[],
  isCompacted: (topic: string) => Promise<boolean>,
): Promise<void> {
  for (const name of changelogs) {
    if (await isCompacted(name)) continue;
    throw new TopicError(
      `changelog ${name} is not compacted: its retention would delete state. Set its cleanup.policy to compact, and nothing else ` +
        "(kafka-configs --alter --entity-type topics --add-config cleanup.policy=compact).",
    );
  }
}

function reportSize({ name, role, bytes }: UsedTopic, takesEnvelopes: boolean, logger: Logger): void {
  const remedy = configure(name, `max.message.bytes=${bytes + OVERHEAD_BYTES}`);
  if (role === "dead-letters" && !takesEnvelopes) {
    throw new TopicError(
      `${name} takes less than ${ENVELOPE_BYTES} bytes, so that not even an envelope of a rejected record could be kept. ${remedy}`,
    );
  }
  logger.warn({ topic: name, bytes, remedy }, `a topic takes less than it may be given: ${CONSEQUENCES[role]}`);
}

function reportCompaction({ name, role }: UsedTopic, logger: Logger): void {
  const remedy = configure(name, "cleanup.policy=delete");
  if (role === "dead-letters") {
    throw new TopicError(
      `${name} is compacted: it refuses rejected records without a key, and would keep one of each key. ${remedy}`,
    );
  }
  logger.warn(
    { topic: name, remedy },
    "a topic of results is compacted: it keeps the newest result of each series only",
  );
}

const configure = (name: string, config: string): string =>
  `Set ${config} (kafka-configs --alter --entity-type topics --entity-name ${name} --add-config ${config}).`;

async function probe(topic: string, bytes: number, options: ClientOptions): Promise<Found> {
  const id = `${options.clientId}-probe`;
  const producer = await Producer.connect(options, {
    transactionalId: id,
    recordBytesMax: bytes + OVERHEAD_BYTES,
    reportsDeliveries: true,
  });
  try {
    await producer.initTransactions();
    await producer.begin();
    const code = await ask(producer, topic, bytes);
    await producer.abortTransaction();
    if (code === KafkaCode.MSG_SIZE_TOO_LARGE || code === KafkaCode.RECORD_LIST_TOO_LARGE)
      return { takesSize: false, compacted: undefined };
    return { takesSize: true, compacted: code === KafkaCode.INVALID_RECORD };
  } finally {
    await producer.disconnect();
  }
}

/** @returns the code of the refusal; undefined where the topic has taken the record */
async function ask(producer: Producer, topic: string, bytes: number): Promise<number | undefined> {
  try {
    producer.produce(topic, 0, null, Buffer.alloc(bytes), Date.now() + AHEAD_MS);
    await producer.flush();
    return undefined;
  } catch (error) {
    const refusal = error instanceof KafkaError ? refusalOf(error) : undefined;
    if (refusal === undefined) throw error;
    return refusal.code;
  }
}
