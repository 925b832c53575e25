/**
 * What consumer, producer and admin have in common. These four files hold the callback API of @confluentinc/kafka-javascript
 * behind promises, with the properties that exactly once needs; nothing else imports that package.
 */
import kafka from "@confluentinc/kafka-javascript";
import { messageOf } from "../errors.js";
import type { Logger } from "../logger.js";
import { callKafka, KafkaError } from "./kafka-error.js";
import type { KernelSettings } from "./kernel-settings.js";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place to read from: `position` is the next offset to read. */
export interface TopicPosition extends TopicPartition {
  readonly position: number;
}

export type Properties = Readonly<Record<string, string | number | boolean>>;

export interface ClientOptions {
  readonly settings: KernelSettings;
  /** Librdkafka properties of the user; they win over the kernel's defaults, reserved ones excepted. */
  readonly properties: Readonly<Record<string, string>>;
  /** Shown by the broker's tools. */
  readonly clientId: string;
  readonly logger: Logger;
}

export function commonProperties({ settings, properties, clientId }: ClientOptions): Properties {
  return {
    "bootstrap.servers": settings.brokers,
    "client.id": clientId,
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1000,
    "socket.keepalive.enable": true,
    // A connection that died without a word is found by an answer that does not come; the client's own default is 60 s.
    "socket.timeout.ms": 10_000,
    "topic.metadata.refresh.interval.ms": 30_000,
    ...properties,
  };
}

/**
 * For the client's second parameter. An object there, an empty one too, would take the place of every property of topics among
 * those of the first: `auto.offset.reset`, `partitioner` and `message.timeout.ms` would silently be the client's own.
 */
export const NO_TOPIC_CONFIGURATION = undefined as never;

export const CONSUMER_ONLY = /^(fetch\.|queued\.|session\.|heartbeat\.|max\.poll\.|auto\.offset|check\.crcs|consume\.)/;
export const PRODUCER_ONLY =
  /^(linger\.|batch\.|queue\.buffering|compression\.|acks|request\.|message\.timeout|delivery\.|retries|sticky\.)/;
/** Has no use for a reader outside of a group, and may contradict what the client assumes for one. */
export const MEMBER_ONLY = /^max\.poll\./;

/** Librdkafka warns of a property that its kind of client does not know; give each kind its own. */
export function without(properties: Properties, other: RegExp): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !other.test(name)));
}

export function logEvents(
  client: { on(event: string, listener: (data: unknown) => void): unknown },
  logger: Logger,
  role: string,
): void {
  client.on("event.log", (data) => logger.debug({ role, librdkafka: data }, "client log"));
  client.on("event.error", (error) => logger.warn({ role, err: new KafkaError("client", error) }, "client error"));
}

export function connectClient(
  client: { connect(options: object, done: (error: unknown) => void): unknown },
  call: string,
): Promise<void> {
  return callKafka(call, (done) => client.connect({ timeout: 10_000 }, (error) => done(error)));
}

/** What librdkafka says against each property; nothing connects. */
export function faultsOfProperties(properties: Readonly<Record<string, string>>): string[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    try {
      new kafka.KafkaConsumer({ [name]: value } as object, {});
      return [];
    } catch (error) {
      return [messageOf(error)];
    }
  });
}
