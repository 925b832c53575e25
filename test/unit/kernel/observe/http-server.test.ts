import assert from "node:assert/strict";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { Registry } from "prom-client";
import type { HttpListener } from "../../../../shared/http-listener.js";
import type { Answer } from "../../../../shared/kernel/observe/answer.js";
import type { Manner } from "../../../../shared/kernel/observe/asking.js";
import { type Inspection, startHttpServer } from "../../../../shared/kernel/observe/http-server.js";
import type { Question } from "../../../../shared/kernel/observe/question.js";
import { seed } from "../../../support/property.js";

const STORE = "series";

describe("/state", () => {
  const values = new Map<string, unknown>();
  const asked: { question: Question; manner: Manner }[] = [];
  let answer: Answer | undefined;
  let listing: () => Promise<readonly string[]> = async () => [...values.keys()];
  const inspection: Inspection = {
    registry: new Registry(),
    notReady: () => [],
    serviceName: "racer",
    instance: "app-racer/a/0",
    storeNames: () => [STORE],
    topics: () => ["raw", "other"],
    keys: () => listing(),
    answer: async (question, manner) => {
      asked.push({ question, manner });
      if (answer !== undefined) return answer;
      const key = question.kind === "value" ? question.key : `${question.topic}/${question.series}`;
      const value = values.get(key);
      return value === undefined
        ? { kind: "none", searched: [0, 1] }
        : { kind: "found", value, partition: 1, instance: "b/0" };
    },
  };
  let server: HttpListener;

  before(async () => {
    server = await startHttpServer({ host: "127.0.0.1", address: undefined, token: undefined }, 0, inspection);
  });
  after(async () => {
    await server.close();
  });
  beforeEach(() => {
    values.clear();
    asked.length = 0;
    answer = undefined;
  });

  /** Sends the path as it is, where fetch would fold its dots. */
  const ask = (path: string) =>
    new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
      get({ host: "127.0.0.1", port: server.port, path, agent: false }, async (response) =>
        resolve({ status: response.statusCode, body: JSON.parse(await text(response)) }),
      ).on("error", reject);
    });

  const NAMES = [
    "plain",
    "new\nline",
    "\r\n",
    "\u2028",
    ".",
    "..",
    "",
    "/",
    "a/../b",
    "//",
    "%",
    "%zz",
    "%2F",
    "50%25",
    "?key=x",
    "#",
    "\0",
    "é",
    "key",
  ];

  it("answers for every name with the series' own state, in the path and as a parameter", async () => {
    for (const name of NAMES) values.set(`raw/${name}`, { name });
    for (const name of NAMES) {
      for (const path of [`raw/${encodeURIComponent(name)}`, encodeURIComponent(`raw/${name}`)])
        assert.deepEqual(await ask(`/state/${STORE}/${path}`), { status: 200, body: { name } }, path);
      const query = new URLSearchParams({ key: `raw/${name}` });
      const url = `http://127.0.0.1:${server.port}/state/${STORE}?${query}`;
      assert.deepEqual(await (await fetch(url)).json(), { name }, url);
    }
  });

  it("answers for every name that there is", async () => {
    console.log(`      REGATTA_TEST_SEED=${seed}`);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 20 }), async (name) => {
        values.set(`raw/${name}`, { name });
        const { body } = await ask(`/state/${STORE}/raw/${encodeURIComponent(name)}`);
        values.clear();
        assert.deepEqual(body, { name });
      }),
      { seed },
    );
  });

  it("says of a name that is not there that there is none", async () => {
    values.set("raw/", { name: "the empty one" });
    for (const name of NAMES.filter((name) => name !== "")) {
      const { status, body } = await ask(`/state/${STORE}/raw/${encodeURIComponent(name)}`);
      assert.equal(status, 404);
      assert.deepEqual(body, {
        error: `no ${JSON.stringify(`raw/${name}`)} in ${STORE} of racer`,
      });
    }
    assert.equal((await ask("/state/nothing/raw/a")).status, 404);
    assert.equal((await ask(`/state/${STORE}/`)).status, 404);
  });

  it("lists the keys of a store, and does not keep whoever asks where they do not come", async () => {
    values.set("raw/a", {});
    assert.deepEqual(await ask(`/state/${STORE}`), {
      status: 200,
      body: { store: STORE, keys: ["raw/a"], limit: 1000 },
    });
    let listings = 0;
    let list: (keys: readonly string[]) => void = () => {};
    listing = () => {
      listings++;
      return new Promise((resolve) => {
        list = resolve;
      });
    };
    const late = await Promise.all([ask(`/state/${STORE}`), ask(`/state/${STORE}`)]);
    assert.deepEqual(
      late.map(({ status }) => status),
      [503, 503],
    );
    assert.equal(listings, 1);
    listing = async () => ["raw/b"];
    list([]);
    assert.equal((await ask(`/state/${STORE}`)).status, 200);
  });

  it("answers of a series of any name, in the path and as parameters, with whose it is and where it lies", async () => {
    const body = { service: "racer", topic: "raw", partition: 1, instance: "b/0", stale: false, state: { n: 1 } };
    for (const name of NAMES) {
      values.set(`raw/${name}`, { state: { n: 1 } });
      const expected = { status: 200, body: { ...body, series: name } };
      assert.deepEqual(await ask(`/query/raw/${encodeURIComponent(name)}`), expected);
      assert.deepEqual(await ask(`/query?${new URLSearchParams({ topic: "raw", series: name })}`), expected);
      assert.deepEqual(await ask(`/query?${new URLSearchParams({ series: name })}`), {
        status: 200,
        body: { answers: [expected.body] },
      });
    }
  });

  it("passes on how a question is asked, and refuses one that is none", async () => {
    await ask("/query/raw/a?rows=3&stale=true");
    await ask("/state/series/raw/a?stale=true");
    await fetch(`http://127.0.0.1:${server.port}/query/raw/a`, { headers: { "regatta-hop": "all" } });
    assert.deepEqual(asked, [
      { question: { kind: "series", topic: "raw", series: "a", rows: 3 }, manner: { stale: true, hop: undefined } },
      { question: { kind: "value", store: STORE, key: "raw/a" }, manner: { stale: true, hop: undefined } },
      { question: { kind: "series", topic: "raw", series: "a", rows: 10 }, manner: { stale: false, hop: "all" } },
    ]);
    for (const path of ["/query", "/query/raw", "/query/raw/a?rows=10001", "/query/raw/a?rows=-1", "/query?topic=raw"])
      assert.equal((await ask(path)).status, 400, path);
  });

  it("says when to ask again where nobody surely knows, that it is a copy's, and who has searched where", async () => {
    const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
    const none = await get("/query?series=a");
    assert.equal(none.status, 404);
    assert.deepEqual(await none.json(), { error: 'no series "a" of raw, other of racer' });
    assert.equal((await get("/query/raw/a")).headers.get("regatta-searched"), "0,1");
    answer = { kind: "unavailable", reason: "task racer/1 is restoring at b/0" };
    for (const path of ["/query/raw/a", "/query?series=a", "/state/series/raw/a"]) {
      const response = await get(path);
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "1");
      assert.equal(response.headers.get("regatta-instance"), "app-racer/a/0");
      assert.deepEqual(await response.json(), {
        error: "task racer/1 is restoring at b/0. Ask again in a moment, or with stale=true for a copy that may lag.",
      });
    }
    answer = { kind: "found", value: { state: {} }, partition: 1, instance: "c/0", stale: { lagRecords: 7 } };
    const stale = await get("/query/raw/a?stale=true");
    assert.equal(stale.headers.get("regatta-stale"), "7");
    assert.deepEqual(Object(await stale.json()).stale, { lagRecords: 7 });
  });
});
