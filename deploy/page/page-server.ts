/** Serves the page and pushes to it what is new. GET only; nothing here changes anything. */
import { setTimeout as pause } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { messageOf } from "../../shared/errors.js";
import { refusedHost } from "../../shared/http-guard.js";
import { listen } from "../../shared/http-listener.js";
import { Follower, type PageContext, type Selection } from "./follower.js";
import { pageFiles } from "./page-files.js";
import type { PageState } from "./page-state.js";

/** Between two pushes to one page, at least. */
const PUSH_MS = 250;
/** A browser that has lost the server asks again after this time. */
const RETRY_MS = 1000;
/** Pages that are open at once; of connections there are more, for the files of the page. */
export const PAGES_MAX = 32;
const HEADER_BYTES_MAX = 16_384;
/** It asks again by itself. Health alone is pushed more often. */
const IDLE_MS = 15_000;

/** Nothing comes from elsewhere, nothing goes elsewhere, and no other page may frame this one. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/** Where the page is served. */
export interface PageAddress {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

export interface PageServer {
  /** For a browser on this machine. */
  readonly url: string;
  /** Pages that are open now. */
  readonly pages: number;
  close(): Promise<void>;
}

/** Nothing can be served at an address and port: another process serves there, or the address is not of this machine. */
export class PageAddressError extends Error {}

/**
 * @param idleMs a page that takes nothing for so long is cut off
 * @throws {PageAddressError}
 * @throws {Error} the code for the browser is not compiled
 */
export async function startPageServer(
  { host, port }: PageAddress,
  state: PageState,
  context: PageContext,
  idleMs = IDLE_MS,
): Promise<PageServer> {
  const closing = new AbortController();
  const pages = { open: 0 };
  const { fetch } = routes(host, state, context, { pages, closing: closing.signal });
  const options = { fetch, host, port, maxHeaderSize: HEADER_BYTES_MAX, idleMs };
  const listener = await listen(options).catch((error: unknown) => {
    const text = `the page cannot be served at ${host}:${port} (${messageOf(error)}); choose another port`;
    throw new PageAddressError(text);
  });
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}/`,
    get pages() {
      return pages.open;
    },
    close() {
      closing.abort();
      return listener.close();
    },
  };
}

function routes(
  host: string,
  state: PageState,
  context: PageContext,
  { pages, closing }: { readonly pages: { open: number }; readonly closing: AbortSignal },
): Hono {
  const app = new Hono();
  const files = pageFiles();
  app.use(async (c, next) => {
    const refused = refusedHost({ host, address: undefined, token: undefined }, c.req.header("host"));
    if (refused === undefined) await next();
    else c.res = c.json({ error: refused.error }, refused.status);
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  });
  app.get("/events", (c) => {
    if (pages.open >= PAGES_MAX) return c.json({ error: `${PAGES_MAX} pages are open: close one` }, 503);
    pages.open++;
    const follower = new Follower(state, context, selectionOf(c));
    return streamSSE(c, (stream) => push(stream, follower, closing).finally(() => pages.open--));
  });
  for (const [path, { type, body }] of files) app.get(path, (c) => c.body(body, 200, { "Content-Type": type }));
  app.notFound((c) => c.json({ error: "there is nothing here; the page is at /" }, 404));
  app.onError((_, c) => c.json({ error: "internal error" }, 500));
  return app;
}

function selectionOf(c: Context): Selection | undefined {
  const topic = c.req.query("topic");
  const series = c.req.query("series");
  return topic === undefined || series === undefined ? undefined : { topic, series };
}

/** A message is made when the one before was taken, so that at most one waits for each page. */
async function push(stream: SSEStreamingApi, follower: Follower, closing: AbortSignal): Promise<void> {
  let retry: { retry?: number } = { retry: RETRY_MS };
  while (!stream.aborted && !stream.closed && !closing.aborted) {
    const update = follower.next(Date.now());
    if (update !== undefined) {
      await stream.writeSSE({ data: JSON.stringify(update), ...retry });
      retry = {};
    }
    await pause(PUSH_MS);
  }
}
