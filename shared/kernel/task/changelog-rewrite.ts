/** Rewrites the changelogs of a task from its folder, after somebody deleted or truncated them. */

import { keyBytes } from "../../contract/record-key.js";
import { RECORD_BYTES_MAX } from "../../contract/topics.js";
import type { ClientOptions } from "../../kafka/client.js";
import { Producer } from "../../kafka/producer.js";
import { type Changelog, POSITIONS_KEY_BYTES, POSITIONS_VALUE, positionsHeaders } from "../changelog/changelog.js";
import type { OpenTask } from "./task.js";

/**
 * Writes every value of the folder, with the positions it stands for, and waits until the broker has them. There is no
 * transaction: where it is cut short, it is done again from the start, and each key's newest record is whole.
 * @returns how many records were written
 * @throws {KafkaError} the broker does not answer, or refuses a record
 */
export async function rewriteChangelogs(
  { folder }: OpenTask,
  changelogs: readonly Changelog[],
  options: ClientOptions,
): Promise<number> {
  const producer = await Producer.connect(options, { recordBytesMax: RECORD_BYTES_MAX });
  const headers = positionsHeaders(folder.manifest?.positions ?? {});
  let count = 0;
  try {
    for (const { store, topic, partition } of changelogs) {
      const write = async (key: Buffer, value: Buffer) => {
        await producer.produceWaiting(topic, partition, key, value, undefined, headers);
        count++;
      };
      for await (const { key, value } of folder.db.entries(store)) await write(keyBytes(key), value);
      await write(POSITIONS_KEY_BYTES, POSITIONS_VALUE);
    }
    await producer.flush();
    return count;
  } finally {
    await producer.disconnect();
  }
}
