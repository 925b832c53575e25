/**
 * Waits until a broker listens, before the Kafka client connects. The client's connect cannot be interrupted: without a broker it
 * takes 10 s, in which Ctrl-C would seem to do nothing.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type BrokerAddress, brokerAddresses } from "../../shared/broker-addresses.js";

const WAIT_MS = 10_000;
const TRY_MS = 3000;
const PAUSE_MS = 200;

/**
 * Returns when one of `brokers` (KAFKA_BROKERS) accepts a connection.
 * @param onWait called once, where no broker listens yet
 * @throws {Error} none accepted one within 10 s (with the last reason), or `stop` came first
 */
export async function untilListening(brokers: string, stop: AbortSignal, onWait: () => void): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  const addresses = brokerAddresses(brokers) ?? [];
  for (let tries = 1; ; tries++) {
    try {
      await Promise.any(addresses.map((address) => openAndClose(address, stop)));
      return;
    } catch (error) {
      stop.throwIfAborted();
      if (performance.now() > deadlineMs) throw error instanceof AggregateError ? error.errors[0] : error;
    }
    if (tries === 1) onWait();
    await delay(PAUSE_MS, undefined, { signal: stop });
  }
}

async function openAndClose({ host, port }: BrokerAddress, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TRY_MS)]);
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal });
  } finally {
    socket.destroy();
  }
}
