import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { Registry } from "prom-client";
import type { HttpListener } from "../../../../shared/http-listener.js";
import { type Inspection, startHttpServer } from "../../../../shared/kernel/observe/http-server.js";
import { seed } from "../../../support/property.js";

/** Of the largest answer to any question about nothing, with what was asked in it. */
const ANSWER_BYTES_MAX = 100_000;

describe("the routes of state", () => {
  const values = new Map<string, object>();
  const inspection: Inspection = {
    registry: new Registry(),
    notReady: () => [],
    serviceName: "racer",
    instance: "app-racer/a/0",
    storeNames: () => ["race"],
    topics: () => ["raw"],
    keys: async (_, limit) => [...values.keys()].slice(0, limit),
    answer: async (question) => {
      const key = question.kind === "value" ? question.key : `${question.topic}/${question.series}`;
      const value = values.get(key);
      if (value === undefined) return { kind: "none", searched: [0] };
      return { kind: "found", value, partition: 0, instance: "a/0" };
    },
  };
  let server: HttpListener;

  before(async () => {
    console.log(`      REGATTA_TEST_SEED=${seed}`);
    server = await startHttpServer({ host: "127.0.0.1", address: undefined, token: undefined }, 0, inspection);
  });
  after(() => server.close());
  beforeEach(() => values.clear());

  /** What comes back until the other side closes, for bytes that no client of HTTP would send. */
  async function exchange(target: string, lines: readonly string[] = [], method = "GET") {
    const socket = connect(server.port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
    });
    socket.on("error", () => {});
    const head = [`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...lines];
    socket.end(Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"));
    await once(socket, "close");
    const answer = Buffer.concat(chunks);
    // Whoever says that it waits for a word to go on gets that first.
    const text = answer.toString("utf8").replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), bytes: answer.length, text };
  }

  /** Percent-encoded, of the characters that need not be any that the bits choose. */
  function encoded(name: string, bits: readonly boolean[]): string {
    const characters = [...name].map((character, at) => {
      const all = Buffer.from(character).toString("hex").replaceAll(/../g, "%$&");
      return bits[at % bits.length] ? all : encodeURIComponent(character);
    });
    return characters.join("");
  }

  it("answer of a series with its own state, however its name is encoded, beside others that nearly have its name", async () => {
    const name = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc
        .array(
          fc.constantFrom("a", "/", ".", "..", "%", "%2F", "%25", "é", "e\u0301", "\n", "\0", "?", "#", " ", "+"),
          {
            maxLength: 6,
          },
        )
        .map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(name, fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), async (series, bits) => {
        const near = [
          series.normalize("NFC"),
          series.normalize("NFD"),
          series.toUpperCase(),
          series.trim(),
          `${series}/`,
          `/${series}`,
          encodeURIComponent(series),
          series.replaceAll("+", " "),
          series.replaceAll("%2F", "/"),
          series.replaceAll("%25", "%"),
          series.replaceAll("../", ""),
          series.replaceAll("\0", ""),
          "",
        ];
        values.clear();
        for (const other of near) values.set(`raw/${other}`, { mark: `<${JSON.stringify(other)}>` });
        const mark = `<${JSON.stringify(series)}>`;
        values.set(`raw/${series}`, { mark });
        const text = encoded(series, bits);
        for (const target of [
          `/state/race/raw/${text}`,
          `/state/race?key=raw%2F${text}`,
          `/query/raw/${text}`,
          `/query?topic=raw&series=${text}`,
        ]) {
          const answer = await exchange(target);
          assert.equal(answer.status, 200, target);
          const marks = [...answer.text.matchAll(/"mark":"((?:[^"\\]|\\.)*)"/g)].map(([, found]) =>
            JSON.parse(`"${found}"`),
          );
          assert.deepEqual(marks, [mark], target);
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  it("fail at nothing, and show of no series what was not asked for, whatever is sent", async () => {
    values.set("raw/hidden-series", { mark: "hidden-state" });
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          "/",
          "//",
          "/state",
          "/state/",
          "/state/race/",
          "/query",
          "/query/",
          "raw",
          "raw/",
          "race",
          "/..",
          "/.",
          "%2e%2e",
        ],
        ...["%2f", "%5c", "\\", "%00", "%", "%zz", "%c3", "%ff", "%u0041", "?", "&", "=", "#", ";", "+", "*", "'", '"'],
        ...["?key=", "&key=raw/", "?series=", "&series=", "&topic=", "?topic=raw", "&rows=", "&rows=1e9", "&rows=-1"],
        ...["&stale=true", "__proto__", "constructor", "http://127.0.0.1/state", "x".repeat(300), "%41".repeat(500)],
      ),
      fc.string({ unit: "binary-ascii", maxLength: 8 }),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    const line = fc.oneof(
      fc.constantFrom(
        ...["regatta-hop: home", "regatta-hop: x", "Host: 127.0.0.1:1", "Host: [", "Host: localhost", "Host: \xff"],
        ...["Authorization: Bearer", "Range: bytes=0-", "Expect: 100-continue", "Accept: \xff", "Cookie: __proto__=1"],
        ...[
          "Content-Length: 0",
          "Transfer-Encoding: chunked",
          "Upgrade: websocket",
          "X-Forwarded-Host: x",
          "TE: trailers",
        ],
      ),
      fc.string({ unit: "binary-ascii", maxLength: 12 }).map((text) => `X-Any: ${text}`),
      fc.constant(`X-Long: ${"x".repeat(9000)}`),
    );
    const request = fc.record({
      method: fc.constantFrom("GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE", "get"),
      target: fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join("")),
      lines: fc.array(line, { maxLength: 4 }),
    });
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(request, async ({ method, target, lines }) => {
        const { status, bytes, text } = await exchange(target, lines, method);
        // What is no request at all may be cut off without a word.
        if (!Number.isNaN(status)) answered++;
        assert.ok(Number.isNaN(status) || (status >= 200 && status < 500), text.slice(0, 300));
        assert.ok(bytes < ANSWER_BYTES_MAX, `${bytes} bytes`);
        assert.ok(!text.includes("hidden-state"), text);
        assert.doesNotMatch(text, /node_modules|\bat .*\.js:\d/);
      }),
      { seed, numRuns: 500 },
    );
    assert.ok(answered > 250, `${answered} answered`);
    assert.equal((await exchange("/query/raw/hidden-series")).status, 200);
  });
});
