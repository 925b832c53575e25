/** Rewrites the changelogs of a task from its folder, after somebody deleted or truncated them. */

import { keyBytes } from "../../contract/record-key.js";
import { RECORD_BYTES_MAX } from "../../contract/topics.js";
import type { ClientOptions } from "../../kafka/client.js";
import { Producer } from "../../kafka/producer.js";
import type { RecordHeaders } from "../../service-definition.js";
import { type Changelog, POSITIONS_KEY_BYTES, POSITIONS_VALUE, positionsHeaders } from "../changelog/changelog.js";
import type { OpenTask } from "./task.js";

/**
 * Writes every value of the folder, then the positions they stand for, and waits until the broker has them. There is no
 * transaction: where it is cut short, the positions are missing, and it is done again from the start.
 * @returns how many records were written
 * @throws {KafkaError} the broker does not answer, or refuses a record
 */
export async function rewriteChangelogs(
  { folder }: OpenTask,
  changelogs: readonly Changelog[],
  options: ClientOptions,
): Promise<number> {
  await folder.save();
  const producer = await Producer.connect(options, { recordBytesMax: RECORD_BYTES_MAX });
  const positions = positionsHeaders(folder.manifest?.positions ?? {});
  let count = 0;
  const write = async ({ topic, partition }: Changelog, key: Buffer, value: Buffer, headers?: RecordHeaders) => {
    await producer.produceWaiting(topic, partition, key, value, undefined, headers);
    count++;
  };
  try {
    for (const changelog of changelogs)
      for await (const { key, value } of folder.db.entries(changelog.store))
        await write(changelog, keyBytes(key), value);
    await producer.flush();
    for (const changelog of changelogs) await write(changelog, POSITIONS_KEY_BYTES, POSITIONS_VALUE, positions);
    await producer.flush();
    return count;
  } finally {
    await producer.disconnect();
  }
}
