/**
 * The address book: every instance of a service announces on a small topic where it serves and which partitions it has, and reads
 * there what the others announce. One producer and one consumer beside the loop, for as long as the service runs; nothing of the
 * work depends on it.
 *
 * It also tells whether this instance may still take itself for the owner of a partition. A process that was stopped for longer than
 * its session has lost its partitions and does not know; it must not answer for them as if it had them. So the owner's word is good
 * for a short time only, from the last moment at which Kafka was in touch with it: it was given the partition, it committed, or
 * it made an announcement that it has read back by now, with all that stood before it.
 */
import { randomUUID } from "node:crypto";
import { messageOf } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import { Consumer } from "../../kafka/consumer.js";
import type { KafkaError } from "../../kafka/kafka-error.js";
import { ASIDE, pause, persistently } from "../../kafka/patience.js";
import { Producer } from "../../kafka/producer.js";
import type { Logger } from "../../logger.js";
import type { FolderClaims } from "../task/assignment.js";
import {
  type Announcement,
  announcementKey,
  announcementValue,
  nameOf,
  Roster,
  rosterConfig,
  rosterTopic,
} from "./roster.js";

/** Between two announcements. */
const ANNOUNCE_MS = 2000;
/**
 * How long an owner's word is good. Less than the shortest session that brokers of ours have, 6 s, less one heartbeat: until then
 * nobody else has been given the partition.
 */
const OWNER_MS = 5000;
/** Between two looks at what was announced. The client fetches in the background: none of them waits in a thread of libuv's pool. */
const LOOK_MS = 200;
const LOOK_WAIT_MS = 1;
const UNHEARD_MAX = 5;
const UNHEARD_PAUSE_MS = 30_000;
const ANNOUNCEMENT_BYTES_MAX = 1_000_000;
const ANNOUNCEMENTS_MAX = 1000;
const MEMORY = { queue: 1 << 20, batch: 1 << 18 };
/** An answer of the broker may wait longer for a record than where records are processed: twenty questions a second would be too many. */
const FETCH_WAIT = { "fetch.wait.max.ms": "500" };

export interface AddressBookOptions {
  readonly application: string;
  /** INSTANCE_ID. */
  readonly host: string;
  readonly slot: number;
  /** Where this instance serves, `host:port`. */
  readonly address: string;
  /** Inputs that a task has, unless it is one of some inputs only. */
  readonly inputs: readonly string[];
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly stop: AbortSignal;
  readonly logger: Logger;
}

interface Clients {
  readonly consumer: Consumer;
  readonly producer: Producer;
}

interface OwnClaim {
  readonly inputs: readonly string[];
  readonly claimedMs: number;
}

export class AddressBook implements FolderClaims {
  readonly #options: AddressBookOptions;
  readonly #topic: string;
  readonly #roster = new Roster();
  readonly #process = randomUUID();
  /** Partitions whose tasks run here, or are about to. */
  readonly #claims = new Map<number, OwnClaim>();
  /** When announcements were made that were not read back yet, by their number. */
  readonly #sentMs = new Map<number, number>();
  #announcements = 0;
  #announceDueMs = 0;
  /** When the newest announcement was made that was read back; undefined where none was. */
  #heardMs: number | undefined;
  #copies: () => readonly number[] = () => [];
  #trouble: string | undefined;

  constructor(options: AddressBookOptions) {
    this.#options = options;
    this.#topic = rosterTopic(options.application);
  }

