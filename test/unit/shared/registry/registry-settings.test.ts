import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserializer } from "../../../../services/deserializer/service.js";
import { rlsRacer } from "../../../../services/rls-racer/service.js";
import { readSettings } from "../../../../shared/config.js";
import { formatOf, registrySettings } from "../../../../shared/registry-settings.js";
import type { AnyService } from "../../../../shared/service-definition.js";
import { settingFaults } from "../../../../shared/start-settings.js";

const URL_SET = { SCHEMA_REGISTRY_URL: "http://registry:8081" };
const faultsOf = (environment: Record<string, string>) => settingFaults(rlsRacer as unknown as AnyService, environment);
const inputFaultsOf = (environment: Record<string, string>) =>
  settingFaults(deserializer as unknown as AnyService, { INPUT_TOPICS: "raw", ...environment });

describe("settings of a schema registry", () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-registry-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  function file(text: string): string {
    const path = join(directory, "secret");
    writeFileSync(path, text);
    return path;
  }

  it("ask for no registry by themselves, and for one where a format needs it", () => {
    assert.deepEqual(faultsOf({}), []);
    assert.deepEqual(faultsOf({ VALUE_FORMAT: "json", ...URL_SET }), []);
    assert.deepEqual(faultsOf({ VALUE_FORMAT: "rls-best:avro", ...URL_SET }), []);
    for (const [given, format] of [
      ["avro", "avro"],
      ["json,rls-best:json-schema", "json-schema"],
    ])
      assert.deepEqual(faultsOf({ VALUE_FORMAT: given }), [
        `SCHEMA_REGISTRY_URL is not set, and VALUE_FORMAT=${format} needs it`,
      ]);
    assert.deepEqual(inputFaultsOf({ INPUT_ENCODING: "registry" }), [
      "SCHEMA_REGISTRY_URL is not set, and INPUT_ENCODING=registry of raw needs it",
    ]);
    assert.deepEqual(inputFaultsOf({ INPUT_ENCODING: "registry", ...URL_SET }), []);
  });

  it("name topics of results alone, of whichever service, and formats that there are", () => {
    const { valueFormat } = readSettings(registrySettings, { VALUE_FORMAT: "json-schema,ml-best:avro", ...URL_SET });
    assert.equal(formatOf({ valueFormat }, "ml-best"), "avro");
    assert.equal(formatOf({ valueFormat }, "rls-best"), "json-schema");
    assert.deepEqual(faultsOf({ VALUE_FORMAT: "ml-best:avro,estimates:avro", ...URL_SET }), []);
    assert.match(
      faultsOf({ VALUE_FORMAT: "raw.observations:avro", ...URL_SET }).join(),
      /names raw.observations, which is none of/,
    );
    assert.match(faultsOf({ VALUE_FORMAT: "protobuf", ...URL_SET }).join(), /expected json, json-schema, avro/);
    assert.match(
      inputFaultsOf({ INPUT_FORMAT: "csv", INPUT_COLUMNS: "y,x", INPUT_ENCODING: "registry", ...URL_SET }).join(),
      /^INPUT_FORMAT of raw is csv, and its INPUT_ENCODING registry/,
    );
  });

  it("take several addresses, and none with a user, whom no fault shows", () => {
    const { registryUrl } = readSettings(registrySettings, {
      SCHEMA_REGISTRY_URL: "http://a:1, https://b/apis/ccompat/v7",
    });
    // Worker threads are given the settings, and take no URL.
    assert.deepEqual(registryUrl, ["http://a:1/", "https://b/apis/ccompat/v7"]);
    for (const wrong of ["registry:8081", "ftp://a", "http://", "http://a,,", "http://a/?token=b", "http://a/#b"])
      assert.equal(faultsOf({ SCHEMA_REGISTRY_URL: wrong }).length, 1, wrong);
    const [fault] = faultsOf({ SCHEMA_REGISTRY_URL: "http://key:secret@registry" });
    assert.ok(fault.startsWith("SCHEMA_REGISTRY_URL=") && !fault.includes("secret"), fault);
  });

  it("read secrets from files, which have to be what they are for", () => {
    const path = file("key:se:cret\n");
    assert.equal(readSettings(registrySettings, { SCHEMA_REGISTRY_AUTH_FILE: path }).registryAuth, "key:se:cret");
    for (const text of ["", "key", "key:", ":secret"])
      assert.equal(faultsOf({ SCHEMA_REGISTRY_AUTH_FILE: file(text) }).length, 1, text);
    assert.equal(faultsOf({ SCHEMA_REGISTRY_CA_FILE: file("no certificate") }).length, 1);
    const pem = file("-----BEGIN CERTIFICATE-----\n");
    const https = { SCHEMA_REGISTRY_URL: "https://registry" };
    assert.match(faultsOf({ SCHEMA_REGISTRY_CERT_FILE: pem, ...https }).join(), /belong together/);
    assert.match(
      faultsOf({ SCHEMA_REGISTRY_CERT_FILE: pem, SCHEMA_REGISTRY_KEY_FILE: pem, ...https }).join(),
      /^SCHEMA_REGISTRY_CA_FILE, _CERT_FILE and _KEY_FILE cannot be used together: /,
    );
    assert.match(faultsOf({ SCHEMA_REGISTRY_CA_FILE: pem, ...URL_SET }).join(), /are of use with an https/);
    assert.equal(faultsOf({ SCHEMA_REGISTRY_CA_FILE: join(directory, "none") }).length, 1);
  });
});
