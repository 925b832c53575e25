import assert from "node:assert/strict";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { Registry } from "prom-client";
import { type HttpServer, type Inspection, startHttpServer } from "../../../../shared/kernel/observe/http-server.js";
import { seed } from "../../../support/property.js";

const STORE = "series";

describe("/state", () => {
  const values = new Map<string, unknown>();
  let listing: () => Promise<readonly string[]> = async () => [...values.keys()];
  const inspection: Inspection = {
    registry: new Registry(),
    notReady: () => [],
    storeNames: () => [STORE],
    keys: () => listing(),
    value: (_, key) => values.get(key),
  };
  let server: HttpServer;

  before(async () => {
    server = await startHttpServer("127.0.0.1", 0, inspection);
  });
  after(async () => {
    await server.close();
  });
  beforeEach(() => {
    values.clear();
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
        error: `no ${JSON.stringify(`raw/${name}`)} in ${STORE} of this instance; another replica may hold it`,
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
    let asked = 0;
    let answer: (keys: readonly string[]) => void = () => {};
    listing = () => {
      asked++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const late = await Promise.all([ask(`/state/${STORE}`), ask(`/state/${STORE}`)]);
    assert.deepEqual(
      late.map(({ status }) => status),
      [503, 503],
    );
    assert.equal(asked, 1);
    listing = async () => ["raw/b"];
    answer([]);
    assert.equal((await ask(`/state/${STORE}`)).status, 200);
  });
});
