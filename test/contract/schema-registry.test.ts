import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwayError, SchemaError } from "../../shared/errors.js";
import { RegistryClient } from "../../shared/registry/registry-client.js";
import { makeCertificate, STORE_PASSWORD } from "../support/kafka/key-stores.js";
import { MISSING_APICURIO, startApicurio } from "../support/registry/apicurio-registry.js";
import { MemoryRegistry } from "../support/registry/memory-registry.js";

interface Started {
  readonly url: string;
  close(): Promise<void>;
}

const access = (url: string) => ({
  registryUrl: [url],
  registryAuth: undefined,
  registryCa: undefined,
  registryCert: undefined,
  registryKey: undefined,
});

const point = (...fields: readonly object[]) => ({
  schemaType: "AVRO",
  schema: JSON.stringify({ type: "record", name: "Point", fields: [{ name: "x", type: "double" }, ...fields] }),
});
const OPTIONAL = { name: "y", type: ["null", "double"], default: null };
const ALWAYS = { name: "y", type: "double" };
const jsonSchema = {
  schemaType: "JSON",
  schema: JSON.stringify({ type: "object", properties: { x: { type: "number" } } }),
};

/** What services rely on, of any registry. */
function behaves(name: string, start: () => Promise<Started | undefined>, missing: string): void {
  describe(`a schema registry: ${name}`, function () {
    this.timeout(500_000);
    let registry: Started;
    let client: RegistryClient;

    before(async function () {
      const started = await start();
      if (started === undefined) {
        console.log(`    ${missing}.`);
        return this.skip();
      }
      registry = started;
      client = new RegistryClient(access(registry.url));
    });
    after(() => registry?.close());

    it("gives a schema one id, whoever registers it how often, and finds it by subject and by id", async () => {
      assert.equal(await client.lookUp("one-value", point()), undefined);
      assert.equal(await client.has("one-value"), false);
      const id = await client.register("one-value", point());
      assert.equal(await client.register("one-value", point()), id);
      assert.equal(await client.lookUp("one-value", point()), id);
      assert.equal(await client.lookUp("one-value", point(OPTIONAL)), undefined);
      assert.equal(await client.has("one-value"), true);
      const found = await client.schemaOf(id);
      assert.deepEqual(JSON.parse(found?.schema ?? ""), JSON.parse(point().schema));
      assert.equal(found?.schemaType, "AVRO");
      assert.equal(await client.schemaOf(987_654_321), undefined);
    });

    it("keeps JSON Schemas, and tells that they are", async () => {
      const id = await client.register("json-value", jsonSchema);
      assert.equal(await client.lookUp("json-value", jsonSchema), id);
      assert.equal((await client.schemaOf(id))?.schemaType, "JSON");
    });

    it("has no rule of a new subject's own, and keeps to the one that it is given", async () => {
      await client.register("rule-value", point());
      assert.equal(await client.compatibility("rule-value"), undefined);
      await client.setCompatibility("rule-value", "FULL_TRANSITIVE");
      assert.equal(await client.compatibility("rule-value"), "FULL_TRANSITIVE");
      await client.register("rule-value", point(OPTIONAL));
      await assert.rejects(client.register("rule-value", point(ALWAYS)), SchemaError);
      await assert.rejects(
        client.register("rule-value", point(ALWAYS)),
        /the schema registry refuses rule-value \(409\)/,
      );
    });
  });
}

behaves("in memory, for tests", () => MemoryRegistry.start(), "");
behaves("Apicurio Registry", startApicurio, MISSING_APICURIO);

describe("a client of a schema registry", () => {
  let registry: MemoryRegistry;
  let client: RegistryClient;

  beforeEach(async () => {
    registry = await MemoryRegistry.start();
    client = new RegistryClient(access(registry.url));
  });
  afterEach(() => registry.close());

  it("says why the registry refuses a schema", async () => {
    const none = client.register("none-value", { schemaType: "AVRO", schema: '{"type":"nothing"}' });
    await assert.rejects(none, (error: Error) => {
      return error instanceof SchemaError && /refuses none-value \(422\): Invalid schema/.test(error.message);
    });
  });

  it("says that the registry is away where nobody listens, where it fails or lets nobody in, and not that a schema is none", async () => {
    for (const status of [500, 502, 503, 429, 401, 403, 302]) {
      registry.failing = status;
      await assert.rejects(
        client.schemaOf(1),
        (error: Error) => error instanceof AwayError && error.message.includes(`${status}`),
      );
    }
    registry.failing = undefined;
    await registry.close();
    await assert.rejects(
      client.schemaOf(1),
      (error: Error) => error instanceof AwayError && /ECONNREFUSED/.test(error.message),
    );
    await registry.listen();
    assert.equal(await client.schemaOf(1), undefined);
  });

  it("shows its user and password, and tells them nobody", async () => {
    registry.user = "key:secret";
    await assert.rejects(client.register("s", point()), (error: Error) => {
      return error instanceof AwayError && /401.*SCHEMA_REGISTRY_AUTH_FILE/.test(error.message);
    });
    const known = new RegistryClient({ ...access(registry.url), registryAuth: "key:secret" });
    assert.equal(await known.register("s", point()), 1);
    const wrong = new RegistryClient({ ...access(registry.url), registryAuth: "key:other" });
    await assert.rejects(wrong.schemaOf(1), (error: Error) => !error.message.includes("other"));
  });

  it("trusts a certificate of the authorities that it is given, and no other", async () => {
    const directory = mkdtempSync(join(tmpdir(), "regatta-registry-"));
    const { keyStore, certificate } = makeCertificate(directory, "registry");
    const secured = await MemoryRegistry.start({ pfx: readFileSync(keyStore), passphrase: STORE_PASSWORD });
    try {
      const stranger = new RegistryClient(access(secured.url));
      await assert.rejects(
        stranger.schemaOf(1),
        (error: Error) => error instanceof AwayError && /certificate/.test(error.message),
      );
      const known = new RegistryClient({ ...access(secured.url), registryCa: readFileSync(certificate, "utf8") });
      assert.equal(await known.register("s", point()), 1);
    } finally {
      await secured.close();
      rmSync(directory, { recursive: true });
    }
  }).timeout(30_000);

  it("does not wait for an answer where the connection becomes one of another protocol, or ends", async () => {
    for (const answer of ["HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", ""]) {
      const server = createServer((socket) => socket.once("data", () => socket.end(answer)));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      try {
        await assert.rejects(new RegistryClient(access(`http://127.0.0.1:${port}`)).schemaOf(1), AwayError);
      } finally {
        server.close();
      }
    }
  });

  it("asks the next of its addresses where one is away", async () => {
    const gone = await MemoryRegistry.start();
    await gone.close();
    const both = new RegistryClient({
      ...access(registry.url),
      registryUrl: [gone.url, `${registry.url}/`],
    });
    assert.equal(await both.register("s", point()), 1);
    assert.deepEqual(registry.asked, ["POST /subjects/s/versions"]);
  });
});
