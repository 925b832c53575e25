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

export interface PersistenceOptions {
  readonly patience: Patience;
  /** Ends the waiting. */
  readonly stop: AbortSignal;
  /** Called after each attempt that failed. @param waitMs the pause that follows */
  readonly onFailure: (error: KafkaError, waitMs: number) => void;
}

/**
 * Repeats `attempt` until it succeeds, for as long as it fails by Kafka.
 * @returns its result; undefined where `stop` came first
 * @throws whatever is no {@link KafkaError}
 */
export async function persistently<T>(
  attempt: () => Promise<T>,
  { patience, stop, onFailure }: PersistenceOptions,
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
      shouldRetry: ({ error, attemptNumber }) => {
        if (!(error instanceof KafkaError)) return false;
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
