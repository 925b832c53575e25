/** Ports for servers of local runs and tests. */
import { createServer } from "node:net";

/**
 * Ports are taken from below the range that outgoing connections use (32768 and up on Linux). From within it, a client
 * that goes on knocking at a stopped broker is one day given the broker's own port as its source, connects to itself,
 * and the broker can never have its port back.
 */
const PORT_FIRST = 15_000;
const PORT_LAST = 32_000;
const TRIES_MAX = 100;

const given = new Set<number>();

/**
 * A TCP port of 127.0.0.1 that nobody listens on, between 15000 and 32000; never the same twice in a process.
 * @throws {Error} no port was free in 100 tries
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST + 1));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(
    `expected a free port of 127.0.0.1 between ${PORT_FIRST} and ${PORT_LAST}, found none in ${TRIES_MAX} tries`,
  );
}

/** Whether nobody listens on this port of 127.0.0.1 (at the moment of the call). */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
