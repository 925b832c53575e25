/**
 * Whether a topic is compacted. The client cannot read a topic's configuration, but the broker shows it: it accepts a record
 * without a key only where the topic is not compacted.
 */
import type { ClientOptions } from "./client.js";
import { KafkaCode, KafkaError } from "./kafka-error.js";
import { Producer } from "./producer.js";

const PROBE = Buffer.from([0]);
const PROBE_BYTES_MAX = 1000;

/**
 * Writes a record without a key to the first partition. Where it is accepted it stays there, and a restore skips it.
 * @throws {KafkaError} the broker does not answer, or the topic may not be written
 */
export async function isCompacted(topic: string, options: ClientOptions): Promise<boolean> {
  const producer = await Producer.connect(options, { recordBytesMax: PROBE_BYTES_MAX });
  try {
    producer.produce(topic, 0, null, PROBE);
    await producer.flush();
    return false;
  } catch (error) {
    if (error instanceof KafkaError && error.code === KafkaCode.INVALID_RECORD) return true;
    throw error;
  } finally {
    await producer.disconnect();
  }
}
