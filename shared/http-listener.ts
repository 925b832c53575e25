/**
 * Serves over HTTP within bounds that no client can exceed, so that none takes what the others and the rest of the process need: file
 * descriptors, threads, memory. Whoever sends or reads too slowly is cut off.
 */
import { type ServerType, serve } from "@hono/node-server";

const CONNECTIONS_MAX = 128;
const LIMITS = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };

export interface ListenOptions {
  readonly fetch: Parameters<typeof serve>[0]["fetch"];
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Most bytes of a request's line and headers. */
  readonly maxHeaderSize: number;
  /** A connection on which nothing was sent or read for so long is cut off. */
  readonly idleMs: number;
}

export interface HttpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws {Error} nothing can be served at this address and port */
export async function listen({ fetch, host, port, maxHeaderSize, idleMs }: ListenOptions): Promise<HttpListener> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const options = { fetch, hostname: host, port, serverOptions: { maxHeaderSize, ...LIMITS } };
    const starting: ServerType = serve(options, () => resolve(starting));
    starting.maxConnections = CONNECTIONS_MAX;
    starting.setTimeout(idleMs);
    starting.once("error", reject);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
