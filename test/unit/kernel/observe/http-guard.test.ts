import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { Registry } from "prom-client";
import { refusedHost, refusedToken } from "../../../../shared/http-guard.js";
import type { HttpListener } from "../../../../shared/http-listener.js";
import { type Inspection, startHttpServer } from "../../../../shared/kernel/observe/http-server.js";
import { Peers } from "../../../../shared/kernel/observe/peers.js";
import { seed } from "../../../support/property.js";
import { waitFor } from "../../../support/wait.js";

const TOKEN = "0123456789abcdef-._~+/=";
const access = { host: "127.0.0.1", address: undefined, token: undefined };

describe("a service that listens at the loopback", () => {
  const answers = (host: string | undefined, address?: string) =>
    refusedHost({ ...access, address }, host) === undefined;

  it("answers to the loopback's names, with any port or none", () => {
    for (const host of ["127.0.0.1:9464", "localhost", "LOCALHOST:1", "127.9.9.9", "[::1]:9464", "a.localhost:3000"])
      assert.ok(answers(host), host);
  });

  it("answers to no other name, whatever it looks like", () => {
    const others = [
      "evil.example",
      "127.0.0.1.evil.example:9464",
      "localhost.evil.example",
      "evil@127.0.0.1.example",
      "10.0.0.1",
      "0.0.0.0",
      "",
      "[::2]",
    ];
    for (const host of [...others, undefined]) assert.ok(!answers(host), host);
    assert.equal(refusedHost(access, "evil.example")?.status, 403);
  });

  it("answers to the host of HTTP_ADDRESS", () => {
    assert.ok(answers("racer.example:80", "racer.example:9464"));
    assert.ok(!answers("other.example", "racer.example:9464"));
  });

  it("is no other matter at addresses that others reach", () => {
    for (const host of ["0.0.0.0", "10.1.2.3", "::"])
      assert.equal(refusedHost({ ...access, host }, "anything.example"), undefined);
  });
});

describe("a token", () => {
  const refusal = (authorization: string | undefined) => refusedToken({ ...access, token: TOKEN }, authorization);

  it("opens to itself alone", () => {
    assert.equal(refusal(`Bearer ${TOKEN}`), undefined);
    assert.equal(refusal(`bearer ${TOKEN}`), undefined);
    for (const wrong of [
      undefined,
      "",
      TOKEN,
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      "Bearer",
    ])
      assert.deepEqual(
        [refusal(wrong)?.status, refusal(wrong)?.headers],
        [401, { "WWW-Authenticate": "Bearer" }],
        wrong,
      );
    assert.ok(!JSON.stringify(refusal("Bearer x")).includes(TOKEN));
  });

  it("is asked for only where there is one", () => {
    assert.equal(refusedToken(access, undefined), undefined);
  });
});

describe("a service with a token", () => {
  const SECRET = "what nobody may see";
  const inspection: Inspection = {
    registry: new Registry(),
    notReady: () => [],
    serviceName: "racer",
    instance: "app-racer/b/0",
    storeNames: () => ["series"],
    topics: () => ["raw"],
    keys: async () => [SECRET],
    answer: async () => ({ kind: "found", value: { state: SECRET }, partition: 0, instance: "b/0" }),
  };
  let server: HttpListener;
  const sockets: Socket[] = [];

  before(async () => {
    server = await startHttpServer({ ...access, token: TOKEN }, 0, inspection);
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close();
  });

  const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const answered = async (response: IncomingMessage) =>
        resolve({ status: response.statusCode, body: await text(response) });
      get({ host: "127.0.0.1", port: server.port, path, agent: false, headers }, answered).on("error", reject);
    });

  it("shows state to whoever has it, and health to everybody", async () => {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    for (const path of ["/state/series", "/state/series/raw/a", "/query/raw/a", "/query?series=a"]) {
      assert.equal((await ask(path)).status, 401, path);
      const { status, body } = await ask(path, headers);
      assert.ok(status === 200 && body.includes(SECRET), path);
    }
    for (const path of ["/live", "/ready", "/metrics"]) assert.equal((await ask(path)).status, 200, path);
  });

  it("is asked by its other instances with theirs", async () => {
    const address = `127.0.0.1:${server.port}`;
    const instance = { host: "b", slot: 0, partitions: [], address };
    const question = { kind: "value", store: "series", key: "raw/a" } as const;
    const known = await new Peers("app-racer", TOKEN).ask(instance, question, "home");
    assert.deepEqual(known.kind === "found" && known.value, { state: SECRET });
    const unknown = await new Peers("app-racer").ask(instance, question, "home");
    assert.match(unknown.kind === "unavailable" ? unknown.reason : "", /HTTP_TOKEN_FILE/);
  });

  it("answers to no name that is not the loopback's, whatever is asked", async () => {
    for (const path of ["/live", "/metrics", "/state/series"]) {
      const { status, body } = await ask(path, { Host: "evil.example", Authorization: `Bearer ${TOKEN}` });
      assert.ok(status === 403 && !body.includes(SECRET), path);
    }
  });

  it("shows no state without it by any path, header or bytes", async () => {
    console.log(`      REGATTA_TEST_SEED=${seed}`);
    const piece = fc.oneof(
      fc.constantFrom(
        "/state",
        "/query",
        "/series",
        "/raw",
        "/..",
        "/.",
        "//",
        "%2e%2e",
        "%2f",
        "/live",
        "?key=raw/a",
        "?series=a",
        "&topic=raw",
        "#",
        ";",
        "\\",
        "http://localhost/state/series",
        "%00",
      ),
      fc.string({ maxLength: 8 }),
    );
    const line = fc.constantFrom(
      "Authorization: Bearer",
      "Authorization: Bearer x",
      "regatta-hop: home",
      "X-Original-URL: /state/series",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
      "Host: localhost",
      ": x",
      "A:\x00",
    );
    const request = fc.record({
      method: fc.constantFrom("GET", "HEAD", "POST", "OPTIONS", "get", "PRI", "TRACE"),
      target: fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join("")),
      lines: fc.array(line, { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, target, lines }) => {
        const head = [`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...lines];
        const answer = await exchange(`${head.join("\r\n")}\r\n\r\n`);
        assert.ok(!answer.includes(SECRET), answer);
      }),
      { seed, numRuns: 300 },
    );
    assert.equal((await ask("/live")).status, 200);
  });

  /** Whatever comes back until the other side closes, or a body is waited for that does not come. */
  async function exchange(bytes: string): Promise<string> {
    const socket = connect(server.port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
    });
    socket.on("error", () => {});
    socket.end(Buffer.from(bytes, "latin1"));
    await once(socket, "close");
    return Buffer.concat(chunks).toString("latin1");
  }

  it("has a bound of connections, and cuts those off that do not send what they began", async function () {
    this.timeout(60_000);
    for (let i = 0; i < 300; i++) {
      const socket = connect(server.port, "127.0.0.1")
        .on("error", () => {})
        .resume();
      socket.write("GET /live HTTP/1.1\r\nHost: localhost\r\n");
      sockets.push(socket);
    }
    const open = () => sockets.filter(({ destroyed }) => !destroyed).length;
    await waitFor("all but a bound of connections to be closed", () => open() <= 128, 30_000);
    await waitFor(
      "the half-open ones to be cut off",
      async () => (await ask("/live").catch(() => undefined))?.status === 200,
      30_000,
    );
    await waitFor("all of them to be gone", () => open() === 0, 30_000);
  });
});
