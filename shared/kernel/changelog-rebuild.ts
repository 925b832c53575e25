/** Writes the changelogs of a task anew from its folder, after somebody deleted or truncated them. */
import { setTimeout as delay } from "node:timers/promises";
import { changelogTopic, POSITIONS_KEY, POSITIONS_VALUE, positionsHeaders } from "./changelog.js";
import type { ClientOptions } from "./kafka-client.js";
import { Producer } from "./kafka-producer.js";
import { RECORD_BYTES_MAX } from "./output.js";
import type { Task } from "./task.js";

const QUEUE_FULL_WAIT_MS = 5;

/**
 * Writes every value of the folder, with the positions it stands for, and waits until the broker has them. Without a
 * transaction: cut short, it is done again from the start, and each key's newest record is whole.
 * @returns how many records were written
 * @throws {KafkaError} the broker does not answer, or refuses a record
 */
export async function rebuildChangelogs(
  task: Task,
  application: string,
  stores: readonly string[],
  options: ClientOptions,
): Promise<number> {
  const producer = await Producer.connect(options, undefined, RECORD_BYTES_MAX);
  const headers = positionsHeaders(task.manifest?.positions ?? {});
  let count = 0;
  try {
    const write = async (store: string, key: string, value: Buffer) => {
      const topic = changelogTopic(application, store);
      while (!producer.produce(topic, task.partition, key, value, undefined, headers)) await delay(QUEUE_FULL_WAIT_MS);
      count++;
    };
    for (const store of stores) {
      for await (const { key, value } of task.db?.entries(store) ?? []) await write(store, key, value);
      await write(store, POSITIONS_KEY, POSITIONS_VALUE);
    }
    await producer.flush();
    return count;
  } finally {
    await producer.disconnect();
  }
}
