import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../../../shared/config.js";
import { findClientProperties } from "../../../shared/kafka-variables.js";
import { kernelSettings } from "../../../shared/service-settings.js";

describe("secrets in files", () => {
  let directory: string;
  let file: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-secret-"));
    file = join(directory, "secret");
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("are properties of the client, without the line end of an editor", () => {
    writeFileSync(file, " two words \n");
    assert.deepEqual(findClientProperties({ KAFKA_CONF_SASL_PASSWORD_FILE: file, KAFKA_CONF_SASL_USERNAME: "a" }), {
      properties: { "sasl.password": " two words ", "sasl.username": "a" },
      faults: [],
    });
  });

  it("are no other matter where the property itself is named so", () => {
    const { properties } = findClientProperties({ KAFKA_CONF_SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_FILE: "/key.pem" });
    assert.deepEqual(properties, { "sasl.oauthbearer.assertion.private.key.file": "/key.pem" });
  });

  it("are refused where they cannot be read, are set twice or are the kernel's, and are in no fault", () => {
    writeFileSync(file, "hunter2");
    const missing = join(directory, "missing");
    const { faults, properties } = findClientProperties({
      KAFKA_CONF_SSL_KEY_PASSWORD_FILE: missing,
      KAFKA_CONF_SASL_PASSWORD: "hunter2",
      KAFKA_CONF_SASL_PASSWORD_FILE: file,
      KAFKA_CONF_GROUP_ID_FILE: file,
    });
    assert.deepEqual(faults, [
      `KAFKA_CONF_SSL_KEY_PASSWORD_FILE=${missing}: expected a file that can be read`,
      "KAFKA_CONF_SASL_PASSWORD_FILE: sasl.password is set twice; set it once",
      "KAFKA_CONF_GROUP_ID_FILE: group.id is set by the kernel; use its own setting",
    ]);
    assert.deepEqual(properties, { "sasl.password": "hunter2" });
  });

  it("hold the token of HTTP, which has to be one", () => {
    const tokenOf = (text: string) => {
      writeFileSync(file, text);
      return readSettings({ token: kernelSettings.httpToken }, { HTTP_TOKEN_FILE: file }).token;
    };
    assert.equal(tokenOf("0123456789abcdef\n"), "0123456789abcdef");
    for (const wrong of ["", "short", "0123456789 abcdef", `${"x".repeat(4097)}`])
      assert.throws(() => tokenOf(wrong), /HTTP_TOKEN_FILE=.*expected a file that can be read, in it one token/);
    assert.equal(readSettings({ token: kernelSettings.httpToken }, {}).token, undefined);
  });
});
