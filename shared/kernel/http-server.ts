/** /metrics, /live, /ready and /state over HTTP. GET only; nothing here changes anything. */
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Registry } from "prom-client";

export interface Inspection {
  readonly registry: Registry;
  /** Why the service is not ready; empty where it is. */
  notReady(): readonly string[];
  storeNames(): readonly string[];
  /** Keys of a store that this instance holds, at most `limit`. */
  keys(store: string, limit: number): Promise<readonly string[]>;
  /** The committed value of a key, undefined where this instance does not hold it. */
  value(store: string, key: string): unknown;
}

const KEYS_LIMIT = 1000;

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws {Error} nothing can be served at this address and port */
export async function startHttpServer(host: string, port: number, inspection: Inspection): Promise<HttpServer> {
  const app = routes(inspection);
  const server = await new Promise<ServerType>((resolve, reject) => {
    const starting: ServerType = serve({ fetch: app.fetch, hostname: host, port }, () => resolve(starting));
    starting.once("error", (error) => reject(new Error(refusal(host, port, error), { cause: error })));
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

function refusal(host: string, port: number, error: NodeJS.ErrnoException): string {
  return error.code === "EADDRINUSE"
    ? `HTTP_PORT=${port}: another process serves at ${host}:${port}; end it, or set another port (0 takes a free one)`
    : `HTTP_HOST=${host}, HTTP_PORT=${port}: nothing can be served there (${error.message})`;
}

function routes(inspection: Inspection): Hono {
  const app = new Hono();
  app.get("/metrics", async (c) =>
    c.body(await inspection.registry.metrics(), 200, { "Content-Type": inspection.registry.contentType }),
  );
  app.get("/live", (c) => c.text("live\n"));
  app.get("/ready", (c) => {
    const reasons = inspection.notReady();
    return reasons.length === 0 ? c.json({ ready: true }) : c.json({ ready: false, reasons }, 503);
  });
  app.get("/state", (c) => c.json({ stores: inspection.storeNames() }));
  app.get("/state/:store", async (c) => {
    const store = c.req.param("store");
    if (!inspection.storeNames().includes(store)) return unknownStore(store, inspection);
    return c.json({ store, keys: await inspection.keys(store, KEYS_LIMIT), limit: KEYS_LIMIT });
  });
  app.get("/state/:store/:key{.+}", (c) => {
    const { store, key } = c.req.param();
    if (!inspection.storeNames().includes(store)) return unknownStore(store, inspection);
    const value = inspection.value(store, key);
    if (value === undefined)
      return c.json({ error: `no ${key} in ${store} of this instance; another replica may hold it` }, 404);
    return c.json(value);
  });
  app.notFound((c) =>
    c.json({ error: "try /metrics, /live, /ready, /state, /state/<store>, /state/<store>/<topic>/<series>" }, 404),
  );
  app.onError((_, c) => c.json({ error: "internal error; see the log" }, 500));
  return app;
}

function unknownStore(store: string, inspection: Inspection): Response {
  return Response.json(
    { error: `no store ${store}; there are ${inspection.storeNames().join(", ")}` },
    { status: 404 },
  );
}
