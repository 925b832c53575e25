/**
 * The instances of a service, the partitions that each owns, and where each serves. Every instance announces itself on a small topic.
 * The client can ask the broker for a group's members too, but dies of the answer where that is an error (no such group, coordinator
 * away).
 */
import { z } from "zod";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";

/** Five announcements missed: an instance without one for so long is dead, or of no use. */
const SILENCE_MAX_MS = 10_000;
/**
 * A silent one is remembered for longer: a process that was cut off and comes back may claim partitions that it has lost meanwhile, and
 * its claims are the old ones.
 */
const REMEMBERED_MS = 3_600_000;

/** A process of a service. Instances of one host share its STATE_DIR, where a task's folder is found by any of them. */
export interface Instance {
  /** Its INSTANCE_ID. */
  readonly host: string;
  readonly slot: number;
  /** Numbers of the partitions that it owns, of whatever topic. */
  readonly partitions: readonly number[];
}

/** An instance as it announces itself. Those of older versions tell nothing but what an {@link Instance} has. */
export interface Announcement extends Instance {
  /** Where it serves, `host:port`. */
  readonly address?: string | undefined;
  /** Numbers of the partitions that it keeps a copy of. */
  readonly copies?: readonly number[] | undefined;
  /** The inputs of partitions of which it has some only. */
  readonly split?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Differs from process to process. */
  readonly process?: string | undefined;
  /** Number of the announcement, from 0. */
  readonly n?: number | undefined;
}

const wholeNumber = z.number().int().nonnegative();
const announcementSchema = z.object({
  host: z.string(),
  slot: wholeNumber,
  partitions: z.array(wholeNumber),
  address: z.string().max(300).optional(),
  copies: z.array(wholeNumber).optional(),
  split: z.record(z.string(), z.array(z.string())).optional(),
  process: z.string().optional(),
  n: wholeNumber.optional(),
});

/** Announcements are repeated; nobody needs an old one. */
export const rosterConfig = { "cleanup.policy": "delete", "retention.ms": "3600000" } as const;

/** Name of the topic of announcements. */
export function rosterTopic(application: string): string {
  return `${application}-instances`;
}

/** `<INSTANCE_ID>/<slot>` */
export const nameOf = ({ host, slot }: Pick<Instance, "host" | "slot">): string => `${host}/${slot}`;

/** Key of the announcements of an instance. */
export const announcementKey = (instance: Pick<Instance, "host" | "slot">): Buffer => Buffer.from(nameOf(instance));

/** What an instance announces. */
export function announcementValue(announcement: Announcement): Buffer {
  return Buffer.from(JSON.stringify(announcement));
}

/** The announcement that a record holds; undefined where it is none. */
export function announcementOf(value: Buffer): Announcement | undefined {
  try {
    return announcementSchema.parse(JSON.parse(value.toString("utf8")));
  } catch {
    return undefined;
  }
}

/** What is known of an instance. */
interface Known {
  readonly announcement: Announcement;
  readonly announcedMs: number;
  /** By partition: what it has of it, and its place in the order in which claims began. */
  readonly claims: ReadonlyMap<number, Claim>;
}

interface Claim {
  /** Undefined for all. */
  readonly inputs: readonly string[] | undefined;
  /** Claims that began later have greater numbers: partitions move from claims to later ones. */
  readonly began: number;
}

/** The instances that are known by their announcements. */
export class Roster {
  readonly #known = new Map<string, Known>();
  #claims = 0;

  /**
   * Takes in an announcement; one without a value says that the instance leaves. Records that are no announcement are ignored.
   * @param nowMs milliseconds of a monotonic clock
   * @returns what was announced
   */
  record({ key, value }: Pick<ConsumedRecord, "key" | "value">, nowMs: number): Announcement | undefined {
    const name = String(key);
    if (value === null) {
      this.#known.delete(name);
      return undefined;
    }
    const announcement = announcementOf(value);
    if (announcement === undefined) return undefined;
    const before = this.#known.get(name);
    const isSame = before?.announcement.process === announcement.process;
    const claims = this.#claimsOf(announcement, isSame ? before?.claims : undefined);
    this.#known.set(name, { announcement, announcedMs: nowMs, claims });
    return announcement;
  }

  /** The instances that have announced themselves lately, in order of their names. */
  instances(nowMs: number): Announcement[] {
    for (const [name, { announcedMs }] of this.#known)
      if (nowMs - announcedMs > REMEMBERED_MS) this.#known.delete(name);
    return [...this.#known]
      .filter(([, { announcedMs }]) => nowMs - announcedMs <= SILENCE_MAX_MS)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { announcement }]) => announcement);
  }

  /**
   * Who owns a partition: of the instances that claim it the one whose claim began last. The claim of one that died, or was stopped
   * and does not know of its loss yet, began earlier.
   * @param input only claims of this input; undefined for any
   */
  claimant(partition: number, input: string | undefined, nowMs: number): Announcement | undefined {
    let newest: { readonly announcement: Announcement; readonly began: number } | undefined;
    for (const { announcement, announcedMs, claims } of this.#known.values()) {
      const claim = claims.get(partition);
      if (claim === undefined || nowMs - announcedMs > SILENCE_MAX_MS) continue;
      const isOfInput = input === undefined || claim.inputs === undefined || claim.inputs.includes(input);
      if (isOfInput && claim.began > (newest?.began ?? -1)) newest = { announcement, began: claim.began };
    }
    return newest?.announcement;
  }

  #claimsOf({ partitions, split }: Announcement, before: ReadonlyMap<number, Claim> | undefined): Map<number, Claim> {
    const claims = new Map<number, Claim>();
    for (const partition of partitions) {
      const inputs = split?.[partition];
      const former = before?.get(partition);
      const continues = former !== undefined && String(former.inputs) === String(inputs);
      claims.set(partition, continues ? former : { inputs, began: this.#claims++ });
    }
    return claims;
  }
}
