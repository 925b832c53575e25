/**
 * What consumer, producer and admin have in common. These four files hold the callback API of @confluentinc/kafka-javascript
 * behind promises, with the properties that exactly once needs; nothing but these and property-check.ts imports that package.
 */
import type { Logger } from "../logger.js";
import type { KernelSettings } from "../service-settings.js";
import type { ClientLog, KafkaTroubles } from "./client-troubles.js";
import { callKafka, KafkaError } from "./kafka-error.js";

export type Properties = Readonly<Record<string, string | number | boolean>>;

export interface ClientOptions {
  readonly settings: KernelSettings;
  /** Librdkafka properties of the user; they win over the kernel's defaults, reserved ones excepted. */
  readonly properties: Readonly<Record<string, string>>;
  /** Shown by the broker's tools. */
  readonly clientId: string;
  readonly logger: Logger;
  /** Told of connections that fail, and of those that stand. */
  readonly troubles?: KafkaTroubles;
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

/** What a client tells beside the answers to its calls. */
export function eventListeners(
  { logger, troubles }: ClientOptions,
  role: "admin" | "consumer" | "producer",
): Readonly<Record<string, (data: unknown) => void>> {
  // The admin client is asked at start and on timers: who asks tells what comes of it.
  const level = role === "admin" ? "debug" : "warn";
  return {
    "event.log": (data) => {
      logger.debug({ role, librdkafka: data }, "client log");
      troubles?.onLog(data as ClientLog);
    },
    "event.error": (error) => logger[level]({ role, err: new KafkaError("client", error) }, "client error"),
  };
}

export async function connectClient(
  client: {
    on(event: string, listener: (data: unknown) => void): unknown;
    connect(options: object, done: (error: unknown) => void): unknown;
  },
  options: ClientOptions,
  role: "consumer" | "producer",
): Promise<void> {
  for (const [event, listener] of Object.entries(eventListeners(options, role))) client.on(event, listener);
  await callKafka(`connect ${role}`, (done) => client.connect({ timeout: 10_000 }, (error) => done(error)));
  options.troubles?.answered();
}
