/** Asking a group's coordinator once. */
import pRetry from "p-retry";
import { KafkaCode, KafkaError } from "./kafka-error.js";

const PAUSE_MS = 100;
/** As long as the client waits for one answer. */
const WAIT_MS = 10_000;

const NO_COORDINATOR: ReadonlySet<number> = new Set([
  KafkaCode.COORDINATOR_LOAD_IN_PROGRESS,
  KafkaCode.COORDINATOR_NOT_AVAILABLE,
  KafkaCode.NOT_COORDINATOR,
]);

/**
 * Repeats a question to a group's coordinator while no broker is it: for a moment after the first group came, or a broker was
 * started, one is elected and reads its log. The client repeats only some of these questions by itself.
 * @throws {KafkaError} no broker was it for 10 s
 * @throws whatever else the question throws, at once
 */
export function askCoordinator<T>(ask: () => Promise<T>, { pauseMs = PAUSE_MS, waitMs = WAIT_MS } = {}): Promise<T> {
  return pRetry(ask, {
    retries: Number.POSITIVE_INFINITY,
    factor: 1,
    minTimeout: pauseMs,
    maxRetryTime: waitMs,
    shouldRetry: ({ error }) => error instanceof KafkaError && NO_COORDINATOR.has(error.code),
  });
}
