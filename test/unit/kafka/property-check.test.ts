import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { faultsOfProperties } from "../../../shared/kafka/property-check.js";

describe("the check of the client's properties", () => {
  it("has nothing against a time between two polls that is shorter than the session which the client assumes", async () => {
    assert.deepEqual(await faultsOfProperties({ "max.poll.interval.ms": "6000" }), []);
  });

  it("names a property whose file is not there", async () => {
    const [fault] = await faultsOfProperties({ "security.protocol": "ssl", "ssl.ca.location": "/nowhere/ca.pem" });
    assert.match(fault, /KAFKA_CONF_SSL_CA_LOCATION.*no such file/);
  });

  it("names the password of a key store where the store cannot be opened, and that of a key where it is the key", async () => {
    const file = fileURLToPath(import.meta.url);
    const store = {
      "ssl.keystore.location": file,
      "ssl.keystore.password": "secret-1",
      "ssl.key.password": "secret-2",
    };
    const [ofStore] = await faultsOfProperties({ "security.protocol": "ssl", ...store });
    assert.match(ofStore, /^KAFKA_CONF_SSL_KEYSTORE_LOCATION, KAFKA_CONF_SSL_KEYSTORE_PASSWORD: /);
    const key = { "ssl.key.location": file, "ssl.key.password": "secret-2" };
    const [ofKey] = await faultsOfProperties({ "security.protocol": "ssl", ...key });
    assert.match(ofKey, /^KAFKA_CONF_SSL_KEY_LOCATION, KAFKA_CONF_SSL_KEY_PASSWORD: /);
    assert.doesNotMatch(ofStore + ofKey, /secret/);
  });
});
