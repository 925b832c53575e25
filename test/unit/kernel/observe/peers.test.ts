import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort } from "../../../../deploy/local/free-port.js";
import { Peers } from "../../../../shared/kernel/observe/peers.js";
import type { Question } from "../../../../shared/kernel/observe/question.js";

const QUESTION: Question = { kind: "series", topic: "t", series: "a/..\0 %2F\n", rows: 10 };
const SELF = { "regatta-instance": "app-racer/b/0" };

describe("asking another instance", () => {
  const servers: Server[] = [];
  const peers = new Peers("app-racer");
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  const ask = async (listener: RequestListener) => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return peers.ask(instanceAt(`127.0.0.1:${port}`), QUESTION, "home");
  };
  const instanceAt = (address: string | undefined) => ({ host: "b", slot: 0, partitions: [], address });

  it("asks for a series of any name by its own name, and says that it is an instance", async () => {
    let target: URL | undefined;
    let hop: unknown;
    const answer = await ask((request, response) => {
      target = new URL(request.url ?? "", "http://b");
      hop = request.headers["regatta-hop"];
      response.writeHead(200, { ...SELF, "regatta-partition": "2" }).end('{"n":0.1}');
    });
    assert.deepEqual(answer, { kind: "found", value: { n: 0.1 }, partition: 2, instance: "b/0" });
    assert.equal(target?.pathname, "/query");
    assert.equal(target?.searchParams.get("series"), "a/..\0 %2F\n");
    assert.equal(hop, "home");
  });

  it("takes what it says: that it has nothing, that a copy lags, that it does not surely know", async () => {
    const none = await ask((_, response) => response.writeHead(404, { ...SELF, "regatta-searched": "0,2" }).end("{}"));
    assert.deepEqual(none, { kind: "none", searched: [0, 2] });
    const stale = await ask((_, response) =>
      response.writeHead(200, { ...SELF, "regatta-partition": "1", "regatta-stale": "unknown" }).end("[]"),
    );
    assert.deepEqual(stale.kind === "found" && stale.stale, { lagRecords: null });
    const unknown = await ask((_, response) => response.writeHead(503, SELF).end('{"error":"restoring"}'));
    assert.deepEqual(unknown, { kind: "unavailable", reason: "restoring" });
  });

  it("takes no answer from another one than the one that is meant, and none that leads elsewhere", async () => {
    const another = await ask((_, response) =>
      response.writeHead(200, { "regatta-instance": "app-racer/a/0", "regatta-partition": "2" }).end("{}"),
    );
    assert.match(another.kind === "unavailable" ? another.reason : "", /another one answers: set HTTP_ADDRESS of b\/0/);
    let visits = 0;
    const redirected = await ask((_, response) => {
      visits++;
      response.writeHead(302, { ...SELF, location: "/elsewhere" }).end();
    });
    assert.equal(redirected.kind, "unavailable");
    assert.equal(visits, 1);
  });

  it("goes to addresses alone, and says of one that does not answer which it is", async () => {
    for (const address of ["evil.example/path#:1", "user@host:1", "127.0.0.1:1,127.0.0.1:2", "", "127.0.0.1"]) {
      const answer = await peers.ask(instanceAt(address), QUESTION, "home");
      assert.deepEqual(answer, { kind: "unavailable", reason: "b/0 tells an address that is none" }, address);
    }
    const older = await peers.ask(instanceAt(undefined), QUESTION, "home");
    assert.match(older.kind === "unavailable" ? older.reason : "", /older version/);
    const address = `127.0.0.1:${await freePort()}`;
    const gone = await peers.ask(instanceAt(address), QUESTION, "home");
    assert.match(
      gone.kind === "unavailable" ? gone.reason : "",
      new RegExp(`b/0 does not answer at ${address}: .*ECONNREFUSED`),
    );
  });

  it("does not wait for one that hangs", async () => {
    const began = performance.now();
    const answer = await ask(() => {});
    assert.equal(answer.kind, "unavailable");
    assert.ok(performance.now() - began < 10_000);
  }).timeout(15_000);
});
