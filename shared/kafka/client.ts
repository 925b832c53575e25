/**
 * What consumer, producer and admin client have in common. Those three and this file put the callback API of
 * @confluentinc/kafka-javascript behind promises, with the properties that exactly once needs. No file outside of this folder
 * imports that package, or gets one of its objects.
 */
import type { Logger } from "../logger.js";
import { type BrokerApis, isDebug } from "./broker-apis.js";
import type { ConnectionSettings } from "./client-properties.js";
import type { ClientLog, ClientTroubles } from "./client-troubles.js";
import { callKafka, KafkaError } from "./kafka-error.js";

export interface ClientOptions {
  readonly settings: ConnectionSettings;
  /** Librdkafka properties of the user; they win over the defaults, reserved ones excepted. */
  readonly properties: Readonly<Record<string, string>>;
  /** Shown by the broker's tools. */
  readonly clientId: string;
  readonly logger: Logger;
  /** Learns of connections that fail, and of answers. */
  readonly troubles?: ClientTroubles;
}

/** Listeners for what a client reports beside the answers to its calls. @param apis for whom alone the client has a debug context */
export function eventListeners(
  { logger, troubles, properties }: ClientOptions,
  role: "admin" | "consumer" | "producer",
  apis?: BrokerApis,
): Readonly<Record<string, (data: unknown) => void>> {
  // The admin client is asked at start and on timers: its callers report what failed.
  const level = role === "admin" ? "debug" : "warn";
  return {
    "event.log": (data) => {
      apis?.onLog(data as ClientLog);
      if (apis !== undefined && properties.debug === undefined && isDebug(data as ClientLog)) return;
      logger.debug({ role, librdkafka: data }, "client log");
      troubles?.onLog(data as ClientLog);
    },
    "event.error": (error) => logger[level]({ role, err: new KafkaError("client", error) }, "client error"),
  };
}

/** @throws {KafkaError} the broker does not answer within 10 s */
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
