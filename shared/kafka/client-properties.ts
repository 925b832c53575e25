/** Librdkafka's properties that every client gets, and which of the user's are for which kind of client. */

/** The settings that clients read. */
export interface ConnectionSettings {
  /** `host:port`, or several separated by commas. */
  readonly brokers: string;
  /** Replicas of the topics that are made; -1 for the broker's default. */
  readonly replicationFactor: number;
  readonly transactionTimeoutMs: number;
  /** The rebalance protocol, or the assignor of the classic one. */
  readonly groupProtocol: "consumer" | "cooperative-sticky" | "range";
  /** Empty for a dynamic member. */
  readonly groupInstanceId: string;
  /** Of a member of the classic protocol; undefined for the default. */
  readonly sessionTimeoutMs: number | undefined;
}

/** Librdkafka's properties by name. */
export type Properties = Readonly<Record<string, string | number | boolean>>;

/** @param properties of the user; they take the place of the defaults here */
export function commonProperties(
  { brokers }: ConnectionSettings,
  properties: Readonly<Record<string, string>>,
  clientId: string,
): Properties {
  return {
    "bootstrap.servers": brokers,
    "client.id": clientId,
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1000,
    "socket.keepalive.enable": true,
    // A connection that died without a sign shows only by an answer that does not come; the client's own default is 60 s.
    "socket.timeout.ms": 10_000,
    "topic.metadata.refresh.interval.ms": 30_000,
    ...properties,
  };
}

export const CONSUMER_ONLY = /^(fetch\.|queued\.|session\.|heartbeat\.|max\.poll\.|auto\.offset|check\.crcs|consume\.)/;
export const PRODUCER_ONLY =
  /^(linger\.|batch\.|queue\.buffering|compression\.|acks|request\.|message\.timeout|delivery\.|retries|sticky\.)/;
/** For members of a group alone: a reader without a group does not need them, and they may contradict its other properties. */
export const MEMBER_ONLY = /^max\.poll\./;

/** The properties but for those of another kind of client: librdkafka warns of each that its kind does not know. */
export function without(properties: Properties, other: RegExp): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !other.test(name)));
}

/**
 * For the client's second parameter. An object there, an empty one too, would take the place of every property of topics among
 * those of the first: `auto.offset.reset`, `partitioner` and `message.timeout.ms` would silently be the client's own.
 */
export const NO_TOPIC_CONFIGURATION = undefined as never;
