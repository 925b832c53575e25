/** The user's properties that an idempotent producer refuses, or with which it cannot deliver. */
import { variableOf } from "../kafka-variables.js";
import type { ConnectionSettings } from "./client-properties.js";

/** Properties, each with all its names in librdkafka, and what an idempotent producer accepts. */
const RULES: readonly {
  readonly names: readonly string[];
  readonly takes: (value: string) => boolean;
  readonly expected: string;
}[] = [
  { names: ["acks", "request.required.acks"], takes: (value) => value === "all" || value === "-1", expected: "all" },
  { names: ["retries", "message.send.max.retries"], takes: (value) => Number(value) >= 1, expected: "1 or more" },
  {
    names: ["max.in.flight", "max.in.flight.requests.per.connection"],
    takes: (value) => Number(value) <= 5,
    expected: "at most 5",
  },
  { names: ["queuing.strategy"], takes: (value) => value === "fifo", expected: "fifo" },
];

/** The client gives up a transaction's records this long before the broker aborts the transaction. */
const DELIVERY_MARGIN_MS = 1000;

/** Time in which a record of a transaction has to be delivered, in ms. */
export function deliveryTimeoutMs(transactionTimeoutMs: number): number {
  return Math.max(1000, transactionTimeoutMs - DELIVERY_MARGIN_MS);
}

/**
 * The settings that contradict one another, as sentences that name them. librdkafka would refuse them only when the producer is made.
 * @param properties librdkafka's, of the user
 */
export function producerFaults(
  { transactionTimeoutMs }: Partial<Pick<ConnectionSettings, "transactionTimeoutMs">>,
  properties: Readonly<Record<string, string>>,
): readonly string[] {
  const faults: string[] = [];
  for (const { names, takes, expected } of RULES) {
    for (const name of names) {
      const value = properties[name];
      if (value !== undefined && !takes(value)) {
        faults.push(
          `${variableOf(name)}=${value}: expected ${expected}, which exactly-once and at-least-once delivery need`,
        );
      }
    }
  }
  if (transactionTimeoutMs === undefined) return faults;
  const deliveryMs = deliveryTimeoutMs(transactionTimeoutMs);
  for (const name of ["linger.ms", "queue.buffering.max.ms"]) {
    if (Number(properties[name]) >= deliveryMs) {
      faults.push(
        `${variableOf(name)}=${properties[name]}: expected less than ${deliveryMs}, the time that TRANSACTION_TIMEOUT_MS leaves to deliver a record`,
      );
    }
  }
  return faults;
}
