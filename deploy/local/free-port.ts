/** Ports for servers of local runs and tests. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * Ports lie below the range that outgoing connections use (32768 and up on Linux). From within that range, a client that keeps
 * connecting to a stopped broker would at some time get the broker's own port as its source and connect to itself, and the broker
 * could never listen on its port again.
 */
const PORT_FIRST = 15_000;
const PORT_LAST = 32_000;
const TRIES_MAX = 100;

/**
 * A TCP port of 127.0.0.1 that nobody listens on, between 15000 and 32000. As long as this process lives, no call gives it
 * again, nor does one in another process of this machine.
 * @throws {Error} no port was free in 100 tries
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST + 1));
    if ((await reserve(port)) && (await isFree(port))) return port;
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

/**
 * Holds the UDP port of the same number, which nothing else here uses, until this process ends. Without that mark two processes
 * could be given one port: between the choice and the server's start nobody listens on it, nor while a broker is down.
 * @returns false where it is held already
 */
function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const mark = createSocket("udp4");
    mark.once("error", () => resolve(false));
    mark.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      mark.unref();
      resolve(true);
    });
  });
}
