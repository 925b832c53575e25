/** /metrics, /live, /ready and /state over HTTP. GET only; nothing here changes anything. */
import { type HttpBindings, type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Registry } from "prom-client";
import { SharedQuestion } from "../../repeated-question.js";
import { type StateQuestion, stateQuestion } from "./state-path.js";

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
/** Keys are read in the pool of threads in which the Kafka client waits as well; whoever asks is not kept for longer. */
const KEYS_WAIT_MS = 2000;

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

function routes(inspection: Inspection): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const answerState = stateAnswers(inspection);
  // First of all: the router's own paths are no longer what was asked for.
  app.use(async (c, next) => {
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    const question = isRead ? stateQuestion(c.env.incoming.url ?? "") : undefined;
    if (question === undefined) await next();
    else c.res = await answerState(question);
  });
  app.get("/metrics", async (c) =>
    c.body(await inspection.registry.metrics(), 200, { "Content-Type": inspection.registry.contentType }),
  );
  app.get("/live", (c) => c.text("live\n"));
  app.get("/ready", (c) => {
    const reasons = inspection.notReady();
    return reasons.length === 0 ? c.json({ ready: true }) : c.json({ ready: false, reasons }, 503);
  });
  app.get("/state", (c) => c.json({ stores: inspection.storeNames() }));
  app.notFound((c) =>
    c.json({ error: "try /metrics, /live, /ready, /state, /state/<store>, /state/<store>/<topic>/<series>" }, 404),
  );
  app.onError((_, c) => c.json({ error: "internal error; see the log" }, 500));
  return app;
}

function stateAnswers(inspection: Inspection): (question: StateQuestion) => Promise<Response> | Response {
  const listings = new Map<string, SharedQuestion<readonly string[]>>();
  return ({ store, key }) => {
    const stores = inspection.storeNames();
    if (!stores.includes(store)) return refused(404, `no store ${store}; there are ${stores.join(", ")}`);
    if (key !== undefined) {
      const value = inspection.value(store, key);
      const place = `${JSON.stringify(key)} in ${store} of this instance`;
      return value === undefined ? refused(404, `no ${place}; another replica may hold it`) : Response.json(value);
    }
    const listing = listings.get(store) ?? new SharedQuestion(() => inspection.keys(store, KEYS_LIMIT), KEYS_WAIT_MS);
    listings.set(store, listing);
    return listing
      .answer()
      .then((keys) =>
        keys === undefined
          ? refused(503, `${store} did not list its keys within ${KEYS_WAIT_MS / 1000} s`)
          : Response.json({ store, keys, limit: KEYS_LIMIT }),
      );
  };
}

function refused(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
