/**
 * Waiting for Kafka: who waits how long between two attempts. A broker that restarts is back within seconds, one that is
 * repaired within hours, and both are the same to whoever waits.
 */
import { setTimeout as delay } from "node:timers/promises";
import pRetry from "p-retry";
import { KafkaError } from "./kafka-error.js";

/** Pauses between attempts: the first, and the longest. Each is twice the one before. */
export interface Patience {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Nothing is done until Kafka answers, perhaps for hours: growing pauses keep the log short. */
export const AT_START: Patience = { firstMs: 200, mostMs: 5000 };
/** Records wait for a service that ran a moment ago: it continues as soon as Kafka does. */
export const PROMPT: Patience = { firstMs: 200, mostMs: 200 };
/** Nobody waits for the work: one attempt a second leaves the broker to the others. */
export const ASIDE: Patience = { firstMs: 1000, mostMs: 1000 };

export interface PersistenceOptions<E extends Error> {
  readonly patience: Patience;
  /** Ends the waiting. */
  readonly stop: AbortSignal;
  /** Called after each attempt that failed and is repeated. @param waitMs the pause that follows */
  readonly onFailure: (error: E, waitMs: number) => void;
  /** Whether another attempt may succeed after an error; what it throws ends the waiting. */
  readonly mayRetry: (error: Error) => Promise<boolean>;
}

/**
 * Repeats `attempt` until it succeeds, for as long as it fails by Kafka.
 * @returns its result; undefined where `stop` came first
 * @throws whatever is no {@link KafkaError}
 */
export function persistently<T>(
  attempt: () => Promise<T>,
  options: Omit<PersistenceOptions<KafkaError>, "mayRetry">,
): Promise<T | undefined> {
  const onFailure = (error: Error, waitMs: number) => options.onFailure(error as KafkaError, waitMs);
  return retry(attempt, { ...options, onFailure, mayRetry: async (error) => error instanceof KafkaError });
}

/**
 * As {@link persistently}, where other errors may pass too.
 * @throws whatever may not be retried
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  { patience, stop, onFailure, mayRetry }: PersistenceOptions<Error>,
): Promise<T | undefined> {
  let result: T | undefined;
  const run = async () => {
    result = await attempt();
  };
  try {
    await pRetry(run, {
      retries: Number.POSITIVE_INFINITY,
      factor: 2,
      minTimeout: patience.firstMs,
      maxTimeout: patience.mostMs,
      signal: stop,
      shouldRetry: async ({ error, attemptNumber }) => {
        if (!(await mayRetry(error))) return false;
        onFailure(error, Math.min(patience.firstMs * 2 ** (attemptNumber - 1), patience.mostMs));
        return true;
      },
    });
  } catch (error) {
    if (error !== stop.reason) throw error;
  }
  // An attempt that succeeded while the stop came has its result all the same: a client that connected has to be closed.
  return result;
}

/** Returns after `waitMs`, or when `stop` comes. */
export async function pause(waitMs: number, stop: AbortSignal): Promise<void> {
  await delay(waitMs, undefined, { signal: stop }).catch(() => undefined);
}
