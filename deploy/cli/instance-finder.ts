/** Finds instances of a service that can be asked: they announce themselves on a topic every two seconds. */
import { addressBookTopic, announcedInstance } from "../../shared/address-book.js";
import { type Environment, readSettings } from "../../shared/config.js";
import { messageOf } from "../../shared/errors.js";
import { positionAt } from "../../shared/kafka/topic-partition.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { notice } from "./command.js";
import { WholeTopic } from "./whole-topic.js";

/** Five announcements missed: as long as an instance may be silent for the others, too. */
const SILENCE_MAX_MS = 10_000;
/** At least one announcement of each instance comes in this time. */
const WAIT_MS = 6000;
const READ_MS = 500;
const RECORDS_MAX = 1000;

/**
 * URLs of the instances of a service that have announced themselves lately, the newest announcement first.
 * @throws {ConfigurationError} settings that cannot work
 * @throws {Error} none is found: the broker does not answer, or no instance runs
 */
export async function findInstances(service: string, environment: Environment, stop: AbortSignal): Promise<string[]> {
  const { applicationId, brokers } = readSettings(kernelSettings, environment);
  const topic = addressBookTopic(`${applicationId}-${service}`);
  const remedy =
    `no instance of ${service} is known there: start one, set KAFKA_BROKERS and APPLICATION_ID to those of yours, or name one by --url ` +
    "http://<host>:<port>";
  const reader = await WholeTopic.open({ topic, command: "query", environment, complain: notice, stop }).catch(
    (error: unknown) => {
      const missing = messageOf(error).includes(`a topic named ${topic}`);
      throw missing ? new Error(`${messageOf(error)}: ${remedy}`, { cause: error }) : error;
    },
  );
  try {
    const ranges = await reader.ranges();
    reader.start(ranges.map(({ begin, end }) => positionAt(Math.max(begin, end - RECORDS_MAX))));
    const urls = await newestUrls(reader, stop);
    if (urls.length === 0)
      throw new Error(
        `expected announcements on ${topic} at ${brokers}, but none came in ${WAIT_MS / 1000} s: ${remedy}`,
      );
    return urls;
  } finally {
    await reader.close();
  }
}

/** Reads until there is an instance, and what came with it. */
async function newestUrls(reader: WholeTopic, stop: AbortSignal): Promise<string[]> {
  const deadlineMs = performance.now() + WAIT_MS;
  const byName = new Map<string, { readonly url: string; readonly timestamp: number }>();
  while (byName.size === 0 && !stop.aborted && performance.now() < deadlineMs) {
    for (const { key, value, timestamp } of await reader.read(RECORDS_MAX, READ_MS)) {
      const name = String(key);
      const instance = value === null ? undefined : announcedInstance(value);
      if (instance === undefined) byName.delete(name);
      else byName.set(name, { url: `http://${instance.address}`, timestamp: timestamp ?? 0 });
    }
    // A clock may be wrong, and then none would be new: what is old is left out where there is something newer.
    const newestMs = Math.max(...[...byName.values()].map(({ timestamp }) => timestamp));
    for (const [name, { timestamp }] of byName) if (newestMs - timestamp > SILENCE_MAX_MS) byName.delete(name);
  }
  return [...byName.values()].sort((a, b) => b.timestamp - a.timestamp).map(({ url }) => url);
}