  /** `<INSTANCE_ID>/<slot>` of this instance. */
  get self(): string {
    return nameOf(this.#options);
  }

  /** Tells from now on of which partitions this instance keeps copies. */
  tellCopies(copies: () => readonly number[]): void {
    this.#copies = copies;
  }

  /** Runs beside the loop until it is told to stop; then says that this instance leaves. It never fails. */
  async run(): Promise<void> {
    const { stop, logger } = this.#options;
    let wasLogged = false;
    const onFailure = (error: KafkaError) => {
      this.#trouble = error.message;
      logger[wasLogged ? "debug" : "warn"]({ err: error }, "address book waits for Kafka");
      wasLogged = true;
    };
    try {
      await persistently(() => this.#serve(), { patience: ASIDE, stop, onFailure });
    } catch (error) {
      this.#trouble = messageOf(error);
      logger.error({ err: error }, "address book has ended: other instances cannot be asked");
    }
  }

  // -- claims ----------------------------------------------------------------------------------------------------

  async claim(partition: number, inputs: readonly string[]): Promise<void> {
    this.#claims.set(partition, { inputs, claimedMs: performance.now() });
    this.#announceDueMs = 0;
  }

  giveBack(partition: number): void {
    this.#claims.delete(partition);
    this.#announceDueMs = 0;
  }

  /** Whether the task of a partition runs here, or is about to. */
  claims(partition: number): boolean {
    return this.#claims.has(partition);
  }

  // -- inquiry ---------------------------------------------------------------------------------------------------

  /** Why the book cannot be read or written now; undefined where it can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The instances that have announced themselves lately, this one among them. */
  instances(): Announcement[] {
    return this.#roster.instances(performance.now());
  }

  /** Who owns a partition; undefined where nobody claims it. @param input see {@link Roster.claimant} */
  owner(partition: number, input: string | undefined): Announcement | undefined {
    return this.#roster.claimant(partition, input, performance.now());
  }

  /**
   * Whether this instance, whose task of the partition runs, surely owns it. Where no announcement was ever read back, the group alone
   * says so: that the book cannot be used is no reason to hide state.
   * @param confirmedMs when Kafka last took it for a member, as far as the caller knows, of the clock of performance.now()
   */
  isOwner(partition: number, input: string | undefined, confirmedMs: number): boolean {
    const claim = this.#claims.get(partition);
    if (claim === undefined) return false;
    if (this.#heardMs === undefined) return true;
    const nowMs = performance.now();
    const claimant = this.#roster.claimant(partition, input, nowMs);
    const isAnother = claimant !== undefined && nameOf(claimant) !== this.self;
    // A claim that was not read back yet began after all that were read.
    const isKnown = this.instances().some(
      (known) => nameOf(known) === this.self && known.partitions.includes(partition),
    );
    if (isAnother && isKnown) return false;
    return nowMs - Math.max(claim.claimedMs, this.#heardMs, confirmedMs) <= OWNER_MS;
  }

  // -- the topic -------------------------------------------------------------------------------------------------

  async #serve(): Promise<void> {
    const clients = await this.#connect();
    if (clients === undefined) return;
    const { stop } = this.#options;
    try {
      // Announcements are repeated: those before this are not needed.
      clients.consumer.assign([{ topic: this.#topic, partition: 0, position: "end" }]);
      while (!stop.aborted) {
        if (this.#mayAnnounce()) this.#announce(clients.producer);
        await this.#look(clients.consumer);
        await pause(LOOK_MS, stop);
      }
      clients.producer.produce(this.#topic, 0, announcementKey(this.#options), null);
    } finally {
      await this.#disconnect(clients);
    }
  }

  /** Where announcements do not come back, few are made: Kafka would get all of them once it is there again. */
  #mayAnnounce(): boolean {
    const nowMs = performance.now();
    return nowMs >= this.#announceDueMs + (this.#sentMs.size < UNHEARD_MAX ? 0 : UNHEARD_PAUSE_MS);
  }

  #announce(producer: Producer): void {
    const { host, slot, address, inputs } = this.#options;
    const nowMs = performance.now();
    this.#announceDueMs = nowMs + ANNOUNCE_MS;
    const n = this.#announcements++;
    const split = [...this.#claims].filter(([, claim]) => claim.inputs.length < inputs.length);
    const announcement: Announcement = {
      host,
      slot,
      partitions: [...this.#claims.keys()],
      address,
      copies: this.#copies(),
      ...(split.length === 0
        ? {}
        : { split: Object.fromEntries(split.map(([partition, claim]) => [partition, claim.inputs])) }),
      process: this.#process,
      n,
    };
    this.#sentMs.set(n, nowMs);
    producer.produce(this.#topic, 0, announcementKey(this.#options), announcementValue(announcement));
  }

  async #look(consumer: Consumer): Promise<void> {
    for (const record of await consumer.consume(ANNOUNCEMENTS_MAX, LOOK_WAIT_MS)) {
      const announcement = this.#roster.record(record, performance.now());
      if (announcement?.process === this.#process && announcement.n !== undefined) this.#hear(announcement.n);
    }
  }

  /** An announcement of this process was read back: all that stood before it was read too. */
  #hear(n: number): void {
    this.#heardMs = this.#sentMs.get(n) ?? this.#heardMs;
    this.#trouble = undefined;
    for (const sent of [...this.#sentMs.keys()]) if (sent <= n) this.#sentMs.delete(sent);
  }

  async #connect(): Promise<Clients | undefined> {
    const { clientOptions, admin, application, stop } = this.#options;
    // A client that asks for a topic before the broker knows it may not ask again for half a minute.
    const { replicationFactor } = clientOptions.settings;
    if (!(await admin.ensure(this.#topic, 1, replicationFactor, rosterConfig, stop))) return undefined;
    const producer = await Producer.connect(clientOptions, { recordBytesMax: ANNOUNCEMENT_BYTES_MAX });
    try {
      const options = { ...clientOptions, properties: { ...FETCH_WAIT, ...clientOptions.properties } };
      return { producer, consumer: await Consumer.connect(options, application, { memory: MEMORY }) };
    } catch (error) {
      await producer.disconnect();
      throw error;
    }
  }

  async #disconnect({ producer, consumer }: Clients): Promise<void> {
    this.#sentMs.clear();
    try {
      await producer.disconnect();
      await consumer.disconnect();
    } catch (error) {
      this.#options.logger.debug({ err: error }, "a client of the address book did not disconnect");
    }
  }
}
