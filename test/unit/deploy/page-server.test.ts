import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { PageUpdate } from "../../../deploy/page/messages.js";
import { PAGES_MAX, type PageServer, startPageServer } from "../../../deploy/page/page-server.js";
import { PageState } from "../../../deploy/page/page-state.js";
import { bestOf } from "../../support/data/page-records.js";
import { waitFor } from "../../support/wait.js";

/** Longer than the time between two pushes, which is two seconds at most. */
const IDLE_MS = 3000;
const context = {
  brokers: "b:9092",
  services: () => null,
  left: () => ({ ...new PageState().leftOut(), passedOver: 0, strange: 0, trouble: null }),
};

describe("the server of the page", () => {
  let state: PageState;
  let server: PageServer;
  let port: number;
  const open: (IncomingMessage | Socket)[] = [];

  beforeEach(async () => {
    state = new PageState();
    server = await startPageServer({ host: "127.0.0.1", port: 0 }, state, context, IDLE_MS);
    port = Number(new URL(server.url).port);
  });
  afterEach(async () => {
    for (const stream of open.splice(0)) stream.destroy();
    await server.close();
  });

  async function ask(path: string, host = `127.0.0.1:${port}`): Promise<IncomingMessage> {
    const request = get({ host: "127.0.0.1", port, path, headers: { host } });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    answer.on("error", () => undefined);
    open.push(answer);
    return answer;
  }

  /** What comes on a stream, as it comes. */
  async function pushed(path: string): Promise<PageUpdate[]> {
    const updates: PageUpdate[] = [];
    let rest = "";
    (await ask(path)).setEncoding("utf8").on("data", (text: string) => {
      const events = (rest + text).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) updates.push(JSON.parse(event.slice("data: ".length).split("\n")[0]));
    });
    return updates;
  }

  it("answers to the loopback's names alone", async () => {
    for (const path of ["/", "/events", "/main.js"]) {
      assert.equal((await ask(path, `localhost:${port}`)).statusCode, 200);
      assert.equal((await ask(path, "evil.example")).statusCode, 403);
    }
  });

  it("lets nothing run on the page, reach it or frame it that is not its own", async () => {
    for (const path of ["/", "/uplot.js", "/events", "/nothing"]) {
      const { headers } = await ask(path);
      const policy = headers["content-security-policy"] ?? "";
      assert.match(String(policy), /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; /);
      assert.match(String(policy), /frame-ancestors 'none'/);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["cross-origin-resource-policy"], "same-origin");
    }
  });

  it("serves the files of the page, and no other file of the machine", async () => {
    for (const path of ["/", "/page.css", "/icon.svg", "/uplot.css", "/uplot.js", "/main.js"])
      assert.equal((await ask(path)).statusCode, 200, path);
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/main.js.map", "/page.html", "/uplot.d.ts"])
      assert.equal((await ask(path)).statusCode, 404, path);
  });

  it("tells a page that opens late what is there, then what comes, of a series of any name", async () => {
    const series = "a\0/ü?&=<b>";
    state.takeBest(bestOf("t", series, 1), "rls-racer", 1);
    const updates = await pushed(`/events?${new URLSearchParams({ topic: "t", series })}`);
    await waitFor("the first push", () => updates.length > 0);
    assert.deepEqual(updates[0].series?.races[0].points.i, [1]);
    state.takeBest(bestOf("t", series, 2), "rls-racer", 1);
    await waitFor("the next push", () => updates.at(-1)?.series?.races[0].points.i.includes(2));
  });

  it("refuses more pages than it has room for, and takes another when one is closed", async () => {
    const pages = await Promise.all(Array.from({ length: PAGES_MAX }, () => ask("/events")));
    assert.equal((await ask("/events")).statusCode, 503);
    pages[0].destroy();
    await waitFor("room for a page", async () => (await ask("/events")).statusCode === 200);
  });

  it("cuts off a page that takes nothing, and goes on with the others", async () => {
    // A push is so large that no buffer on the way holds it: NUL takes six characters.
    const names = Array.from({ length: 4000 }, (_, k) => `${"\0".repeat(1000)}${k}`);
    const write = (i: number) => {
      for (const series of names) state.takeBest(bestOf("t", series, i), "rls-racer", 1);
    };
    write(0);
    const slow = connect(port, "127.0.0.1");
    open.push(slow);
    slow.on("error", () => undefined);
    slow.pause();
    slow.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await waitFor("the slow page", () => server.pages === 1);
    let taken = 0;
    (await ask("/events")).on("data", (bytes: Buffer) => {
      taken += bytes.length;
    });
    const writing = setInterval(() => write(1 + Math.floor(taken / 1e6)), 200);
    try {
      await waitFor("the other page alone", () => server.pages === 1);
      const before = taken;
      await waitFor("one more push", () => taken > before);
    } finally {
      clearInterval(writing);
    }
  });
});
