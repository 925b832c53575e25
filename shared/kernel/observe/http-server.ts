/** /metrics, /live, /ready, /state and /query over HTTP. GET only; nothing here changes anything. */
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Registry } from "prom-client";
import { INSTANCE_HEADER } from "../../contract/state-question.js";
import { type HttpAccess, type Refusal, refusedHost, refusedToken } from "../../http-guard.js";
import { type HttpListener, listen } from "../../http-listener.js";
import { HOP_HEADER, hopOf } from "./peers.js";
import { type InspectedState, StateAnswers } from "./state-answers.js";
import { askedOf } from "./state-path.js";

export interface Inspection extends InspectedState {
  readonly registry: Registry;
  /** Why the service is not ready; empty where it is. */
  notReady(): readonly string[];
}

const HEADER_BYTES_MAX = 8192;
const IDLE_MS = 30_000;

/** @throws {Error} nothing can be served at this address and port */
export async function startHttpServer(access: HttpAccess, port: number, inspection: Inspection): Promise<HttpListener> {
  const { host } = access;
  const { fetch } = routes(access, inspection);
  try {
    return await listen({ fetch, host, port, maxHeaderSize: HEADER_BYTES_MAX, idleMs: IDLE_MS });
  } catch (error) {
    throw new Error(refusal(host, port, error as NodeJS.ErrnoException), { cause: error });
  }
}

function refusal(host: string, port: number, error: NodeJS.ErrnoException): string {
  return error.code === "EADDRINUSE"
    ? `HTTP_PORT=${port}: another process serves at ${host}:${port}; end it, or set another port (0 takes a free one)`
    : `HTTP_HOST=${host}, HTTP_PORT=${port}: nothing can be served there (${error.message})`;
}

function routes(access: HttpAccess, inspection: Inspection): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const answers = new StateAnswers(inspection);
  const refuse = ({ status, error, headers }: Refusal) => {
    const { instance } = inspection;
    const own = instance === undefined ? {} : { [INSTANCE_HEADER]: instance };
    return Response.json({ error }, { status, headers: { ...headers, ...own } });
  };
  // First of all: the router's own paths are no longer what was asked for.
  app.use(async (c, next) => {
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    const asked = isRead ? askedOf(c.env.incoming.url ?? "") : undefined;
    const refused =
      refusedHost(access, c.req.header("host")) ??
      (asked === undefined ? undefined : refusedToken(access, c.req.header("authorization")));
    if (refused !== undefined) c.res = refuse(refused);
    else if (asked === undefined) await next();
    else c.res = await answers.respond(asked, hopOf(c.req.header(HOP_HEADER)));
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
    c.json(
      {
        error:
          "try /metrics, /live, /ready, /state, /state/<store>, /state/<store>/<topic>/<series>, /query/<topic>/<series>",
      },
      404,
    ),
  );
  app.onError((_, c) => c.json({ error: "internal error; see the log" }, 500));
  return app;
}
