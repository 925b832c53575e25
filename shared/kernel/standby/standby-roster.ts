/**
 * The instances of a service, and the partitions that each owns. Instances that keep standbys announce themselves on a small topic.
 * The client can ask the broker for a group's members too, but dies of the answer where that is an error (no such group, coordinator
 * away).
 */
import { z } from "zod";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import type { Instance } from "./standby-rule.js";

/** Five announcements missed: an instance without one for so long is dead, or of no use. */
const SILENCE_MAX_MS = 10_000;

const announcementSchema = z.object({
  host: z.string(),
  slot: z.number().int().nonnegative(),
  partitions: z.array(z.number().int().nonnegative()),
});

/** Announcements are repeated; nobody needs an old one. */
export const rosterConfig = { "cleanup.policy": "delete", "retention.ms": "3600000" } as const;

/** Name of the topic of announcements. */
export function rosterTopic(application: string): string {
  return `${application}-instances`;
}

/** Key of the announcements of an instance. */
export const announcementKey = ({ host, slot }: Pick<Instance, "host" | "slot">): Buffer =>
  Buffer.from(`${host}/${slot}`);

/** What an instance announces. */
export function announcementValue({ host, slot, partitions }: Instance): Buffer {
  return Buffer.from(JSON.stringify({ host, slot, partitions }));
}

/** The instances that are known by their announcements. */
export class Roster {
  readonly #known = new Map<string, { readonly instance: Instance; readonly announcedMs: number }>();

  /**
   * Takes in an announcement; one without a value says that the instance leaves. Records that are no announcement are ignored.
   * @param nowMs milliseconds of a monotonic clock
   * @returns what was announced
   */
  record({ key, value }: Pick<ConsumedRecord, "key" | "value">, nowMs: number): Instance | undefined {
    const name = String(key);
    if (value === null) {
      this.#known.delete(name);
      return undefined;
    }
    const instance = instanceOf(value);
    if (instance !== undefined) this.#known.set(name, { instance, announcedMs: nowMs });
    return instance;
  }

  /** The instances that have announced themselves lately, in order of their names. */
  instances(nowMs: number): Instance[] {
    for (const [name, { announcedMs }] of this.#known)
      if (nowMs - announcedMs > SILENCE_MAX_MS) this.#known.delete(name);
    return [...this.#known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { instance }]) => instance);
  }
}

function instanceOf(value: Buffer): Instance | undefined {
  try {
    return announcementSchema.parse(JSON.parse(value.toString("utf8")));
  } catch {
    return undefined;
  }
}
